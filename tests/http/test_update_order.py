"""Nothing that changed is ever missed: not within one second, not when commits overtake."""

from datetime import timedelta
from typing import Any

import pytest

from service.domain.accounts import Operator
from service.emulators.pass_reader import OpenedPass
from service.operations import installations, passes, points
from service.operations.passes import PassRequest
from service.operations.points import PointsEvent
from tests.http.phone import Phone
from tests.world import World

CHANGES = 1000
OVERTAKEN, OVERTAKING = 250, 4  # 1,000 pairs of commits in the wrong order


def earn(world: World, card: dict[str, Any], event_id: str, context: Any = None) -> None:
    event = PointsEvent(event_id, b"same", Operator.ADD, 1, card_number=card["number"])
    points.record(context or world.context, world.brand.actor, "api", event)


def heard(world: World, copy: OpenedPass, tag: str) -> tuple[set[str], str]:
    """Ask what changed; the serials that are named, and the tag to ask with next."""
    told = installations.changed(world.context, "device-1", copy.pass_type_id, tag)
    if told is None:
        return set(), tag
    return {each.serial for each in told.installations}, str(told.tag)


def test_of_1000_changes_in_one_second_each_is_heard_and_none_is_taken_for_the_one_before(
    world: World,
) -> None:
    world.clock.freeze()
    card = world.card()
    copy = Phone(world).add(card)
    request = PassRequest(copy.pass_type_id, copy.serial, copy.authentication_token)
    tag, date = "0", passes.last_modified(world.context, request)
    missed, false_304, tags = [], [], [0]

    for number in range(CHANGES):
        earn(world, card, f"e-{number}")
        serials, tag = heard(world, copy, tag)
        newer = passes.last_modified(world.context, request)
        missed += [number] if serials != {copy.serial} else []
        false_304 += [number] if newer - date < timedelta(seconds=1) else []
        tags.append(int(tag))
        date = newer

    assert (missed, false_304) == ([], [])
    assert tags == sorted(set(tags))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_1000_commits_that_others_overtook_each_is_heard_at_the_next_poll(world: World) -> None:
    slow, *fast = (world.card(f"m-{number}") for number in range(1 + OVERTAKING))
    copies = [Phone(world).add(card) for card in (slow, *fast)]
    _, tag = heard(world, copies[0], "")
    missed = []

    for number in range(OVERTAKEN):
        with world.context.transaction() as transaction:
            earn(world, slow, f"slow-{number}", world.context.joining(transaction))
            for place, card in enumerate(fast):
                earn(world, card, f"fast-{number}-{place}")
            first, tag = heard(world, copies[0], tag)
        second, tag = heard(world, copies[0], tag)
        expected = ({copy.serial for copy in copies[1:]}, {copies[0].serial})
        missed += [number] if (first, second) != expected else []

    assert missed == []
