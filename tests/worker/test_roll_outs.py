"""A design reaches the passes that are installed: at a pace, to a part first, and back again."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, update

from service.domain.errors import Unavailable
from service.domain.passes import WalletName
from service.operations import deliveries, moving, programs
from service.settings import Settings
from service.storage import accounts
from service.storage.tables import PassRow, ProgramRow
from service.wallets.interface import PushOutcome, PushResult
from service.wiring import opened
from service.worker import roll_outs
from tests.e2e.deployment import until
from tests.http.phone import Phone
from tests.roll_outs import (
    NEW,
    OLD,
    a_design,
    a_fleet,
    act,
    begin,
    debts,
    due_steps,
    moved,
    read,
    run,
    shown,
)
from tests.world import World


@pytest.fixture(autouse=True)
def _still(world: World) -> None:
    world.clock.freeze()


def color(world: World, phone: Phone, copy: Any) -> str:
    opened = phone.opened(phone.fetch(copy))
    background: str = opened.content["backgroundColor"]
    return background


def test_a_part_is_exactly_the_passes_whose_bucket_is_below_it(world: World) -> None:
    cards = a_fleet(world, [0, 9, 10, 50, 99, 9])
    new = a_design(world)

    begun = begin(world, new, percent=10)
    run(world, 3)

    assert moved(world, cards, new) == [0, 1, 5]
    after = read(world, begun)
    assert (after["status"], after["moved"], after["remaining"]) == ("holding", 3, 0)
    assert [row.version for row in shown(world).values()].count(1) == 3


def test_a_pass_that_is_moved_has_its_next_version_and_owes_every_phone_a_push(
    world: World,
) -> None:
    (card,) = a_fleet(world, [5])
    Phone(world, "device-b", "bb22").add(card)
    before = shown(world)[card["id"]]
    begin(world, a_design(world))

    due_steps(world)

    after = shown(world)[card["id"]]
    assert (before.version, after.version) == (1, 2)
    assert after.last_modified > before.last_modified
    assert [(row.wanted_version, row.due_at) for row in debts(world)] == [
        (2, world.context.now())
    ] * 2


def test_a_phone_fetches_the_new_colors_and_after_a_roll_back_the_old_ones(world: World) -> None:
    card = world.card(points=100)
    phone = Phone(world)
    copy = phone.add(card)
    first = phone.fetch(copy)
    begun = begin(world, a_design(world))

    run(world, 3)
    after = phone.fetch(copy, since=first.headers["Last-Modified"])
    new = phone.opened(after)
    act(world, begun, "roll-back")
    run(world, 3)
    back = phone.fetch(new, since=after.headers["Last-Modified"])

    assert [phone.opened(each).content["backgroundColor"] for each in (first, after, back)] == [
        OLD,
        NEW,
        OLD,
    ]
    assert shown(world)[card["id"]].version == 3
    assert read(world, begun)["status"] == "rolled_back"
    assert phone.ask(new).json["serialNumbers"] == [copy.serial]


def test_no_more_than_the_pace_are_moved_in_a_second(world: World) -> None:
    cards = a_fleet(world, range(10))
    new = a_design(world)
    begin(world, new, per_second=3)

    seen = []
    for _ in range(5):
        due_steps(world)
        seen.append(len(moved(world, cards, new)))
        world.clock.forward(seconds=1)

    assert seen == [3, 6, 9, 10, 10]


def test_a_step_a_moment_before_its_time_moves_nothing(world: World) -> None:
    cards = a_fleet(world, range(4))
    new = a_design(world)
    begin(world, new, per_second=1)
    due_steps(world)
    world.clock.forward(seconds=0.999)

    assert due_steps(world) == 0
    assert len(moved(world, cards, new)) == 1


def test_two_workers_keep_one_pace_together(world: World) -> None:
    cards = a_fleet(world, range(12))
    new = a_design(world)
    begin(world, new, per_second=4)

    with ThreadPoolExecutor(2) as pool:
        for second in range(1, 4):
            for done in [pool.submit(due_steps, world) for _ in range(2)]:
                done.result()
            assert len(moved(world, cards, new)) == 4 * second
            world.clock.forward(seconds=1)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_processes_keep_one_pace_together(world: World, settings: Settings) -> None:
    cards = a_fleet(world, range(8))
    new = a_design(world)
    begin(world, new, per_second=4)

    with opened(settings) as system:
        other = replace(world, context=replace(system.context, now=world.clock))
        due_steps(other)
        due_steps(world)
        assert len(moved(world, cards, new)) == 4
        world.clock.forward(seconds=1)
        due_steps(world)
        due_steps(other)

    assert len(moved(world, cards, new)) == 8
    assert [row.version for row in shown(world).values()] == [2] * 8


class Killed(Exception):
    pass


@contextmanager
def dying(world: World, statement: str) -> Iterator[None]:
    """Let the connection of whoever sends such a statement break before it arrives."""

    def die(connection: Any, cursor: Any, sent: str, *others: Any) -> None:
        if statement in sent:
            if not world.context.database.is_postgresql:
                raise Killed
            cursor.connection.close()

    event.listen(Engine, "before_cursor_execute", die)
    try:
        with pytest.raises((Killed, Unavailable)):
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", die)


@pytest.mark.parametrize("statement", ["UPDATE passes", "UPDATE roll_outs"])
def test_a_worker_that_dies_in_a_step_neither_loses_nor_doubles_a_pass(
    world: World, statement: str
) -> None:
    cards = a_fleet(world, range(6))
    new = a_design(world)
    begun = begin(world, new, per_second=2)
    due_steps(world)
    world.clock.forward(seconds=1)

    with dying(world, statement):
        moving.step(world.context, {})
    assert len(moved(world, cards, new)) == read(world, begun)["moved"] == 2
    run(world, 5)

    after = read(world, begun)
    assert (after["status"], after["moved"]) == ("done", 6)
    assert [row.version for row in shown(world).values()] == [2] * 6


def test_when_all_are_moved_new_passes_have_the_design_too(world: World) -> None:
    a_fleet(world, [1, 2])
    new = a_design(world)
    begun = begin(world, new)

    run(world, 3)
    (late,) = a_fleet(world, [50], start=7)

    after = read(world, begun)
    assert (after["status"], after["moved"], after["remaining"]) == ("done", 2, 0)
    assert after["ended_at"] is not None
    assert moved(world, [late], new) == [0]


def test_a_program_without_passes_is_done_at_once(world: World) -> None:
    begun = begin(world, a_design(world))

    due_steps(world)

    assert read(world, begun)["status"] == "done"


@pytest.mark.parametrize("acts", [[], ["stop"], ["stop", "resume"], ["roll-back"]], ids=str)
def test_a_pass_that_is_made_meanwhile_takes_part_by_its_bucket(
    world: World, acts: list[str]
) -> None:
    a_fleet(world, [0, 1, 2])
    new = a_design(world)
    begun = begin(world, new, percent=50, per_second=1)
    due_steps(world)
    for each in acts:
        act(world, begun, each)

    cards = [world.card(f"new-{n}") for n in range(8)]
    for number, card in enumerate(cards):
        Phone(world, f"new-{number}").add(card)

    takes_part = acts in ([], ["stop", "resume"])
    known = [shown(world)[card["id"]] for card in cards]
    below = [n for n, row in enumerate(known) if row.bucket < 50]
    assert moved(world, cards, new) == (below if takes_part else [])
    assert {row.version for row in known} == {1}


def test_a_stop_moves_no_more_and_what_is_owed_still_goes_out(world: World) -> None:
    cards = a_fleet(world, range(4))
    new = a_design(world)
    begun = begin(world, new, per_second=2)
    due_steps(world)

    stopped = act(world, begun, "stop")
    run(world, 5)

    assert (stopped["status"], stopped["remaining"], stopped["forecast_s"]) == ("stopped", 2, 1)
    assert len(moved(world, cards, new)) == 2
    (batch,) = deliveries.claim(world.context, WalletName.APPLE)
    assert len(batch.deliveries) == 2


def test_a_roll_out_goes_on_where_it_was_stopped(world: World) -> None:
    cards = a_fleet(world, range(4))
    new = a_design(world)
    begun = begin(world, new, per_second=2)
    due_steps(world)
    act(world, begun, "stop")

    act(world, begun, "resume")
    run(world, 4)

    assert read(world, begun)["status"] == "done"
    assert [row.version for row in shown(world).values()] == [2] * 4
    assert len(moved(world, cards, new)) == 4


def test_a_wider_part_moves_only_what_is_not_moved_yet(world: World) -> None:
    cards = a_fleet(world, [5, 15, 25])
    new = a_design(world)
    begun = begin(world, new, percent=10)
    run(world, 2)

    act(world, begun, "widen", percent=20)
    run(world, 2)

    assert moved(world, cards, new) == [0, 1]
    assert [row.version for row in shown(world).values()] == [2, 2, 1]
    assert read(world, begun)["status"] == "holding"


def test_a_roll_back_reaches_every_pass_that_has_the_design_at_the_same_pace(
    world: World,
) -> None:
    cards = a_fleet(world, range(5))
    new = a_design(world)
    begun = begin(world, new)
    run(world, 3)
    (late,) = a_fleet(world, [7], start=9)

    act(world, begun, "roll-back")
    due_steps(world)
    run(world, 3)

    assert moved(world, [*cards, late], new) == []
    after = read(world, begun)
    assert (after["status"], after["moved"], after["remaining"]) == ("rolled_back", 6, 0)
    (newest,) = a_fleet(world, [1], start=20)
    assert moved(world, [newest], new) == []


def test_a_roll_back_keeps_the_pace_and_new_passes_come_in_the_old_design_at_once(
    world: World,
) -> None:
    cards = a_fleet(world, range(4))
    new = a_design(world)
    begun = begin(world, new, per_second=2)
    run(world, 5)

    act(world, begun, "roll-back")
    due_steps(world)
    (late,) = a_fleet(world, [0], start=9)
    world.clock.forward(seconds=11)  # how many are left is counted every ten seconds

    assert len(moved(world, cards, new)) == 2
    assert read(world, begun)["remaining"] == 2
    assert moved(world, [late], new) == []


def test_passes_of_another_program_with_the_same_design_stay(world: World) -> None:
    ours = a_fleet(world, [1])
    second = programs.create_program(world.context, world.brand.id, "points", "Second")
    other = replace(world, brand=replace(world.brand, program=second))
    theirs = a_fleet(other, [1], start=5)
    with world.context.transaction() as transaction:
        same = {"design_id": world.brand.program.design_id}
        transaction.session.execute(update(PassRow).values(same))
        transaction.session.execute(update(ProgramRow).values(same))
    new = a_design(world)

    begun = begin(world, new)
    run(world, 3)
    assert moved(world, [*ours, *theirs], new) == [0]
    begin(other, new)
    run(world, 3)
    act(world, begun, "roll-back")
    run(world, 3)

    assert moved(world, [*ours, *theirs], new) == [1]


def test_a_block_overtakes_the_backlog_and_points_do_too(world: World) -> None:
    often, earning, lost = a_fleet(world, [0, 1, 2])
    copy = Phone(world).download(often)
    for number in range(49):
        Phone(world, f"more-{number}", f"bb{number:04}").register(copy)
    begin(world, a_design(world))
    due_steps(world)
    world.clock.forward(seconds=10)

    world.points("e-1", earning, add=1)
    world.act(lost, "block", reason="lost")
    (batch,) = deliveries.claim(world.context, WalletName.APPLE)

    known = shown(world)
    told = [each.pass_id for each in batch.deliveries]
    assert told[:2] == [known[card["id"]].id for card in (lost, earning)]
    assert len(debts(world)) > len(told) == 50


def test_a_settled_pass_is_told_of_points_at_once_after_a_roll_out(world: World) -> None:
    (card,) = a_fleet(world, [0])
    begin(world, a_design(world))
    run(world, 3)
    (batch,) = deliveries.claim(world.context, WalletName.APPLE)
    accepted = [(each, PushResult(each.id, PushOutcome.ACCEPTED)) for each in batch.deliveries]
    deliveries.conclude(world.context, accepted)
    world.clock.forward(seconds=5)

    world.points("e-1", card, add=1)

    (debt,) = debts(world)
    assert debt.priority == 5


def test_a_phone_that_took_the_old_look_and_registers_later_is_told(world: World) -> None:
    card = world.card(points=100)
    phone = Phone(world)
    copy = phone.download(card)
    begin(world, a_design(world))
    run(world, 3)

    phone.register(copy)

    (debt,) = debts(world)
    assert debt.due_at <= world.context.now()
    assert color(world, phone, copy) == NEW


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_pass_that_another_call_holds_is_moved_by_a_later_step(world: World) -> None:
    cards = a_fleet(world, [0, 1])
    new = a_design(world)
    begun = begin(world, new)

    with world.context.transaction() as transaction:
        accounts.lock(transaction, UUID(cards[0]["account"]["id"]))
        due_steps(world)
        assert moved(world, cards, new) == [1]
        world.clock.forward(seconds=1)
        due_steps(world)
        assert read(world, begun)["status"] == "running"
    world.clock.forward(seconds=1)
    run(world, 2)

    assert moved(world, cards, new) == [0, 1]
    assert read(world, begun)["status"] == "done"


def test_the_lane_moves_passes_by_itself_and_stops_promptly(world: World) -> None:
    world.clock.frozen_at = None
    cards = a_fleet(world, [0, 1])
    new = a_design(world)
    begun = begin(world, new, per_second=1000)
    stopping = threading.Event()
    lane = threading.Thread(target=roll_outs.work, args=(world.context, stopping))

    lane.start()
    until(lambda: read(world, begun)["status"] == "done")
    stopping.set()
    lane.join(timeout=5)

    assert not lane.is_alive()
    assert moved(world, cards, new) == [0, 1]
