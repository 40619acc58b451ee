"""Workers that meet a refusal of our set-up stop, all of them, and go on when it is right again."""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from service.context import Context
from service.domain.passes import WalletName
from service.emulators.apns import ApnsEmulator
from service.operations import deliveries, expiry
from service.settings import Settings
from service.wallets.apple.proof import MANY
from service.wiring import opened
from service.worker.loop import deliver_due, work
from tests.crowd import crowd, owed, targets
from tests.e2e.deployment import until
from tests.world import World

APPLE = WalletName.APPLE


@pytest.fixture
def world(pushing_world: World) -> World:
    return pushing_world


@contextmanager
def working(contexts: list[Context]) -> Iterator[None]:
    """Two workers for each process, as `tessera worker` has them."""
    doorbell, stopping = threading.Event(), threading.Event()
    threads = [
        threading.Thread(target=work, args=(context, APPLE, doorbell, stopping))
        for context in contexts
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        doorbell.set()
        for thread in threads:
            thread.join(20)


@contextmanager
def processes(world: World, settings: Settings) -> Iterator[list[Context]]:
    """The contexts of two processes; on SQLite there is but one."""
    with ExitStack() as stack:
        contexts = [world.context]
        if world.context.database.is_postgresql:
            system = stack.enter_context(opened(settings))
            contexts.append(replace(system.context, now=world.clock))
        yield contexts


def is_quiet(world: World) -> bool:
    """Say whether a halt is on and no worker has anything in hand."""
    nothing_leased = all(row.lease is None for row in targets(world))
    return nothing_leased and bool(deliveries.halts(world.context))


def refuse_all(apns: ApnsEmulator, status: int, reason: str) -> None:
    apns.control({"respond": {"*": {"status": status, "reason": reason}}})


def accept_all(apns: ApnsEmulator) -> None:
    apns.control({"respond": {"*": None}})


def test_a_refused_certificate_costs_a_thousand_deliveries_four_calls(
    world: World,
    apns: ApnsEmulator,
    apns_settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    crowd(world, world.card(), 1000)
    refuse_all(apns, 403, "BadCertificate")

    with processes(world, apns_settings) as contexts, working(contexts):
        until(lambda: is_quiet(world))
        calls = apns.count
        accept_all(apns)
        world.clock.forward(minutes=1)
        until(lambda: owed(world) == 0)

    assert calls <= 1 + 3
    assert len(targets(world)) == 1000
    assert {row.attempts for row in targets(world)} == {0}
    told = [record.levelno for record in caplog.records if record.levelno > logging.INFO]
    assert told == [logging.ERROR, logging.WARNING]
    assert deliveries.halts(world.context) == []


def test_when_every_token_is_refused_no_registration_is_lost(
    world: World, apns: ApnsEmulator
) -> None:
    crowd(world, world.card(), 60)
    refuse_all(apns, 400, "BadDeviceToken")

    deliver_due(world.context, APPLE)
    for _ in range(3):
        world.clock.forward(minutes=3)
        deliver_due(world.context, APPLE)

    (halt,) = deliveries.halts(world.context)
    assert halt.reason == "BadDeviceToken for every phone tried"
    assert len(targets(world)) == 60
    assert apns.count == 50 + 3


def test_a_set_up_that_turns_wrong_costs_few_registrations_and_halts(
    world: World, apns: ApnsEmulator
) -> None:
    """One change after the other, each a batch of its own: they add up."""
    cards = [world.card(f"m-{number}") for number in range(MANY + 5)]
    for card in cards:
        crowd(world, card, 1, due=False)
    push(world, cards[0], "e-good")
    refuse_all(apns, 400, "BadDeviceToken")

    for number, card in enumerate(cards):
        push(world, card, f"e-{number}")

    assert len(targets(world)) == len(cards) - (MANY - 1)
    assert [halt.reason for halt in deliveries.halts(world.context)] == [
        "BadDeviceToken for every phone tried"
    ]


def push(world: World, card: dict[str, Any], event_id: str) -> bool:
    """Change a card after a while, and push."""
    world.clock.forward(seconds=2)
    world.points(event_id, card, add=1)
    return deliver_due(world.context, APPLE)


def test_one_bad_token_stops_nobody_else_and_is_tried_ever_more_seldom(
    world: World, apns: ApnsEmulator
) -> None:
    world.clock.freeze()
    (bad,) = crowd(world, world.card(), 1)
    apns.control({"respond": {bad: 400}})

    tried_at = []
    began = world.clock()
    for _ in range(12 * 60):
        if deliver_due(world.context, APPLE):
            tried_at.append(int((world.clock() - began).total_seconds()) // 60)
        world.clock.forward(minutes=1)
    other = world.card("m-2")
    crowd(world, other, 1, due=False)
    is_told = push(world, other, "e-other")

    assert tried_at[:8] == [0, 2, 6, 14, 30, 62, 122, 182]
    assert len(tried_at) == apns.count - 1
    assert is_told
    assert deliveries.halts(world.context) == []
    assert len(targets(world)) == 2  # nothing is purged


def test_made_up_tokens_hold_up_an_honest_phone_for_a_minute_at_most(
    world: World, apns: ApnsEmulator
) -> None:
    world.clock.freeze()
    honest = world.card("m-honest")
    crowd(world, honest, 1, due=False)
    push(world, honest, "e-1")
    made_up = [token for n in range(2) for token in crowd(world, world.card(f"m-{n}"), 50)]
    apns.control({"respond": {token: 400 for token in made_up}})
    deliver_due(world.context, APPLE)
    assert deliveries.halts(world.context)
    world.points("e-2", honest, add=1)

    waited_s = 0
    while honest_owes(world, made_up) and waited_s < 3600:
        world.clock.forward(seconds=5)
        waited_s += 5
        while deliver_due(world.context, APPLE):
            pass

    assert waited_s <= 60


def honest_owes(world: World, made_up: list[str]) -> bool:
    return owed(world) > len(made_up)


def test_one_bad_token_among_good_ones_is_forgotten(world: World, apns: ApnsEmulator) -> None:
    tokens = crowd(world, world.card(), 10)
    apns.control({"respond": {tokens[3]: 400}})

    deliver_due(world.context, APPLE)

    assert len(targets(world)) == 9
    assert owed(world) == 0
    assert deliveries.halts(world.context) == []


def test_a_set_up_that_cannot_be_used_is_a_halt_and_no_busy_loop(world: World) -> None:
    crowd(world, world.card(), 120)
    world.clock.forward(days=3650)  # the certificate has long ended

    served = [deliver_due(world.context, APPLE) for _ in range(3)]

    assert served == [True, False, False]
    (halt,) = deliveries.halts(world.context)
    assert "expired" in halt.reason
    assert {row.attempts for row in targets(world)} == {0}


def test_a_web_process_shows_what_a_worker_met(
    world: World, apns: ApnsEmulator, apns_settings: Settings
) -> None:
    crowd(world, world.card(), 2)
    refuse_all(apns, 403, "BadCertificate")
    deliver_due(world.context, APPLE)

    with opened(apns_settings) as another:
        found = deliveries.halts(another.context, world.brand.id)
        faults = expiry.faults(another.context)

    assert [f"{world.brand.pass_type_id} are stopped since" in fault for fault in faults] == [True]
    assert "BadCertificate" in faults[0]
    assert [(halt.type_id, halt.reason, halt.waiting) for halt in found] == [
        (world.brand.pass_type_id, "BadCertificate", 2)
    ]


def test_a_block_does_not_break_a_halt(world: World, apns: ApnsEmulator) -> None:
    card: dict[str, Any] = world.card()
    crowd(world, card, 2)
    refuse_all(apns, 403, "BadCertificate")
    deliver_due(world.context, APPLE)

    world.act(card, "block", reason="lost")

    assert not deliver_due(world.context, APPLE)
    assert apns.count == 1
