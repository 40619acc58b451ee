"""Phones that Apple took a push for and that did not come: seen, and pushed again a few times."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.passes import WalletName
from service.emulators.apns import ApnsEmulator
from service.operations import deliveries, staleness
from service.storage.halts import begin
from service.worker import staleness as worker
from service.worker.loop import deliver_due
from tests.crowd import crowd, targets
from tests.e2e.deployment import until
from tests.http.phone import Phone
from tests.world import World

APPLE = WalletName.APPLE


@pytest.fixture
def world(pushing_world: World) -> World:
    return pushing_world


@pytest.fixture
def now(world: World) -> datetime:
    return world.clock.freeze()


@pytest.fixture
def card(world: World, now: datetime) -> dict[str, Any]:
    return world.card(points=0)


def installed(world: World, card: dict[str, Any]) -> dict[str, Any]:
    shown = world.call("GET", f"/v1/cards/{card['id']}/delivery").json
    (only,) = shown["passes"][0]["installations"]
    assert isinstance(only, dict)
    return only


def told(world: World, card: dict[str, Any], event_id: str = "e-1") -> None:
    """Change the card and push."""
    world.points(event_id, card, add=1)
    deliver_due(world.context, APPLE)


def swept(world: World) -> int:
    pushed = staleness.sweep(world.context)
    deliver_due(world.context, APPLE)
    return pushed


def test_a_phone_that_does_not_come_is_shown_as_stale_after_4_hours(
    world: World, card: dict[str, Any]
) -> None:
    Phone(world).add(card)
    told(world, card)

    world.clock.forward(hours=3, minutes=59)
    before = installed(world, card)
    world.clock.forward(minutes=1)
    after = installed(world, card)

    assert (before["stale"], after["stale"], after["repushes"]) == (False, True, 0)


def test_a_stale_phone_is_pushed_again_three_times_in_24_hours(
    world: World, apns: ApnsEmulator, card: dict[str, Any]
) -> None:
    Phone(world).add(card)
    told(world, card)

    per_day = []
    for _ in range(3):
        before = apns.count
        for _ in range(24 * 4):
            world.clock.forward(minutes=15)
            swept(world)
        per_day.append(apns.count - before)

    assert max(per_day) == 3
    assert min(per_day) >= 2
    shown = installed(world, card)
    assert shown["stale"]
    assert 1 <= shown["repushes"] <= 3
    assert shown["attempts"] == 0


def test_a_stale_phone_is_stale_since_the_first_push_of_its_version(
    world: World, card: dict[str, Any], now: datetime
) -> None:
    Phone(world).add(card)
    told(world, card)
    world.clock.forward(hours=5)

    assert swept(world) == 1

    shown = installed(world, card)
    assert (shown["stale"], shown["repushes"]) == (True, 1)
    assert datetime.fromisoformat(shown["pushed_at"]) == now


def test_a_phone_that_asked_is_neither_stale_nor_pushed_again(
    world: World, apns: ApnsEmulator, card: dict[str, Any]
) -> None:
    phone = Phone(world)
    copy = phone.add(card)
    told(world, card)
    phone.ask(copy)

    world.clock.forward(hours=5)

    assert swept(world) == 0
    assert apns.count == 1
    assert not installed(world, card)["stale"]


def test_a_phone_that_fetched_alone_is_neither_stale_nor_pushed_again(
    world: World, card: dict[str, Any]
) -> None:
    phone = Phone(world)
    copy = phone.add(card)
    told(world, card)
    phone.fetch(copy)

    world.clock.forward(hours=5)

    assert swept(world) == 0
    assert not installed(world, card)["stale"]


def test_a_fetch_by_one_of_two_phones_tells_nothing_of_the_other(
    world: World, card: dict[str, Any]
) -> None:
    first, second = Phone(world), Phone(world, "device-2", "bb22")
    copy = first.add(card)
    second.add(card)
    told(world, card)
    first.ask(copy)
    first.fetch(copy)

    world.clock.forward(hours=5)

    assert swept(world) == 1


def test_a_stale_phone_that_comes_at_last_is_forgotten_about(
    world: World, card: dict[str, Any]
) -> None:
    phone = Phone(world)
    copy = phone.add(card)
    told(world, card)
    world.clock.forward(hours=5)
    swept(world)
    counted = staleness.count(world.context)

    phone.ask(copy)
    counted_at_once = staleness.count(world.context)
    world.clock.forward(hours=5)
    again = swept(world)

    assert (counted, counted_at_once) == ({world.brand.id: 1}, {})
    assert again == 0
    shown = installed(world, card)
    assert (shown["stale"], shown["repushes"]) == (False, 0)
    (row,) = targets(world)
    assert (row.confirm_at, row.repushes_since) == (None, None)


def test_a_newer_version_is_pushed_as_ever_and_does_not_start_the_count_anew(
    world: World, apns: ApnsEmulator, card: dict[str, Any]
) -> None:
    Phone(world).add(card)
    told(world, card)
    for _ in range(3):
        world.clock.forward(hours=4)
        swept(world)
    told(world, card, "e-2")

    world.clock.forward(hours=5)

    assert swept(world) == 0
    assert apns.count == 1 + 3 + 1


def test_a_pass_that_was_never_pushed_is_not_stale(world: World, card: dict[str, Any]) -> None:
    Phone(world).add(card)

    world.clock.forward(days=30)

    assert swept(world) == 0
    assert not installed(world, card)["stale"]


def test_stale_phones_wait_while_apns_refuses_our_set_up(
    world: World, apns: ApnsEmulator, card: dict[str, Any]
) -> None:
    Phone(world).add(card)
    told(world, card)
    apns.control({"respond": {"*": 403}})
    told(world, world_card_on_a_phone(world), "e-other")
    assert deliveries.halts(world.context)

    world.clock.forward(hours=4)
    assert staleness.sweep(world.context) == 0
    apns.control({"respond": {"*": None}})
    deliver_due(world.context, APPLE)
    world.clock.forward(hours=4)

    assert staleness.sweep(world.context) == 2  # the other phone was told 4 hours ago by now


def world_card_on_a_phone(world: World) -> dict[str, Any]:
    other = world.card("m-other", points=0)
    Phone(world, "device-2", "bb22").add(other)
    return other


def test_a_sweep_pushes_a_bounded_number_and_the_next_one_goes_on(
    world: World, card: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staleness, "LOOKS_AT_ONCE", 20)
    monkeypatch.setattr(staleness, "MOST_REPUSHES_AT_ONCE", 40)
    crowd(world, card, 90)
    world.points("e-1", card, add=1)
    while deliver_due(world.context, APPLE):
        pass
    world.clock.forward(hours=4)

    pushed = [staleness.sweep(world.context) for _ in range(4)]

    assert pushed == [40, 40, 10, 0]


def test_two_sweeps_at_once_push_nobody_twice(
    world: World, apns: ApnsEmulator, card: dict[str, Any]
) -> None:
    crowd(world, card, 60)
    world.points("e-1", card, add=1)
    while deliver_due(world.context, APPLE):
        pass
    world.clock.forward(hours=4)
    pushed: list[int] = []
    sweeps = [
        threading.Thread(target=lambda: pushed.append(staleness.sweep(world.context)))
        for _ in range(2)
    ]

    for sweep in sweeps:
        sweep.start()
    for sweep in sweeps:
        sweep.join(20)

    assert sum(pushed) == 60
    assert {row.repushes for row in targets(world)} == {1}


def test_a_repeated_push_that_fails_counts_as_any_other(
    world: World, apns: ApnsEmulator, card: dict[str, Any]
) -> None:
    Phone(world).add(card)
    told(world, card)
    apns.control({"respond": {"aa11": 503}})
    world.clock.forward(hours=4)

    swept(world)
    failed = installed(world, card)
    world.clock.forward(seconds=2)
    deliver_due(world.context, APPLE)

    assert (failed["attempts"], failed["repushes"]) == (1, 1)
    assert installed(world, card)["attempts"] == 2


def test_the_worker_sweeps_by_itself(
    world: World, card: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "EVERY_S", 0.05)
    Phone(world).add(card)
    told(world, card)
    with world.context.transaction() as transaction:
        halt = (APPLE, world.brand.pass_type_id)
        begin(transaction, halt, "no", world.clock(), is_probe=False, at_most=None)
    world.clock.forward(hours=4)
    stopping = threading.Event()
    sweeping = threading.Thread(target=worker.work, args=(world.context, stopping))

    sweeping.start()
    until(lambda: installed(world, card)["repushes"] == 1)
    stopping.set()
    sweeping.join(20)

    assert not sweeping.is_alive()
    assert deliveries.halts(world.context) == []  # nothing was owed any more
    (row,) = targets(world)
    assert row.due_at == world.clock()
    assert timedelta(0) <= world.clock() - row.repushes_since
