"""Pushes on their way while phones register anew, and brands that do not disturb each other."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from service.context import Context
from service.domain.deliveries import Delivery
from service.domain.installations import Registration
from service.domain.passes import WalletName
from service.operations import deliveries, installations
from service.storage import accounts
from service.storage.tables import DeliveryRow, InstallationRow
from service.wallets.fake import FakeWallet, FakeWallets
from service.wallets.interface import PushOutcome, PushResult
from service.worker.loop import deliver_due
from tests.races.test_races import Racing, wait_for_waiters
from tests.world import World, a_brand


def owing(world: World, number: int = 1) -> Racing:
    """Return a phone that has the card registered and is owed a push."""
    racing = Racing(world, number)
    racing.register()
    racing.add_point()
    return racing


def register_anew(racing: Racing, push_token: str) -> bool:
    registration = Registration(
        f"device-{racing.number}", racing.type_id, racing.serial, push_token
    )
    return installations.register(racing.world.context, registration, racing.token)


def claim_one(world: World) -> Delivery:
    (batch,) = deliveries.claim(world.context, WalletName.APPLE)
    (delivery,) = batch.deliveries
    return delivery


def conclude(world: World, delivery: Delivery, outcome: PushOutcome, **details: Any) -> None:
    result = PushResult(delivery.id, outcome, "said by the test", **details)
    deliveries.conclude(world.context, [(delivery, result)])


def debts(world: World) -> Sequence[DeliveryRow]:
    with world.context.reading() as transaction:
        return transaction.session.scalars(select(DeliveryRow)).all()


def installed(world: World, brand_id: UUID) -> int:
    with world.context.reading() as transaction:
        query = select(InstallationRow).where(InstallationRow.brand_id == brand_id)
        return len(transaction.session.scalars(query).all())


def with_wallet(world: World, wallet: FakeWallet) -> Context:
    return replace(world.context, wallets=FakeWallets(wallet), _wallets={})


@pytest.mark.parametrize("gone_in", [None, timedelta(seconds=1)])
def test_what_apple_says_of_an_old_token_does_not_touch_the_new_one(
    world: World, gone_in: timedelta | None
) -> None:
    racing = owing(world)
    delivery = claim_one(world)
    register_anew(racing, "bb0001")
    gone_since: datetime | None = world.clock() + gone_in if gone_in else None

    conclude(world, delivery, PushOutcome.GONE, gone_since=gone_since)

    assert installed(world, world.brand.id) == 1
    assert claim_one(world).push_token == "bb0001"


def test_a_push_to_the_old_token_does_not_settle_the_debt_to_the_new_one(world: World) -> None:
    racing = owing(world)
    delivery = claim_one(world)
    register_anew(racing, "bb0001")

    conclude(world, delivery, PushOutcome.ACCEPTED)

    assert claim_one(world).push_token == "bb0001"


def test_a_new_token_does_not_wait_for_the_old_ones_next_try(world: World) -> None:
    world.clock.freeze()
    racing = owing(world)
    conclude(world, claim_one(world), PushOutcome.TRY_LATER, wait=timedelta(hours=1))

    register_anew(racing, "bb0001")

    assert claim_one(world).push_token == "bb0001"


def test_what_apple_says_to_one_brand_does_not_touch_another(world: World) -> None:
    owing(world)
    other = replace(
        world, brand=a_brand(world.context, world.authority, "Other", "pass.com.example.other")
    )
    register_anew(Racing(other, 2), "aa0001")

    conclude(world, claim_one(world), PushOutcome.GONE)

    assert installed(world, world.brand.id) == 0
    assert installed(world, other.brand.id) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_registration_that_comes_while_a_token_is_being_forgotten_is_kept(world: World) -> None:
    racing = owing(world)
    delivery = claim_one(world)
    gone_since = world.clock()
    account_id = UUID(racing.card["account"]["id"])

    with ThreadPoolExecutor(2) as pool:
        with world.context.transaction() as transaction:
            accounts.lock(transaction, account_id)
            registering = pool.submit(register_anew, racing, f"aa{racing.number:04}")
            wait_for_waiters(world, 1)
            forgetting = pool.submit(
                conclude, world, delivery, PushOutcome.GONE, gone_since=gone_since
            )
            wait_for_waiters(world, 2)
        registering.result()
        forgetting.result()

    assert installed(world, world.brand.id) == 1


def test_a_change_during_a_push_does_not_cut_short_the_wait_apple_asked_for(world: World) -> None:
    now = world.clock.freeze()
    racing = owing(world)
    delivery = claim_one(world)
    racing.add_point("e-2")

    conclude(world, delivery, PushOutcome.TRY_LATER, wait=timedelta(minutes=5))

    (debt,) = debts(world)
    assert debt.due_at == now + timedelta(minutes=5)
    assert debt.attempts == 1


@dataclass
class Poisoned(FakeWallet):
    """Raises for one brand, as a fault of our own would."""

    brand_id: UUID | None = None

    def push(self, batch: Sequence[Delivery]) -> Iterator[PushResult]:
        if any(delivery.brand_id == self.brand_id for delivery in batch):
            raise RuntimeError("a fault of ours")
        yield from super().push(batch)


def test_a_brand_whose_pushes_fail_does_not_hold_up_another(world: World) -> None:
    other = replace(
        world, brand=a_brand(world.context, world.authority, "Other", "pass.com.example.other")
    )
    owing(world, 1)
    owing(other, 2)
    wallet = Poisoned(brand_id=world.brand.id)
    context = with_wallet(world, wallet)

    served = [deliver_due(context, WalletName.APPLE), deliver_due(context, WalletName.APPLE)]

    assert served == [True, True]
    assert [delivery.brand_id for delivery in wallet.pushed] == [other.brand.id]


def test_one_token_that_does_not_open_does_not_hold_up_the_others(world: World) -> None:
    owing(world, 1)
    owing(world, 2)
    with world.context.transaction() as transaction:
        broken = debts(world)[0]
        transaction.session.execute(
            text("UPDATE devices SET push_token = push_token_digest WHERE id = :id").bindparams(
                id=broken.device_id if transaction.is_postgresql else broken.device_id.hex
            )
        )
    wallet = FakeWallet()

    deliver_due(with_wallet(world, wallet), WalletName.APPLE)

    assert len(wallet.pushed) == 1
    (noted,) = [debt.last_error for debt in debts(world) if debt.id == broken.id]
    assert "master key" in str(noted)
