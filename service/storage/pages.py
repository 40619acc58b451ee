"""Reads a list part by part, in the order of ids.

Ids are UUIDv7: they begin with the clock of the machine that made them. So the order is that of
creation within a process, and between machines as far as their clocks agree.
"""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func
from sqlalchemy.orm import InstrumentedAttribute

from service.domain.pages import Cut, Page
from service.storage.database import Transaction
from service.storage.tables import Owned

T = TypeVar("T")


def newest_first(
    transaction: Transaction,
    query: Select[*tuple[Any, ...]],
    row: type[Owned],
    cut: Cut,
    *,
    is_narrow: bool = False,
) -> Page[Any]:
    """Return the part of `query` that is wanted, as rows of which the first column is a `row`.

    What is added meanwhile moves nothing between the parts: its place is among the newest ones or,
    from a machine whose clock is behind, where its id belongs. `is_narrow`: an index of the query's
    own finds a few rows, which are then sorted.
    """
    place = unindexed(row.id) if is_narrow else row.id
    if cut.before is not None:
        query = query.where(place < cut.before)
    # One more than is wanted tells whether there is more.
    query = query.order_by(place.desc()).limit(cut.limit + 1)
    found = transaction.session.execute(query.execution_options(populate_existing=True)).all()
    items = list(found[: cut.limit])
    return Page(items, items[-1][0].id if len(found) > cut.limit else None)


def unindexed(column: InstrumentedAttribute[T]) -> ColumnElement[T]:
    """Return the same value in words that neither engine looks up in an index."""
    return func.coalesce(column, column)
