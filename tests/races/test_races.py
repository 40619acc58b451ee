"""A phone registers while points commit: whatever comes first, the phone is told."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select, text

from service.domain.accounts import Operator
from service.domain.brands import Mode
from service.domain.cards import Act, CardAction, Reason
from service.domain.errors import AlreadyExists
from service.domain.installations import Registration
from service.domain.passes import WalletName
from service.emulators.certificates import Authority
from service.emulators.google.emulator import GoogleEmulator
from service.operations import (
    cards,
    credentials,
    deliveries,
    installations,
    offers,
    points,
    programs,
)
from service.operations.points import PointsEvent
from service.operations.runner import retrying
from service.storage import accounts
from service.storage.tables import DeliveryRow, PassRow
from service.wallets.interface import PushOutcome, PushResult
from tests.google import ISSUER, key_file
from tests.world import World

RACES = 300
FORCED_RACES = 40
Race = Callable[[], object]


class Racing:
    """A phone that has downloaded a pass, about to register it while points change."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        self.card = world.card(f"m-{number}", points=0)
        token = self.card["links"]["apple"].split("/")[-2]
        offers.apple_pass(world.context, token)
        with world.context.reading() as transaction:
            query = select(PassRow).where(PassRow.card_id == UUID(self.card["id"]))
            shown = transaction.session.scalars(query).one()
            self.pass_id, self.type_id, self.serial = shown.id, shown.type_id, shown.serial
            self.token = transaction.vault.open(shown.token, "passes", "token", shown.id)

    def register(self) -> bool:
        registration = Registration(
            f"device-{self.number}", self.type_id, self.serial, f"aa{self.number:04}"
        )
        return retrying(
            lambda: installations.register(self.world.context, registration, self.token)
        )

    def add_point(self, event_id: str = "e-1") -> points.PointsResult:
        event = PointsEvent(
            f"{event_id} {self.number}", b"same", Operator.ADD, 1, card_number=self.card["number"]
        )
        return retrying(
            lambda: points.record(self.world.context, self.world.brand.actor, "api", event)
        )

    def is_missed(self) -> bool:
        """Say whether the phone holds an old copy and is not owed a push for the newest."""
        with self.world.context.reading() as transaction:
            version = transaction.session.get_one(PassRow, self.pass_id).version
            debt = transaction.session.scalars(
                select(DeliveryRow).where(DeliveryRow.pass_id == self.pass_id)
            ).one()
            assert version > 1
            return debt.due_at is None or debt.wanted_version != version


def _together(*racers: Race) -> None:
    barrier = threading.Barrier(len(racers))

    def run(racer: Race) -> object:
        barrier.wait()
        return racer()

    with ThreadPoolExecutor(len(racers)) as pool:
        for done in [pool.submit(run, racer) for racer in racers]:
            done.result()


def test_no_phone_is_missed_in_300_aligned_races(world: World) -> None:
    missed = []

    for number in range(RACES):
        racing = Racing(world, number)
        _together(racing.register, racing.add_point)
        missed += [number] if racing.is_missed() else []

    assert missed == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("first", ["register", "points"])
def test_no_phone_is_missed_when_both_wait_for_the_same_lock(world: World, first: str) -> None:
    missed = []

    for number in range(FORCED_RACES):
        racing = Racing(world, number)
        order: list[Race] = [racing.register, racing.add_point]
        _queued_for_the_lock(racing, order if first == "register" else order[::-1])
        missed += [number] if racing.is_missed() else []

    assert missed == []


def _queued_for_the_lock(racing: Racing, racers: list[Race]) -> None:
    """Run the racers so that each waits for the account's lock, in this order."""
    with ThreadPoolExecutor(len(racers)) as pool:
        sent = []
        with racing.world.context.transaction() as transaction:
            accounts.lock(transaction, UUID(racing.card["account"]["id"]))
            for waiting, racer in enumerate(racers, start=1):
                sent.append(pool.submit(racer))
                wait_for_waiters(racing.world, waiting)
        for each in sent:
            each.result()


def wait_for_waiters(world: World, count: int) -> None:
    query = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    end = time.monotonic() + 10
    while True:
        with world.context.reading() as transaction:
            if (transaction.session.scalar(query) or 0) >= count:
                return
        assert time.monotonic() < end, "nobody waits for the lock"


def test_a_claimed_debt_is_owed_again_when_points_change_meanwhile(world: World) -> None:
    world.clock.freeze()
    racing = Racing(world, 1)
    racing.register()
    racing.add_point("e-1")
    (batch,) = deliveries.claim(world.context, WalletName.APPLE)
    racing.add_point("e-2")

    deliveries.conclude(
        world.context,
        [(each, PushResult(each.id, PushOutcome.ACCEPTED)) for each in batch.deliveries],
    )

    assert not racing.is_missed()
    assert deliveries.claim(world.context, WalletName.APPLE) == []
    world.clock.forward(seconds=2)
    assert len(deliveries.claim(world.context, WalletName.APPLE)) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_card_that_is_blocked_while_its_points_are_spent_does_not_spend(world: World) -> None:
    racing = Racing(world, 1)
    racing.add_point()
    actor, card_id = world.brand.actor, UUID(racing.card["id"])
    spend = PointsEvent("spend", b"s", Operator.ADD, -1, card_id=card_id)

    with ThreadPoolExecutor(2) as pool:
        with world.context.transaction() as transaction:
            accounts.lock(transaction, UUID(racing.card["account"]["id"]))
            block = Act(CardAction.BLOCK, Reason.STOLEN)
            blocking = pool.submit(cards.act, world.context, actor, card_id, block)
            wait_for_waiters(world, 1)
            spending = pool.submit(points.record, world.context, actor, "api", spend)
            wait_for_waiters(world, 2)
        blocking.result()

    assert (spending.result().outcome, spending.result().why) == ("refused", "card_blocked")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_brands_that_import_one_issuer_at_once_one_is_refused(
    world: World, authority: Authority
) -> None:
    other = programs.create_brand(world.context, "Other", Mode.TEST).id
    with GoogleEmulator(authority) as google:
        key = key_file(google)

    def import_for(brand_id: UUID) -> str:
        try:
            credentials.import_google_key(world.context, brand_id, key, ISSUER)
        except AlreadyExists:
            return "refused"
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(import_for, [world.brand.id, other]))

    assert sorted(outcomes) == ["refused", "taken"]
