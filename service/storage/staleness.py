"""Phones to be looked after: found by the time of their next look, never by a walk over all."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, update

from service.domain.passes import WalletName
from service.domain.staleness import SETTLED, STALE_AFTER, Step, Watch
from service.storage.database import Transaction
from service.storage.deliveries import is_halted
from service.storage.tables import DeliveryRow, HaltRow, InstallationRow, PassRow


def to_look_at(transaction: Transaction, now: datetime, at_most: int) -> list[tuple[UUID, Watch]]:
    """Return deliveries to phones whose look is due, the longest due first; locks them.

    Those that another transaction has in hand are left out.
    """
    query = (
        select(DeliveryRow, _is_heard(), HaltRow.type_id)
        .join(InstallationRow, InstallationRow.id == DeliveryRow.installation_id)
        .join(PassRow, PassRow.id == DeliveryRow.pass_id)
        .outerjoin(HaltRow, is_halted())
        .where(DeliveryRow.wallet == WalletName.APPLE, DeliveryRow.confirm_at <= now)
        .order_by(DeliveryRow.confirm_at)
        .limit(at_most)
        .with_for_update(of=DeliveryRow, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    rows = transaction.session.execute(query)
    return [(row.id, _watch(row, is_heard, halt)) for row, is_heard, halt in rows]


def _watch(row: DeliveryRow, is_heard: bool, halt: str | None) -> Watch:
    return Watch(
        is_owed=row.due_at is not None,
        is_heard=bool(is_heard),
        is_halted=halt is not None,
        repushes=row.repushes,
        repushes_since=row.repushes_since,
    )


def _is_heard() -> ColumnElement[bool]:
    """Say whether the phone has asked for the version; a fetch counts if it was surely its own."""
    fetched = PassRow.fetched_version >= PassRow.version
    alone = and_(PassRow.single_since.is_not(None), PassRow.fetched_at >= PassRow.single_since)
    asked = func.coalesce(InstallationRow.told_version, 0) >= PassRow.version
    return func.coalesce(or_(asked, and_(fetched, alone)), False)


def save(transaction: Transaction, steps: Sequence[tuple[UUID, Step]], now: datetime) -> None:
    """Write down what the looks made of these deliveries."""
    settled = [row_id for row_id, step in steps if step == SETTLED]
    if settled:
        values = {"confirm_at": None, "repushes": 0, "repushes_since": None}
        theirs = update(DeliveryRow).where(DeliveryRow.id.in_(settled))
        transaction.session.execute(theirs.values(**values))
    for row_id, step in steps:
        if step != SETTLED:
            _save(transaction, row_id, step, now)


def _save(transaction: Transaction, row_id: UUID, step: Step, now: datetime) -> None:
    due = {"due_at": now} if step.is_repushed else {}
    transaction.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == row_id)
        .values(
            confirm_at=step.look_at,
            repushes=step.repushes,
            repushes_since=step.repushes_since,
            **due,
        )
    )
    transaction.owes_push |= step.is_repushed


def count_by_brand(transaction: Transaction, now: datetime) -> dict[UUID, int]:
    """Return how many phones of each brand were pushed again and have still not come."""
    query = (
        select(DeliveryRow.brand_id, func.count())
        .join(InstallationRow, InstallationRow.id == DeliveryRow.installation_id)
        .join(PassRow, PassRow.id == DeliveryRow.pass_id)
        .where(
            DeliveryRow.repushes_since.is_not(None),
            DeliveryRow.sent_at <= now - STALE_AFTER,
            DeliveryRow.sent_version >= PassRow.version,
            not_(_is_heard()),
        )
        .group_by(DeliveryRow.brand_id)
    )
    return {brand_id: number for brand_id, number in transaction.session.execute(query)}
