"""Reads a list part by part. Ids are UUIDv7, so the order of ids is the order of creation."""

from typing import Any

from sqlalchemy import Select

from service.domain.pages import Cut, Page
from service.storage.database import Transaction
from service.storage.tables import Owned


def newest_first(
    transaction: Transaction, query: Select[*tuple[Any, ...]], row: type[Owned], cut: Cut
) -> Page[Any]:
    """Return the part of `query` that is wanted, as rows of which the first column is a `row`.

    What is added meanwhile is newer than any `before`, so it moves nothing between the parts.
    """
    if cut.before is not None:
        query = query.where(row.id < cut.before)
    # One more than is wanted tells whether there is more.
    query = query.order_by(row.id.desc()).limit(cut.limit + 1)
    found = transaction.session.execute(query.execution_options(populate_existing=True)).all()
    items = list(found[: cut.limit])
    return Page(items, items[-1][0].id if len(found) > cut.limit else None)
