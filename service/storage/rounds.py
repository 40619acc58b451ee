"""Several writes in one round trip: on PostgreSQL as one statement, on SQLite one by one.

The statements of one round must not depend on each other's effect: on PostgreSQL they all see
the same snapshot, taken when the round begins.
"""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Insert, Update, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from service.storage.database import Transaction

Write = Insert | Update | Delete


def in_one_round(transaction: Transaction, writes: Sequence[Write]) -> list[int]:
    """Run the writes and return how many rows each one wrote."""
    if not transaction.is_postgresql:
        return [_rows_written(transaction, write) for write in writes]
    parts = [
        write.returning(literal(1).label("one")).cte(f"w{n}") for n, write in enumerate(writes)
    ]
    counts = (select(func.count()).select_from(part).scalar_subquery() for part in parts)
    return list(transaction.session.execute(select(*counts)).one())


def _rows_written(transaction: Transaction, write: Write) -> int:
    result = transaction.session.execute(write, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount


def insert_new(transaction: Transaction, row: type[Any], **values: Any) -> bool:
    """Insert the row unless one with the same key exists; say whether it was inserted."""
    write = conflict_free_insert(transaction, row).values(**values)
    return transaction.session.execute(write.returning(row.id)).first() is not None


def conflict_free_insert(transaction: Transaction, row: type[Any]) -> Any:
    """Return an INSERT of this engine that leaves existing rows alone."""
    module = postgresql if transaction.is_postgresql else sqlite
    return module.insert(row).on_conflict_do_nothing()
