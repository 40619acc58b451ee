"""Steps of a roll-out beside points, clicks and acts: all take effect, no pass is left behind."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from service.domain.errors import RollOutRunning
from service.domain.roll_outs import RollOutAct
from service.operations import offers, roll_outs
from service.operations.roll_outs import RollOutRequest
from service.operations.runner import retrying
from tests.roll_outs import a_design, act, begin, due_steps, moved, read, run, shown
from tests.world import World

from .test_races import Racing, _together, wait_for_waiters

CARDS = 12


def test_points_and_a_step_at_the_same_moment_both_take_effect(world: World) -> None:
    world.clock.freeze()
    racing = [Racing(world, number) for number in range(CARDS)]
    for each in racing:
        each.register()
    new = a_design(world)
    begun = begin(world, new, per_second=CARDS)

    adding = [each.add_point for each in racing[::2]]
    _together(*adding, *(lambda: retrying(lambda: due_steps(world)) for _ in range(2)))
    world.clock.forward(seconds=1)
    run(world, 3)

    known = shown(world)
    versions = [known[each.card["id"]].version for each in racing]
    assert versions == [3, 2] * (CARDS // 2)
    assert moved(world, [each.card for each in racing], new) == list(range(CARDS))
    assert (read(world, begun)["status"], read(world, begun)["moved"]) == ("done", CARDS)
    assert not any(each.is_missed() for each in racing)
    entries = world.call("GET", f"/v1/accounts/{racing[0].card['account']['id']}").json
    assert entries["balances"]["points"]["amount"] == 1


def test_a_phone_that_registers_while_its_pass_is_moved_is_told(world: World) -> None:
    world.clock.freeze()
    racing = [Racing(world, number) for number in range(CARDS)]
    begin(world, a_design(world), per_second=CARDS)

    _together(*(each.register for each in racing), lambda: retrying(lambda: due_steps(world)))
    world.clock.forward(seconds=1)
    run(world, 3)

    assert [each.is_missed() for each in racing] == [False] * CARDS


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("wanted", ["start", "roll-back"])
def test_a_pass_that_is_being_made_is_not_left_behind(world: World, wanted: str) -> None:
    world.clock.freeze()
    card = world.card("late")
    token = card["links"]["apple"].split("/")[-2]
    new, actor = a_design(world), world.brand.actor
    begun = begin(world, new) if wanted == "roll-back" else None

    def go() -> object:
        if begun is None:
            asked = RollOutRequest(new.id)
            return roll_outs.start(world.context, actor, world.brand.program.id, asked)
        found = UUID(begun["id"])
        return roll_outs.act(world.context, actor, found, RollOutAct.ROLL_BACK)

    with ThreadPoolExecutor(1) as pool:
        with world.context.transaction() as transaction:
            offers.apple_pass(world.context.joining(transaction), token)
            going = pool.submit(go)
            wait_for_waiters(world, 1)
        going.result()
    run(world, 3)

    assert moved(world, [card], new) == ([0] if begun is None else [])
    assert shown(world)[card["id"]].version == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_act_does_not_wait_for_passes_that_a_step_cannot_have(world: World) -> None:
    world.clock.freeze()
    racing = Racing(world, 1)
    begun = begin(world, a_design(world))

    with world.context.transaction() as transaction:
        offers._locked(world.context, transaction, racing.card["links"]["apple"].split("/")[-2])
        due_steps(world)
        assert act(world, begun, "stop")["status"] == "stopped"


def test_of_two_starts_at_once_one_is_refused(world: World) -> None:
    designs = [a_design(world) for _ in range(2)]

    def start(number: int) -> str:
        asked = RollOutRequest(designs[number].id)
        program_id, actor = world.brand.program.id, world.brand.actor
        try:
            retrying(lambda: roll_outs.start(world.context, actor, program_id, asked))
        except RollOutRunning:
            return "refused"
        return "begun"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(start, range(2)))

    assert sorted(outcomes) == ["begun", "refused"]
