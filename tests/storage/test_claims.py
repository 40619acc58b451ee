"""Due debts are found by an index on both engines, also past a halted type with a long backlog."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, update

from service.domain.passes import WalletName
from service.operations import deliveries, halting, staleness
from service.storage.tables import DeliveryRow
from service.wallets.interface import PushOutcome, PushResult
from tests.crowd import crowd
from tests.world import World, a_brand

BY_ID = {"pk_deliveries", "sqlite_autoindex_deliveries_1"}
READS = re.compile(r"FROM deliveries\b|JOIN deliveries\b")


@contextmanager
def noted() -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements that read deliveries, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *others: Any) -> None:
        if READS.search(statement):
            sent.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def indexes(world: World, work: Callable[[], object]) -> list[set[str]]:
    """Return, per statement that reads deliveries, the indexes by which it does."""
    with noted() as sent:
        work()
    is_postgresql = world.context.database.is_postgresql
    explain = "EXPLAIN" if is_postgresql else "EXPLAIN QUERY PLAN"
    plans = []
    with world.context.transaction() as transaction:
        connection = transaction.session.connection()
        if is_postgresql:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, parameters in sent:
            rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
            plan = "\n".join(str(row[0] if is_postgresql else row[3]) for row in rows)
            plans.append(used(plan))
    return plans


def used(plan: str) -> set[str]:
    """Return the indexes by which a plan reads deliveries; `all` if it reads every row."""
    by_sqlite = r"(?:SEARCH|SCAN) deliveries USING (?:COVERING )?INDEX (\w+)"
    by_postgresql = r"Index (?:Only )?Scan (?:using|on) (\w*deliveries\w*)"
    found = {name for pair in re.findall(f"{by_sqlite}|{by_postgresql}", plan) for name in pair}
    everything = re.search(r"SCAN deliveries(?! USING)|Seq Scan on deliveries", plan)
    return (found - {""}) | ({"all"} if everything else set())


@pytest.fixture
def busy(world: World) -> World:
    """Two brands; the type of the first one is halted with a backlog, the other owes two pushes."""
    world.clock.freeze()
    crowd(world, world.card(), 60)
    (batch,) = deliveries.claim(world.context, WalletName.APPLE)
    refused = [(each, PushResult(each.id, PushOutcome.HALT, "no")) for each in batch.deliveries]
    deliveries.conclude(world.context, refused)
    world.brand = a_brand(world.context, world.authority, "Other", "pass.com.example.other")
    crowd(world, world.card(), 2)
    return world


def test_a_claim_looks_each_types_first_debt_up(busy: World) -> None:
    found: list[Any] = []

    def claim() -> None:
        found.extend(deliveries.claim(busy.context, WalletName.APPLE))

    plans = indexes(busy, claim)

    assert len(found[0].deliveries) == 2
    assert {"ix_deliveries_due_by_type"} in plans
    assert set().union(*plans) <= {"ix_deliveries_due_by_type", *BY_ID}


def test_a_probe_is_chosen_by_the_index_of_its_types_debts(busy: World) -> None:
    found: list[Any] = []
    busy.clock.forward(minutes=2)

    def claim() -> None:
        while batches := deliveries.claim(busy.context, WalletName.APPLE):
            found.extend(batches[0].deliveries)

    plans = indexes(busy, claim)

    assert [each.is_probe for each in found].count(True) == 1
    assert set().union(*plans) <= {"ix_deliveries_due_by_type", *BY_ID}


def test_a_halt_without_debts_is_found_by_the_index_of_debts(busy: World) -> None:
    busy.clock.forward(minutes=2)

    (plan,) = indexes(busy, lambda: halting.end_needless(busy.context))

    assert plan == {"ix_deliveries_due_by_type"}


@pytest.mark.parametrize("wallet", WalletName)
def test_an_idle_worker_learns_by_an_index_when_the_next_debt_is_due(
    busy: World, wallet: WalletName
) -> None:
    plans = indexes(busy, lambda: deliveries.idle_s(busy.context, wallet, 1.0))

    assert plans == [{"ix_deliveries_due"}]


def test_phones_to_be_looked_after_are_found_by_the_time_of_their_look(busy: World) -> None:
    with busy.context.transaction() as transaction:
        now = busy.clock()
        looked_at = update(DeliveryRow).values(
            confirm_at=now, due_at=None, sent_at=now - timedelta(hours=5)
        )
        transaction.session.execute(looked_at)

    first, *_ = indexes(busy, lambda: staleness.sweep(busy.context))

    assert first == {"ix_deliveries_confirm"}


def test_stale_phones_are_counted_by_the_index_of_those_pushed_again(busy: World) -> None:
    (plan,) = indexes(busy, lambda: staleness.count(busy.context))

    assert plan == {"ix_deliveries_repushed"}
