"""Lists are found by an index: neither engine reads all cards or entries of a brand."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.http.lists import part
from tests.world import World

CARDS = "/v1/cards"
BY_ACCOUNT = {"ix_cards_account_id_created_at", "uq_cards_account_id_active_slot"}
CASES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "plain": ({}, {"ix_cards_brand_id_id"}),
    "status": ({"status": "active"}, {"ix_cards_brand_id_status_id"}),
    "member": ({"member": "m-1"}, BY_ACCOUNT),
    "phone": ({"phone": "+14155552671"}, BY_ACCOUNT),
    "member and status": ({"member": "m-1", "status": "active"}, BY_ACCOUNT),
}


@contextmanager
def noted(table: str) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements that read a page of the table, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *others: Any) -> None:
        if f"FROM {table}" in statement and "LIMIT" in statement:
            sent.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def indexes(world: World, table: str, path: str, **asked: Any) -> set[str]:
    """Return the indexes by which the table is read when a part of a list is asked for."""
    with noted(table) as sent:
        part(world, path, **asked)
    ((statement, parameters),) = sent
    is_postgresql = world.context.database.is_postgresql
    explain = "EXPLAIN" if is_postgresql else "EXPLAIN QUERY PLAN"
    with world.context.reading() as transaction:
        connection = transaction.session.connection()
        if is_postgresql:
            connection.exec_driver_sql("SET enable_seqscan = off")
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    return used(table, "\n".join(str(row[0] if is_postgresql else row[3]) for row in rows))


def used(table: str, plan: str) -> set[str]:
    """Return the indexes of the table in a plan; `scan` if it is read without any."""
    by_sqlite = rf"SEARCH {table} USING (?:COVERING )?INDEX (\w+)"
    by_postgresql = rf"Index Scan(?: Backward)? (?:using|on) (\w*_{table}_\w+)"
    found = set(re.findall(rf"{by_sqlite}|{by_postgresql}", plan))
    scans = {"scan"} if re.search(rf"S(?:CAN|eq Scan on) {table}\b", plan) else set()
    return {name for pair in found for name in pair if name} | scans


@pytest.fixture
def busy(world: World) -> World:
    for number in range(5):
        world.card(f"m-{number}", member={"phone": "+14155552671"})
    return world


@pytest.mark.parametrize(("asked", "expected"), CASES.values(), ids=CASES)
def test_a_list_of_cards_is_found_by_an_index(
    busy: World, asked: dict[str, Any], expected: set[str]
) -> None:
    cursor = part(busy, CARDS, **asked, limit=1)["next_cursor"]
    later = {"cursor": cursor} if cursor else {}

    for more in ({}, later):
        found = indexes(busy, "cards", CARDS, **asked, **more)
        assert found, asked
        assert found <= expected


@pytest.mark.parametrize("balance", [None, "points"])
def test_a_statement_is_found_by_an_index(busy: World, balance: str | None) -> None:
    account = busy.card()["account"]["id"]
    asked = {"balance": balance} if balance else {}

    found = indexes(busy, "entries", f"/v1/accounts/{account}/entries", **asked)

    by_balance = {"ix_entries_account_id_balance_id"} if balance else set()
    assert found
    assert found <= {"ix_entries_account_id_id", *by_balance}
