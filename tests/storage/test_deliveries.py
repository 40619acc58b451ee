"""Debts to phones: coalesced, leased, fenced, given back; a block never waits."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from service.domain.deliveries import Delivery
from service.domain.passes import WalletName
from service.operations import deliveries
from service.storage.tables import DeliveryRow, PassRow
from service.wallets.interface import PushOutcome, PushResult
from tests.http.phone import Phone
from tests.roll_outs import a_design
from tests.world import World

CARD = dict[str, Any]


@pytest.fixture
def now(world: World) -> datetime:
    return world.clock.freeze()


@pytest.fixture
def card(world: World, now: datetime) -> CARD:
    """A card on one phone that was told of it as it is."""
    card = world.card(points=100)
    Phone(world).add(card)
    return card


def rows(world: World) -> list[Any]:
    with world.context.reading() as transaction:
        return list(transaction.session.execute(select(DeliveryRow.__table__)).all())


def row(world: World) -> Any:
    (only,) = rows(world)
    return only


def claimed(world: World) -> list[Delivery]:
    return [
        each
        for batch in deliveries.claim(world.context, WalletName.APPLE)
        for each in batch.deliveries
    ]


def claim_one(world: World) -> Delivery:
    (only,) = claimed(world)
    return only


def conclude(world: World, delivery: Delivery, outcome: PushOutcome, **more: Any) -> None:
    result = PushResult(delivery.id, outcome, str(outcome), **more)
    deliveries.conclude(world.context, [(delivery, result)])


def earn(world: World, card: CARD, number: int = 1) -> None:
    world.points(f"e-{number}", card, add=1)


def test_nothing_is_owed_to_a_phone_that_has_the_card_as_it_is(world: World, card: CARD) -> None:
    assert row(world).due_at is None
    assert claimed(world) == []


def test_the_first_change_is_due_at_once(world: World, card: CARD, now: datetime) -> None:
    earn(world, card)

    delivery = claim_one(world)

    assert delivery.version == row(world).wanted_version == 2
    assert delivery.push_token == Phone.PUSH_TOKEN
    assert row(world).due_at == now + timedelta(seconds=60)


def test_ten_changes_are_one_debt_of_the_newest_version(world: World, card: CARD) -> None:
    for number in range(10):
        earn(world, card, number)

    delivery = claim_one(world)

    assert delivery.version == 11
    assert len(rows(world)) == 1


def test_after_a_push_the_next_is_due_two_seconds_later_and_holds_all_changes(
    world: World, card: CARD, now: datetime
) -> None:
    earn(world, card, 0)
    conclude(world, claim_one(world), PushOutcome.ACCEPTED)
    for number in range(1, 11):
        earn(world, card, number)

    assert row(world).due_at == now + timedelta(seconds=2)
    assert claimed(world) == []
    world.clock.forward(seconds=2)
    assert claim_one(world).version == 12


def test_after_two_quiet_seconds_a_change_is_due_at_once(world: World, card: CARD) -> None:
    earn(world, card, 0)
    conclude(world, claim_one(world), PushOutcome.ACCEPTED)
    world.clock.forward(seconds=2)

    earn(world, card, 1)

    assert claim_one(world).version == 3


def test_a_finished_delivery_owes_nothing(world: World, card: CARD, now: datetime) -> None:
    earn(world, card)

    conclude(world, claim_one(world), PushOutcome.ACCEPTED)

    kept = row(world)
    assert (kept.sent_version, kept.sent_at, kept.due_at, kept.lease) == (2, now, None, None)


def test_a_change_during_a_push_is_owed_after_it(world: World, card: CARD, now: datetime) -> None:
    earn(world, card, 0)
    delivery = claim_one(world)
    earn(world, card, 1)

    conclude(world, delivery, PushOutcome.ACCEPTED)

    kept = row(world)
    assert (kept.sent_version, kept.wanted_version) == (2, 3)
    assert kept.due_at == now + timedelta(seconds=2)


def test_a_leased_delivery_is_not_leased_twice(world: World, card: CARD) -> None:
    earn(world, card)
    claim_one(world)

    assert claimed(world) == []


def test_a_delivery_whose_owner_died_is_due_again_when_its_lease_ends(
    world: World, card: CARD
) -> None:
    earn(world, card)
    dead = claim_one(world)
    world.clock.forward(seconds=59)
    assert claimed(world) == []

    world.clock.forward(seconds=1)
    again = claim_one(world)

    assert (again.id, again.version) == (dead.id, dead.version)
    assert again.lease != dead.lease


@pytest.mark.parametrize(
    "outcome", [PushOutcome.ACCEPTED, PushOutcome.TRY_LATER, PushOutcome.REFUSED]
)
def test_a_result_under_a_lost_lease_changes_nothing(
    world: World, card: CARD, outcome: PushOutcome
) -> None:
    earn(world, card)
    dead = claim_one(world)
    world.clock.forward(seconds=61)
    claim_one(world)
    before = row(world)

    conclude(world, dead, outcome)

    assert row(world) == before


def test_a_design_is_noted_only_by_who_holds_the_lease(world: World, card: CARD) -> None:
    earn(world, card)
    dead = replace(claim_one(world), design=a_design(world))
    world.clock.forward(seconds=61)
    held = replace(claim_one(world), design=a_design(world, "rgb(4, 5, 6)"))

    conclude(world, held, PushOutcome.ACCEPTED)
    conclude(world, dead, PushOutcome.ACCEPTED)

    assert held.design is not None
    with world.context.reading() as transaction:
        assert transaction.session.scalar(select(PassRow.design_id)) == held.design.id


def test_a_result_that_was_recorded_twice_changes_nothing_the_second_time(
    world: World, card: CARD
) -> None:
    earn(world, card)
    delivery = claim_one(world)
    conclude(world, delivery, PushOutcome.ACCEPTED)
    before = row(world)

    conclude(world, delivery, PushOutcome.TRY_LATER)

    assert row(world) == before


def test_each_failure_doubles_the_pause_until_the_push_is_taken(
    world: World, card: CARD, now: datetime
) -> None:
    earn(world, card)

    pauses = []
    for _ in range(4):
        conclude(world, claim_one(world), PushOutcome.TRY_LATER)
        pause = row(world).due_at - world.clock()
        pauses.append(pause.total_seconds())
        world.clock.forward(seconds=pauses[-1])
    failed = row(world)
    conclude(world, claim_one(world), PushOutcome.ACCEPTED)

    assert pauses == [2, 4, 8, 16]
    assert (failed.attempts, failed.last_error) == (4, "try_later")
    assert (row(world).attempts, row(world).last_error) == (0, None)


def test_a_pause_that_the_wallet_asks_for_is_kept(world: World, card: CARD, now: datetime) -> None:
    earn(world, card)

    conclude(world, claim_one(world), PushOutcome.TRY_LATER, wait=timedelta(minutes=5))

    assert row(world).due_at == now + timedelta(minutes=5)


def test_a_block_is_due_at_once_after_a_push(world: World, card: CARD) -> None:
    earn(world, card)
    conclude(world, claim_one(world), PushOutcome.ACCEPTED)

    world.act(card, "block", reason="lost")

    assert claim_one(world).version == 3


def test_a_block_is_due_at_once_while_another_worker_pushes(world: World, card: CARD) -> None:
    earn(world, card)
    busy = claim_one(world)

    world.act(card, "block", reason="lost")
    urgent = claim_one(world)
    conclude(world, busy, PushOutcome.ACCEPTED)
    conclude(world, urgent, PushOutcome.ACCEPTED)

    assert urgent.version == 3
    assert row(world).sent_version == 3
    assert row(world).due_at is None


@pytest.mark.parametrize("outcome", [PushOutcome.ACCEPTED, PushOutcome.TRY_LATER])
def test_a_block_that_came_during_a_push_is_due_at_once_after_it(
    world: World, card: CARD, outcome: PushOutcome
) -> None:
    earn(world, card)
    busy = claim_one(world)
    world.act(card, "block", reason="lost")

    conclude(world, busy, outcome)

    assert claim_one(world).version == 3


def test_a_block_is_due_at_once_in_a_pause_after_failures(world: World, card: CARD) -> None:
    earn(world, card)
    conclude(world, claim_one(world), PushOutcome.TRY_LATER, wait=timedelta(hours=1))
    assert claimed(world) == []

    world.act(card, "block", reason="lost")

    assert claim_one(world).version == 3


def test_a_balance_waits_out_the_pause_after_failures(world: World, card: CARD) -> None:
    earn(world, card, 0)
    conclude(world, claim_one(world), PushOutcome.TRY_LATER, wait=timedelta(hours=1))

    earn(world, card, 1)

    assert claimed(world) == []


def test_blocks_are_leased_before_balances(world: World, card: CARD, now: datetime) -> None:
    others = [world.card(f"m-{n}") for n in range(2, 53)]
    for number, other in enumerate(others):
        Phone(world, f"other-{number}", f"ab{number:04}").add(other)
        world.points(f"other-{number}", other, add=1)
    world.clock.forward(seconds=1)
    world.act(card, "block", reason="lost")

    first = claimed(world)

    assert len(first) == 50
    assert Phone.PUSH_TOKEN in {each.push_token for each in first}


def test_a_phone_that_is_gone_is_forgotten_with_its_debt(world: World, card: CARD) -> None:
    earn(world, card)

    conclude(world, claim_one(world), PushOutcome.GONE)

    assert rows(world) == []


def test_a_phone_that_registered_again_after_it_was_gone_is_kept(
    world: World, card: CARD, now: datetime
) -> None:
    earn(world, card)
    delivery = claim_one(world)

    conclude(world, delivery, PushOutcome.GONE, gone_since=now - timedelta(days=1))

    kept = row(world)
    assert kept.due_at is not None
    assert kept.lease is None


def test_an_idle_worker_knows_when_the_next_delivery_is_due(world: World, card: CARD) -> None:
    nothing = deliveries.idle_s(world.context, WalletName.APPLE, 30)
    earn(world, card, 0)
    at_once = deliveries.idle_s(world.context, WalletName.APPLE, 30)
    conclude(world, claim_one(world), PushOutcome.ACCEPTED)
    earn(world, card, 1)
    soon = deliveries.idle_s(world.context, WalletName.APPLE, 30)

    assert (nothing, at_once, soon) == (30, 0, 2)


def test_a_change_that_the_pass_does_not_show_owes_nothing(world: World, card: CARD) -> None:
    world.points("e-same", card, set=100)
    world.points("e-zero", card, add=0)

    assert row(world).wanted_version == 1
    assert row(world).due_at is None


def test_every_phone_with_the_card_is_owed_its_own_push(world: World, card: CARD) -> None:
    Phone(world, "device-2", "bb22").add(card)

    earn(world, card)

    assert {each.push_token for each in claimed(world)} == {Phone.PUSH_TOKEN, "bb22"}


def test_a_lease_names_one_batch(world: World, card: CARD) -> None:
    Phone(world, "device-2", "bb22").add(card)
    earn(world, card)

    leases = {each.lease for each in claimed(world)}

    assert len(leases) == 1
    assert isinstance(leases.pop(), UUID)


def test_a_debt_nobody_was_called_about_is_owed_as_before(
    world: World, card: CARD, now: datetime
) -> None:
    earn(world, card)

    conclude(world, claim_one(world), PushOutcome.NOT_YET, wait=timedelta(seconds=3))

    kept = row(world)
    assert (kept.attempts, kept.last_error, kept.lease) == (0, None, None)
    assert kept.due_at == now + timedelta(seconds=3)


def test_after_a_call_without_an_answer_the_state_is_sent_once_more(
    world: World, card: CARD, now: datetime
) -> None:
    earn(world, card)
    conclude(world, claim_kept(world), PushOutcome.TRY_LATER, is_doubtful=True)
    world.clock.forward(seconds=2)

    conclude(world, claim_kept(world), PushOutcome.ACCEPTED)
    settled = row(world)
    world.clock.forward(seconds=57)
    too_early = claimed(world)
    world.clock.forward(seconds=1)
    conclude(world, claim_kept(world), PushOutcome.ACCEPTED)

    assert (settled.sent_version, settled.attempts) == (2, 0)
    assert settled.due_at == now + timedelta(seconds=60)
    assert too_early == []
    assert row(world).due_at is None


def claim_kept(world: World) -> Delivery:
    """Claim as if the vendor kept the pass: a phone fetches what is newest, in doubt or not."""
    return replace(claim_one(world), wallet=WalletName.GOOGLE)


def test_a_phone_to_be_left_alone_is_not_pushed_for_its_other_cards_either(
    world: World, card: CARD, now: datetime
) -> None:
    other, waiting = world.card("m-2"), world.card("m-3")
    for each in (other, waiting):
        Phone(world).add(each)
    elsewhere = world.card("m-4")
    Phone(world, "device-2", "bb22").add(elsewhere)
    earn(world, card)
    delivery = claim_one(world)
    world.points("e-waiting", waiting, add=1)

    conclude(world, delivery, PushOutcome.TRY_LATER, wait=timedelta(minutes=5))
    for each in (other, elsewhere):
        world.points(f"e-{each['id']}", each, add=1)
    at_once = {each.push_token for each in claimed(world)}
    world.clock.forward(minutes=5)

    assert at_once == {"bb22"}
    assert [each.push_token for each in claimed(world)].count(Phone.PUSH_TOKEN) == 3


def test_a_block_does_not_wait_for_a_phone_to_be_left_alone(
    world: World, card: CARD, now: datetime
) -> None:
    other = world.card("m-2")
    Phone(world).add(other)
    earn(world, card)
    conclude(world, claim_one(world), PushOutcome.TRY_LATER, wait=timedelta(minutes=5))

    world.act(other, "block", reason="lost")

    assert str(claim_one(world).pass_id) != str(row_of(world, card).pass_id)


def row_of(world: World, card: CARD) -> Any:
    account_id = UUID(card["account"]["id"])
    (found,) = (each for each in rows(world) if each.account_id == account_id)
    return found
