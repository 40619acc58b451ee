"""A step finds its passes by an index, and reads none that were moved before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event, insert, select, update

from service.operations import moving
from service.storage.tables import AccountRow, CardRow, PassRow
from tests.http.test_plans import used
from tests.roll_outs import a_design, a_fleet, act, begin, due_steps, moved, run
from tests.world import World

TABLES = (AccountRow.__table__, CardRow.__table__, PassRow.__table__)
BY_BUCKET = "ix_passes_design_id_bucket_id"


@contextmanager
def sent(world: World) -> Iterator[list[tuple[str, Any]]]:
    """Collect what is sent to the database meanwhile."""
    found: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *others: Any) -> None:
        found.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def plan(world: World, statement: str, parameters: Any) -> str:
    """Return how the database goes about it, by what it knows of the rows that are there."""
    is_postgresql = world.context.database.is_postgresql
    explain = "EXPLAIN" if is_postgresql else "EXPLAIN QUERY PLAN"
    with world.context.transaction() as transaction:
        connection = transaction.session.connection()
        connection.exec_driver_sql("ANALYZE")
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    return "\n".join(str(row[0] if is_postgresql else row[3]) for row in rows)


def crowd(world: World, count: int) -> None:
    """Add so many cards, each on an account of its own; their passes show another design."""
    other = a_design(world)
    with world.context.transaction() as transaction:
        session = transaction.session
        account, card, shown = (
            dict(session.execute(select(table).limit(1)).mappings().one()) for table in TABLES
        )
        for n in range(count):
            account["id"] = uuid4()
            own = {"number": f"9{n}", "barcode": f"9{n}", "link_digest": b"%d" % n}
            card |= {"id": uuid4(), "account_id": account["id"], **own}
            shown |= {"id": uuid4(), "account_id": account["id"], "card_id": card["id"]}
            shown |= {"serial": f"s-{n}", "design_id": other.id, "bucket": n % 100}
            for table, row in zip(TABLES, (account, card, shown), strict=True):
                session.execute(insert(table), row)


@pytest.fixture
def begun(world: World) -> World:
    world.clock.freeze()
    a_fleet(world, [1, 2, 3])
    crowd(world, 300)
    begin(world, a_design(world), per_second=2)
    return world


def test_the_next_passes_are_found_in_the_order_of_the_index(begun: World) -> None:
    with sent(begun) as found:
        due_steps(begun)

    ((statement, parameters),) = [
        each for each in found if "FROM passes" in each[0] and "LIMIT" in each[0]
    ]
    planned = plan(begun, statement, parameters)
    assert used("passes", planned) == {BY_BUCKET}
    assert "Sort" not in planned
    assert "TEMP B-TREE" not in planned


def test_what_is_left_is_counted_by_the_index(begun: World) -> None:
    begun.clock.forward(seconds=11)

    with sent(begun) as found:
        shown = begun.call("GET", f"/v1/programs/{begun.brand.program.id}/roll-outs")

    assert shown.json["roll_outs"][0]["remaining"] == 3
    ((statement, parameters),) = [each for each in found if "count(*)" in each[0]]
    assert used("passes", plan(begun, statement, parameters)) == {BY_BUCKET}


def test_a_step_takes_few_statements_however_many_passes_it_moves(world: World) -> None:
    world.clock.freeze()
    cards = a_fleet(world, [1, *range(50, 57)])
    new = a_design(world)
    begun = begin(world, new, percent=10)
    counts = []
    for percent in (10, 100):
        act(world, begun, "widen", percent=percent)
        with sent(world) as found:
            moving.step(world.context, {})
        counts.append((len(moved(world, cards, new)), len(found)))
        run(world, 2)

    (few, statements), (many, as_many) = counts
    assert (few, many) == (1, 8)
    assert statements == as_many <= 12


def test_steps_go_on_from_the_bucket_that_was_reached_and_end_at_the_first(world: World) -> None:
    world.clock.freeze()
    cards = a_fleet(world, [3, 4, 5])
    new = a_design(world)
    begin(world, new, per_second=1)
    reached: dict[Any, int] = {}

    buckets = []
    for _ in range(2):
        due_steps(world, reached)
        buckets += reached.values()
        world.clock.forward(seconds=1)
    with world.context.transaction() as transaction:  # one that was locked, or made since
        behind = PassRow.bucket == 5
        transaction.session.execute(update(PassRow).where(behind).values(bucket=0))
    for _ in range(3):
        due_steps(world, reached)
        world.clock.forward(seconds=1)

    assert buckets == [3, 4]
    assert moved(world, cards, new) == [0, 1, 2]


def test_a_step_reads_nothing_before_the_bucket_in_hand(world: World) -> None:
    world.clock.freeze()
    cards = a_fleet(world, [3, 4, 5])
    new = a_design(world)
    begun = begin(world, new)

    moving.step(world.context, {UUID(begun["id"]): 4})

    assert moved(world, cards, new) == [1, 2]
