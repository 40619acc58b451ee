"""Reads an account's statement; its lines are written by `accounts`."""

from uuid import UUID

from sqlalchemy import Row, select

from service.domain.accounts import Entry, Operator, Order, OrderKind
from service.domain.pages import Cut, Page
from service.storage.database import Transaction
from service.storage.pages import newest_first
from service.storage.tables import EntryRow, EventRow


def page(transaction: Transaction, account_id: UUID, balance: str | None, cut: Cut) -> Page[Entry]:
    """Return a part of the account's statement (of one balance, if given), newest first."""
    query = (
        select(EntryRow, EventRow.event_id, EventRow.source)
        .outerjoin(EventRow, EventRow.id == EntryRow.event_id)
        .where(EntryRow.account_id == account_id)
    )
    if balance is not None:
        query = query.where(EntryRow.balance == balance)
    return newest_first(transaction, query, EntryRow, cut).mapped(_entry)


def _entry(found: Row[EntryRow, str | None, str | None]) -> Entry:
    row, event_id, source = found
    order = None
    if row.order_kind is not None and row.order_position is not None:
        order = Order(OrderKind(row.order_kind), row.order_position)
    return Entry(
        id=row.id,
        balance=row.balance,
        operator=Operator(row.operator),
        amount=row.amount,
        balance_after=row.balance_after,
        order=order,
        event_id=event_id,
        source=source,
        store=row.store,
        reason=row.reason,
        message=row.message,
        created_at=row.created_at,
    )
