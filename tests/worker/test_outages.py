"""Outages and changes in quick succession: nothing is lost, nothing is pushed in vain."""

import threading
from datetime import timedelta

import pytest

from service.domain.accounts import Operator
from service.domain.passes import WalletName
from service.emulators.apns import ApnsEmulator
from service.operations import points
from service.operations.points import PointsEvent
from service.wallets.apple import client as apple_client
from service.worker.loop import deliver_due, work
from tests.crowd import crowd, owed, targets
from tests.e2e.deployment import until
from tests.http.phone import Phone
from tests.world import World

APPLE = WalletName.APPLE


@pytest.fixture
def world(pushing_world: World) -> World:
    return pushing_world


def earn(world: World, card: dict[str, object], number: int) -> None:
    event = PointsEvent(f"e-{number}", b"", Operator.ADD, 1, card_number=str(card["number"]))
    points.record(world.context, world.brand.actor, "api", event)


def test_while_apns_is_out_of_reach_one_delivery_tries_and_the_others_are_not_touched(
    world: World, apns: ApnsEmulator
) -> None:
    crowd(world, world.card(), 120)
    apns.stop()

    served = [deliver_due(world.context, APPLE) for _ in range(5)]

    assert served == [True, *[False] * 4]
    assert sorted({row.attempts for row in targets(world)}) == [0, 1]
    assert sum(row.attempts for row in targets(world)) == 1


def test_after_an_outage_the_backlog_drains(world: World, apns: ApnsEmulator) -> None:
    crowd(world, world.card(), 120)
    doorbell, stopping = threading.Event(), threading.Event()
    worker = threading.Thread(target=work, args=(world.context, APPLE, doorbell, stopping))
    apns.stop()

    worker.start()
    until(lambda: any(row.attempts for row in targets(world)))
    apns.start()
    until(lambda: owed(world) == 0)
    stopping.set()
    doorbell.set()
    worker.join(20)

    assert not worker.is_alive()
    assert apns.count == 120


def test_points_are_recorded_while_apns_swallows_everything(
    world: World, apns: ApnsEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apple_client, "ANSWER_WITHIN_S", 1)
    card = world.card(points=0)
    Phone(world).add(card)
    apns.control({"black_hole": True})
    earn(world, card, 0)
    pushing = threading.Thread(target=deliver_due, args=(world.context, APPLE))

    pushing.start()
    until(lambda: any(row.lease for row in targets(world)))
    for number in range(1, 10):
        earn(world, card, number)
    is_still_pushing = pushing.is_alive()
    pushing.join(20)
    apns.control({"black_hole": False})
    world.clock.forward(minutes=1)
    until(lambda: deliver_due(world.context, APPLE))

    assert is_still_pushing
    assert owed(world) == 0


@pytest.mark.parametrize("fault", ["goaway_after", "close_after"])
def test_connections_that_end_in_the_middle_of_batches_cost_no_attempt(
    world: World, apns: ApnsEmulator, fault: str
) -> None:
    crowd(world, world.card(), 120)
    apns.control({fault: 45})

    while owed(world):
        world.clock.forward(seconds=1)
        deliver_due(world.context, APPLE)

    assert {row.attempts for row in targets(world)} == {0}
    assert apns.connections <= 6


def test_500_changes_in_10_seconds_are_a_handful_of_pushes_and_the_newest_version_wins(
    world: World, apns: ApnsEmulator
) -> None:
    world.clock.freeze()
    card = world.card(points=0)
    phone = Phone(world)
    copy = phone.add(card)

    for number in range(500):
        earn(world, card, number)
        world.clock.forward(milliseconds=20)
        if number % 5 == 0:
            deliver_due(world.context, APPLE)
    world.clock.forward(seconds=2)
    deliver_due(world.context, APPLE)

    (target,) = targets(world)
    assert 5 <= apns.count <= 7
    assert target.sent_version == target.wanted_version == 501
    assert target.sent_at <= world.clock() <= target.sent_at + timedelta(seconds=5)
    assert phone.opened(phone.fetch(copy)).content["storeCard"]
    assert phone.ask(copy).json["serialNumbers"] == [copy.serial]


def test_a_phone_pushed_too_often_is_left_alone_and_told_the_newest_version_later(
    world: World, apns: ApnsEmulator
) -> None:
    world.clock.freeze()
    card = world.card(points=0)
    Phone(world).add(card)
    apns.control({"respond": {"aa11": {"status": 429, "times": 1}}})
    for number in range(50):
        earn(world, card, number)
        deliver_due(world.context, APPLE)
        world.clock.forward(seconds=5)

    world.clock.forward(seconds=50)
    deliver_due(world.context, APPLE)

    assert [push.status for push in apns.pushes()] == [429, 200]
    assert owed(world) == 0
