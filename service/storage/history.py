"""The append-only record of acts on cards."""

from uuid import UUID

from sqlalchemy import select

from service.domain.cards import CardAction
from service.domain.errors import ActionNotFound
from service.domain.history import Record
from service.domain.pages import Cut, Page
from service.storage.database import Transaction
from service.storage.pages import newest_first
from service.storage.tables import HistoryRow


def append(transaction: Transaction, record: Record) -> None:
    values = {**vars(record), "pass_versions": dict(record.pass_versions)}
    transaction.session.add(HistoryRow(**values))
    transaction.session.flush()


def latest(transaction: Transaction, card_id: UUID) -> Record | None:
    """Return what was last asked to be done to the card, or None; a sign-up is no such act."""
    query = select(HistoryRow).where(
        HistoryRow.card_id == card_id, HistoryRow.action.in_(list(CardAction))
    )
    row = transaction.session.scalars(query.order_by(HistoryRow.id.desc()).limit(1)).first()
    return None if row is None else _record(row)


def get(transaction: Transaction, brand_id: UUID, record_id: UUID) -> Record:
    """Return one act of this brand.

    Raises:
        ActionNotFound: the brand has none with that id.
    """
    row = transaction.session.get(HistoryRow, record_id)
    if row is None or row.brand_id != brand_id:
        raise ActionNotFound(f"There is no action {record_id}.")
    return _record(row)


def of_card(transaction: Transaction, card_id: UUID) -> list[Record]:
    """Return all acts on the card, oldest first."""
    query = select(HistoryRow).where(HistoryRow.card_id == card_id).order_by(HistoryRow.id)
    return [_record(row) for row in transaction.session.scalars(query)]


def page(transaction: Transaction, card_id: UUID, cut: Cut) -> Page[Record]:
    """Return a part of the acts on the card, newest first."""
    query = select(HistoryRow).where(HistoryRow.card_id == card_id)
    return newest_first(transaction, query, HistoryRow, cut).mapped(lambda row: _record(row[0]))


def _record(row: HistoryRow) -> Record:
    return Record(
        id=row.id,
        brand_id=row.brand_id,
        card_id=row.card_id,
        account_id=row.account_id,
        action=row.action,
        reason=row.reason,
        comment=row.comment,
        from_status=row.from_status,
        to_status=row.to_status,
        actor=row.actor,
        channel=row.channel,
        request_id=row.request_id,
        store=row.store,
        pass_versions=row.pass_versions,
        created_at=row.created_at,
    )
