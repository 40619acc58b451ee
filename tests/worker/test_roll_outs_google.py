"""A roll-out at Google: one class per program, so its look changes once, for all, at the end."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from service.emulators.google.emulator import GoogleEmulator
from service.storage.tables import PassRow, ProgramRow
from tests.roll_outs import (
    OLD_LABEL,
    a_design,
    a_fleet,
    act,
    begin,
    due_steps,
    read,
    run,
)
from tests.world import World

from .test_google import click, deliver, google, points, saved, surfaces, world

__all__ = ["google", "world"]  # fixtures
OLD, NEW = "#161a42", "#010203"
LEASE_S = 60


@pytest.fixture(autouse=True)
def _still(world: World) -> None:
    world.clock.freeze()


def look(google: GoogleEmulator, object_id: str) -> tuple[Any, Any]:
    """Return the color of the class and the label of the object's points."""
    card: Any = google.card(object_id)
    return card["background"], card["points"]["label"]


def class_writes(google: GoogleEmulator) -> list[str]:
    """Return the colors with which the class was written, in order."""
    sent = google.requests("/walletobjects/v1/loyaltyClass")
    return [each.body["hexBackgroundColor"] for each in sent if each.method in ("PATCH", "POST")]


def deliver_all(world: World) -> None:
    while deliver(world):
        pass


def earn(world: World, card: dict[str, Any], event_id: str) -> None:
    world.clock.forward(seconds=2)  # Google's account is called by a clock that runs
    world.points(event_id, card, add=1)
    deliver_all(world)


def test_googles_class_is_written_once_each_way_whatever_changes_meanwhile(
    world: World, google: GoogleEmulator
) -> None:
    a_fleet(world, [5])
    cards = [world.card(f"g-{number}") for number in range(2)]
    ids = [saved(google, card) for card in cards]
    before = len(class_writes(google))

    begun = begin(world, a_design(world, label="Stars"), per_second=1)
    _while_points_change(world, cards, "there")
    after = [look(google, each) for each in ids]
    done = read(world, begun)["status"]
    act(world, begun, "roll-back")
    _while_points_change(world, cards, "back")

    assert after == [(NEW, "Stars")] * 2
    assert [look(google, each) for each in ids] == [(OLD, OLD_LABEL)] * 2
    assert (done, read(world, begun)["status"]) == ("done", "rolled_back")
    assert class_writes(google)[before:] == [NEW, OLD]


def _while_points_change(world: World, cards: list[dict[str, Any]], name: str) -> None:
    """Do every step; change both cards before the first of them is moved, and after."""
    for number, wait in enumerate((1, 1, LEASE_S, 1, 1)):
        world.clock.forward(seconds=wait)
        due_steps(world)
        turns = (*cards, *cards[::-1]) if number in (0, 2) else ()
        for turn, card in enumerate(turns):
            earn(world, card, f"{name}-{number}-{turn}")
    deliver_all(world)


def test_a_part_leaves_googles_cards_as_they_are(world: World, google: GoogleEmulator) -> None:
    card = world.card("g-1")
    object_id = saved(google, card)
    writes = class_writes(google)

    begun = begin(world, a_design(world, label="Stars"), percent=99)
    run(world, 2)
    earn(world, card, "e-1")

    after = read(world, begun)
    assert (begun["remaining"], after["remaining"], after["status"]) == (0, 0, "holding")
    assert look(google, object_id) == (OLD, OLD_LABEL)
    assert class_writes(google) == writes


def test_googles_cards_are_moved_at_the_pace_once_no_old_call_can_be_in_hand(
    world: World, google: GoogleEmulator
) -> None:
    for number in range(3):
        saved(google, world.card(f"g-{number}"))
    begun = begin(world, a_design(world), per_second=2)
    due_steps(world)

    counted = []
    for wait in (LEASE_S - 1, 1, 1, 1):
        world.clock.forward(seconds=wait)
        due_steps(world)
        counted.append(read(world, begun)["moved"])

    assert counted == [0, 2, 3, 3]
    assert read(world, begun)["status"] == "done"


def test_a_card_that_changed_before_its_turn_is_taken_back_too(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card("g-1")
    object_id = saved(google, card)
    begun = begin(world, a_design(world, label="Stars"))
    due_steps(world)
    earn(world, card, "e-1")
    published = look(google, object_id)

    act(world, begun, "roll-back")
    run(world, LEASE_S + 2)
    deliver_all(world)

    assert published == (NEW, "Stars")
    assert look(google, object_id) == (OLD, OLD_LABEL)


def test_a_program_without_a_logo_for_google_gains_google_and_blocks_outlive_a_roll_back(
    world: World, google: GoogleEmulator
) -> None:
    plain = a_design(world, has_google_logo=False)
    with world.context.transaction() as transaction:
        transaction.session.execute(update(ProgramRow).values(design_id=plain.id))
    card = world.card("g-1", points=100)
    without = card["links"]

    begun = begin(world, a_design(world))
    run(world, 3)
    card = world.card("g-1", points=100)
    object_id = saved(google, card)
    gained = look(google, object_id)[0]
    act(world, begun, "roll-back")
    run(world, 3)
    acted = world.act(card, "block", reason="lost").json
    deliver_all(world)

    assert "google" not in without
    assert gained == NEW
    assert read(world, begun)["status"] == "rolled_back"
    assert surfaces(world, acted)["google"] == "done"
    assert "google" not in world.card("g-1", points=100)["links"]
    state: Any = google.card(object_id)
    assert state["state"] == "INACTIVE"


def test_cards_that_an_earlier_roll_out_left_behind_take_part_in_the_next(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card("g-1")
    object_id = saved(google, card)
    begin(world, a_design(world, has_google_logo=False))
    run(world, 3)
    kept = look(google, object_id)

    newest = a_design(world, label="Stars")
    begin(world, newest)
    run(world, LEASE_S + 3)
    deliver_all(world)

    assert kept == (OLD, OLD_LABEL)
    assert look(google, object_id) == (NEW, "Stars")
    with world.context.reading() as transaction:
        mine = select(PassRow.design_id).where(PassRow.card_id == UUID(card["id"]))
        assert transaction.session.scalar(mine) == newest.id


def test_a_click_meanwhile_gives_the_published_look(world: World, google: GoogleEmulator) -> None:
    a_fleet(world, [0, 1, 2])
    saved(google, world.card("g-1"))
    begin(world, a_design(world, label="Stars"), per_second=1)
    due_steps(world)
    writes = class_writes(google)

    card = world.card("g-2", points=7)
    object_id = saved(google, card)

    assert click(card).status_code == 302
    assert look(google, object_id) == (OLD, OLD_LABEL)
    assert points(google, object_id) == "7"
    assert class_writes(google) == writes
