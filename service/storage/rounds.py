"""Several writes in one round trip: on PostgreSQL as one statement, on SQLite one by one.

The statements of one round must not depend on each other's effect: on PostgreSQL they all see
the same snapshot, taken when the round begins. Statements are built once per process and bound to
values per call: building one costs more than the database takes to run it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Select, Table, Update, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from service.storage.database import Transaction


@dataclass(frozen=True)
class Write:
    """A statement and the values of its parameters, whose names no other statement uses."""

    statement: Insert | Update
    values: Mapping[str, Any]


def table_of(row: type[Any]) -> Table:
    """Return the bare table of a row class, for statements that load no objects."""
    return cast("Table", row.__table__)


def in_one_round(transaction: Transaction, writes: Sequence[Write]) -> list[int]:
    """Run the writes and return how many rows each one wrote."""
    connection = transaction.session.connection()
    statements = tuple(write.statement for write in writes)
    if not transaction.is_postgresql or len(set(statements)) < len(statements):
        return [connection.execute(w.statement, dict(w.values)).rowcount for w in writes]
    values = {name: value for write in writes for name, value in write.values.items()}
    return list(connection.execute(_combined(statements), values).one())


@cache
def _combined(statements: tuple[Insert | Update, ...]) -> Select[Any]:
    parts = [
        statement.returning(literal(1).label("one")).cte(f"w{n}")
        for n, statement in enumerate(statements)
    ]
    return select(*(select(func.count()).select_from(p).scalar_subquery() for p in parts))


def insert_new(transaction: Transaction, row: type[Any], **values: Any) -> bool:
    """Insert the row unless one with the same key exists; say whether it was inserted."""
    write = conflict_free_insert(transaction.is_postgresql, row).values(**values)
    return transaction.session.execute(write.returning(literal(1))).first() is not None


def conflict_free_insert(is_postgresql: bool, row: Any) -> Any:
    """Return an INSERT of this engine that leaves existing rows alone."""
    module = postgresql if is_postgresql else sqlite
    return module.insert(row).on_conflict_do_nothing()
