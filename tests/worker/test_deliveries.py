"""The worker against APNs: what each answer does to debts and registrations."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from service.domain.passes import WalletName
from service.emulators.apns import ApnsEmulator
from service.worker.loop import deliver_due, work
from tests.e2e.deployment import until
from tests.http.phone import Phone
from tests.world import World


@pytest.fixture
def world(pushing_world: World) -> World:
    return pushing_world


def installations(world: World, card: dict[str, Any]) -> list[dict[str, Any]]:
    answer = world.call("GET", f"/v1/cards/{card['id']}/delivery")
    shown: list[dict[str, Any]] = answer.json["passes"][0]["installations"]
    return shown


def settled(world: World, acted: dict[str, Any]) -> str:
    surface: str = world.call("GET", f"/v1/actions/{acted['action']['id']}").json["surfaces"][
        "apple"
    ]
    return surface


def test_an_accepted_push_settles_the_debt(world: World, apns: ApnsEmulator) -> None:
    card = world.card(points=1)
    Phone(world).add(card)
    world.points("e-1", card, add=1)

    delivered = deliver_due(world.context, WalletName.APPLE)

    (installed,) = installations(world, card)
    assert delivered
    assert installed["pushed_version"] == installed["wanted_version"] == 2
    assert (installed["attempts"], installed["last_error"]) == (0, None)
    assert not deliver_due(world.context, WalletName.APPLE)
    assert [(push.token, push.topic) for push in apns.pushes()] == [
        ("aa11", world.brand.pass_type_id)
    ]


@pytest.mark.parametrize(
    ("status", "why", "attempts", "seconds"),
    [
        (503, "ServiceUnavailable", 1, 2),
        (500, "InternalServerError", 1, 2),
        (429, "TooManyRequests", 1, 300),
        (403, "BadCertificate", 0, 60),
        (418, "Teapot", 1, 2),
    ],
)
def test_a_refused_push_is_kept_shown_and_sent_again(
    world: World, apns: ApnsEmulator, status: int, why: str, attempts: int, seconds: int
) -> None:
    world.clock.freeze()
    card = world.card(points=1)
    Phone(world).add(card)
    apns.control({"respond": {"aa11": {"status": status, "reason": why}}})
    blocked = world.act(card, "block", reason="lost").json

    deliver_due(world.context, WalletName.APPLE)

    (installed,) = installations(world, card)
    assert (installed["attempts"], installed["last_error"]) == (attempts, why)
    assert settled(world, blocked) == "failing"
    assert not deliver_due(world.context, WalletName.APPLE)

    apns.control({"respond": {"aa11": None}})
    world.clock.forward(seconds=seconds)
    deliver_due(world.context, WalletName.APPLE)

    (installed,) = installations(world, card)
    assert (installed["attempts"], installed["last_error"]) == (0, None)
    assert settled(world, blocked) == "done"


@pytest.mark.parametrize(("hours", "is_kept"), [(-1, True), (1, False)])
def test_a_gone_token_is_forgotten_unless_it_was_registered_since(
    world: World, apns: ApnsEmulator, hours: int, is_kept: bool
) -> None:
    card = world.card(points=1)
    Phone(world).add(card)
    gone_since = world.clock() + timedelta(hours=hours)
    answer = {
        "status": 410,
        "reason": "Unregistered",
        "timestamp": int(gone_since.timestamp() * 1000),
    }
    apns.control({"respond": {"aa11": answer}})
    world.points("e-1", card, add=1)

    deliver_due(world.context, WalletName.APPLE)

    left = installations(world, card)
    assert len(left) == (1 if is_kept else 0)
    assert [each["attempts"] for each in left] == [1] * len(left)


def test_two_cards_on_one_phone_cost_one_push(world: World, apns: ApnsEmulator) -> None:
    cards = [world.card("m-1", points=1), world.card("m-2", points=1)]
    for card in cards:
        Phone(world).add(card)
        world.points(f"e-{card['id']}", card, add=1)

    deliver_due(world.context, WalletName.APPLE)

    assert apns.count == 1
    assert [installations(world, card)[0]["pushed_version"] for card in cards] == [2, 2]


def test_the_worker_outlives_an_outage_of_apns(world: World, apns: ApnsEmulator) -> None:
    card = world.card(points=1)
    Phone(world).add(card)
    world.points("e-1", card, add=1)
    doorbell, stopping = threading.Event(), threading.Event()
    worker = threading.Thread(
        target=work, args=(world.context, WalletName.APPLE, doorbell, stopping)
    )
    apns.stop()

    worker.start()
    until(lambda: installations(world, card)[0]["last_error"])
    apns.start()
    until(lambda: installations(world, card)[0]["pushed_version"] == 2)
    stopping.set()
    doorbell.set()
    worker.join(10)

    assert not worker.is_alive()
    assert apns.count == 1
