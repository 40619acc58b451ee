"""A vendor that refuses our set-up is left alone by all processes, and tried by single pushes."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from service.domain.deliveries import Delivery
from service.domain.halts import Halt, pause_after
from service.domain.passes import WalletName
from service.operations import deliveries, halting
from service.storage.halts import begin
from service.storage.tables import DeliveryRow, DeviceRow, HaltRow
from service.wallets.interface import PushOutcome, PushResult
from tests.crowd import a_pass, crowd, targets
from tests.http.phone import Phone
from tests.world import World, a_brand

APPLE = WalletName.APPLE
OTHER_TYPE = "pass.com.example.other"


@pytest.fixture
def now(world: World) -> datetime:
    return world.clock.freeze()


@pytest.fixture
def card(world: World, now: datetime) -> dict[str, Any]:
    return world.card()


def claimed(world: World) -> list[Delivery]:
    batches = deliveries.claim(world.context, APPLE)
    return [each for batch in batches for each in batch.deliveries]


def conclude(
    world: World, batch: list[Delivery], outcome: PushOutcome, reason: str = "", **more: Any
) -> None:
    said = [(each, PushResult(each.id, outcome, reason or None, **more)) for each in batch]
    deliveries.conclude(world.context, said)


def refuse(world: World, batch: list[Delivery], **more: Any) -> None:
    conclude(world, batch, PushOutcome.HALT, "BadCertificate", **more)


def accept(world: World, batch: list[Delivery]) -> None:
    conclude(world, batch, PushOutcome.ACCEPTED)


def halts(world: World) -> list[HaltRow]:
    with world.context.reading() as transaction:
        return list(transaction.session.scalars(select(HaltRow)))


def halted(world: World, card: dict[str, Any], count: int = 60) -> list[str]:
    """Let one push of many be refused; return the phones' tokens."""
    tokens = crowd(world, card, count)
    refuse(world, claimed(world))
    return tokens


def test_a_refusal_of_our_set_up_halts_the_pass_type(
    world: World, card: dict[str, Any], now: datetime
) -> None:
    halted(world, card)

    (halt,) = deliveries.halts(world.context, world.brand.id)

    until = now + timedelta(minutes=1)
    assert halt == Halt(world.brand.pass_type_id, APPLE, "BadCertificate", now, until, 60)
    assert claimed(world) == []


def test_a_halt_costs_no_delivery_an_attempt_and_tells_why(
    world: World, card: dict[str, Any]
) -> None:
    halted(world, card)

    kept = targets(world)
    assert len(kept) == 60
    assert {(row.attempts, row.lease) for row in kept} == {(0, None)}
    assert {row.last_error for row in kept} == {None, "BadCertificate"}


def test_after_the_pause_one_delivery_goes_alone(world: World, card: dict[str, Any]) -> None:
    halted(world, card)

    world.clock.forward(seconds=59)
    too_early = claimed(world)
    world.clock.forward(seconds=1)
    probe = claimed(world)

    assert too_early == []
    assert [each.is_probe for each in probe] == [True]
    assert claimed(world) == []


def test_a_probe_that_is_accepted_ends_the_halt_and_everything_flows(
    world: World, card: dict[str, Any]
) -> None:
    halted(world, card)
    world.clock.forward(minutes=1)

    accept(world, claimed(world))

    assert halts(world) == []
    batch = claimed(world)
    assert len(batch) == 50
    assert not any(each.is_probe for each in batch)


def test_a_phone_that_has_left_proves_our_set_up_too(world: World, card: dict[str, Any]) -> None:
    halted(world, card)
    world.clock.forward(minutes=1)

    conclude(world, claimed(world), PushOutcome.GONE, "Unregistered", is_proof=True)

    assert halts(world) == []


@pytest.mark.parametrize(
    "outcome", [PushOutcome.GONE, PushOutcome.TRY_LATER, PushOutcome.NOT_YET, PushOutcome.REFUSED]
)
def test_a_probe_that_proves_nothing_is_followed_by_another_a_minute_later(
    world: World, card: dict[str, Any], outcome: PushOutcome
) -> None:
    halted(world, card)
    world.clock.forward(minutes=1)

    conclude(world, claimed(world), outcome, "so")

    assert claimed(world) == []
    world.clock.forward(minutes=1)
    assert [each.is_probe for each in claimed(world)] == [True]


def test_a_probe_whose_owner_died_is_followed_by_another(
    world: World, card: dict[str, Any]
) -> None:
    halted(world, card)
    world.clock.forward(minutes=1)
    claimed(world)

    world.clock.forward(minutes=1)

    assert [each.is_probe for each in claimed(world)] == [True]


def test_each_refused_probe_doubles_the_pause_up_to_an_hour(
    world: World, card: dict[str, Any], now: datetime
) -> None:
    halted(world, card)

    pauses = []
    for _ in range(8):
        (halt,) = halts(world)
        pauses.append((halt.until - world.clock()).total_seconds() / 60)
        world.clock.forward(minutes=pauses[-1])
        refuse(world, claimed(world))

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert halts(world)[0].since == now


def test_a_doubt_about_tokens_halts_for_a_minute_however_often(
    world: World, card: dict[str, Any]
) -> None:
    crowd(world, card, 3)
    minute = timedelta(minutes=1)
    refuse(world, claimed(world), wait=2 * minute, pause=minute)

    for _ in range(3):
        world.clock.forward(minutes=2)
        refuse(world, claimed(world), wait=2 * minute, pause=minute)

    assert halts(world)[0].until == world.clock() + minute


def test_after_a_doubt_a_phone_that_was_not_tried_yet_goes_first(
    world: World, card: dict[str, Any]
) -> None:
    (doubted,) = crowd(world, card, 1)
    world.act(card, "block", reason="lost")
    refuse(world, claimed(world), wait=timedelta(minutes=2), pause=timedelta(minutes=1))
    (fresh,) = crowd(world, world.card("m-2"), 1)
    world.clock.forward(minutes=1)

    probe = claimed(world)

    assert doubted != fresh
    assert [each.push_token for each in probe] == [fresh]


def told_before(world: World, card: dict[str, Any]) -> str:
    """Let a phone that has the card take a push, then owe it another; return its token."""
    (token,) = crowd(world, card, 1)
    accept(world, claimed(world))
    world.clock.forward(seconds=10)
    world.points("e-told", card, add=1)
    return token


@pytest.mark.parametrize("comes", ["first", "last"])
def test_a_phone_that_took_a_push_before_speaks_for_the_others(
    world: World, card: dict[str, Any], comes: str
) -> None:
    others = world.card("m-2")
    if comes == "first":
        token = told_before(world, card)
        crowd(world, others, 60)
    else:
        crowd(world, others, 60)
        token = told_before_others(world, card)
    begin_halt(world)
    world.clock.forward(minutes=1)

    assert [each.push_token for each in claimed(world)] == [token]


def told_before_others(world: World, card: dict[str, Any]) -> str:
    (token,) = crowd(world, card, 1, due=False)
    with world.context.transaction() as transaction:
        its = DeliveryRow.pass_id == a_pass(world, card).id
        values = {"sent_at": world.clock(), "due_at": world.clock()}
        transaction.session.execute(update(DeliveryRow).where(its).values(**values))
    return token


def begin_halt(world: World, type_id: str | None = None) -> None:
    pass_type = (APPLE, type_id or world.brand.pass_type_id)
    with world.context.transaction() as transaction:
        begin(transaction, pass_type, "no", world.clock(), is_probe=False, at_most=None)


def test_a_phone_that_has_another_token_since_does_not_speak_for_the_others(
    world: World, card: dict[str, Any]
) -> None:
    token = told_before(world, card)
    with world.context.transaction() as transaction:
        transaction.session.execute(update(DeviceRow).values(push_token_at=world.clock()))
    others = world.card("m-2")
    world.clock.forward(seconds=10)
    newer = crowd(world, others, 3)
    begin_halt(world)
    world.clock.forward(minutes=1)

    (probe,) = claimed(world)

    assert probe.push_token in newer
    assert token not in newer


def test_without_a_phone_that_took_a_push_those_go_first_that_failed_least(
    world: World, card: dict[str, Any]
) -> None:
    tokens = crowd(world, card, 3)
    begin_halt(world)

    tried = []
    for _ in range(3):
        world.clock.forward(minutes=2)
        probe = claimed(world)
        tried += [each.push_token for each in probe]
        refuse(world, probe, wait=timedelta(minutes=1), pause=timedelta(minutes=1))

    assert sorted(tried) == sorted(tokens)


def test_a_doubted_token_counts_an_attempt_and_waits(
    world: World, card: dict[str, Any], now: datetime
) -> None:
    crowd(world, card, 1)

    refuse(world, claimed(world), wait=timedelta(minutes=2), pause=timedelta(minutes=1))

    (row,) = targets(world)
    assert (row.attempts, row.due_at, row.lease) == (1, now + timedelta(minutes=2), None)


def test_a_halt_ends_by_itself_when_nothing_is_owed_any_more(
    world: World, card: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    halted(world, card, 1)
    world.clock.forward(minutes=1)
    conclude(world, claimed(world), PushOutcome.GONE, "BadDeviceToken")

    halting.end_needless(world.context)
    assert len(halts(world)) == 1  # the pause of the probe is not over
    world.clock.forward(minutes=1)
    halting.end_needless(world.context)

    assert halts(world) == []
    assert caplog.messages[-1] == (
        f"Apple pushes of {world.brand.pass_type_id} go on, after 0:02:00"
    )


def test_a_halt_for_which_something_is_owed_does_not_end_by_itself(
    world: World, card: dict[str, Any]
) -> None:
    crowd(world, card, 1)
    refuse(world, claimed(world), wait=timedelta(hours=1), pause=timedelta(minutes=1))
    begin_halt(world, OTHER_TYPE)
    world.clock.forward(minutes=2)

    halting.end_needless(world.context)

    assert [row.type_id for row in halts(world)] == [world.brand.pass_type_id]


def test_what_was_in_hand_when_a_halt_began_makes_it_no_longer(
    world: World, card: dict[str, Any], now: datetime
) -> None:
    crowd(world, card, 150)
    batches = [claimed(world) for _ in range(3)]

    for batch in batches:
        refuse(world, batch)

    (halt,) = halts(world)
    assert (halt.tries, halt.until) == (1, now + timedelta(minutes=1))


def test_a_success_of_what_was_in_hand_when_a_halt_began_does_not_end_it(
    world: World, card: dict[str, Any]
) -> None:
    crowd(world, card, 100)
    before, refused = claimed(world), claimed(world)

    refuse(world, refused)
    accept(world, before)

    assert len(halts(world)) == 1


def test_a_halt_of_one_pass_type_does_not_touch_another(world: World, card: dict[str, Any]) -> None:
    halted(world, card)
    other = a_brand(world.context, world.authority, "Other", OTHER_TYPE)
    mine, world.brand = world.brand, other
    tokens = crowd(world, world.card(), 2)

    assert {each.push_token for each in claimed(world)} == set(tokens)
    assert deliveries.halts(world.context, other.id) == []
    assert len(deliveries.halts(world.context, mine.id)) == 1
    assert len(deliveries.halts(world.context)) == 1


def test_a_halt_is_told_once_at_its_begin_and_once_at_its_end(
    world: World, card: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    crowd(world, card, 150)
    for batch in [claimed(world) for _ in range(2)]:
        refuse(world, batch)
    for _ in range(2):
        world.clock.forward(hours=1)
        refuse(world, claimed(world))
    world.clock.forward(hours=1)
    while batch := claimed(world):
        accept(world, batch)

    told = [(record.levelno, record.getMessage()) for record in caplog.records]
    name = world.brand.pass_type_id
    assert told == [
        (logging.ERROR, f"Apple pushes of {name} are stopped: BadCertificate"),
        (logging.WARNING, f"Apple pushes of {name} go on, after 3:00:00"),
    ]


def test_a_block_under_a_halt_is_shown_as_failing_with_its_reason(
    world: World, card: dict[str, Any]
) -> None:
    halted(world, card, 1)
    other = world.card("m-2")
    Phone(world).add(other)

    acted = world.act(other, "block", reason="lost").json

    surfaces = world.call("GET", f"/v1/actions/{acted['action']['id']}").json["surfaces"]
    assert surfaces["apple"] == "failing"


def test_a_halt_that_a_wrong_clock_noted_ends(world: World, card: dict[str, Any]) -> None:
    world.clock.forward(days=30)
    halted(world, card)
    world.clock.forward(days=-30, minutes=2)

    # The leases were taken by the wrong clock as well.
    crowd(world, world.card("m-2"), 1)
    accept(world, claimed(world))

    assert halts(world) == []


@pytest.mark.parametrize(("tries", "minutes"), [(1, 1), (2, 2), (6, 32), (7, 60), (10**6, 60)])
def test_pauses_double_from_a_minute_to_an_hour(tries: int, minutes: int) -> None:
    assert pause_after(tries) == timedelta(minutes=minutes)


def test_a_pause_can_be_kept_short() -> None:
    assert pause_after(5, timedelta(minutes=1)) == timedelta(minutes=1)
