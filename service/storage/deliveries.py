"""Debts to targets: claimed by lease, finished under the same lease."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, case, func, select, update

from service.domain.deliveries import BATCH, LEASE, Delivery, Priority, not_before, retry_after
from service.domain.errors import SetupError
from service.domain.passes import Pass
from service.storage.database import Transaction
from service.storage.tables import DeliveryRow, DeviceRow, InstallationRow, PassRow


def claim(transaction: Transaction, lease: UUID, now: datetime) -> list[Delivery]:
    """Lease up to 50 due deliveries of one brand, the most urgent and oldest first.

    The brand is that of the most urgent one: a slow brand must not hold leases of others. A lease
    moves `due_at` to its end: if its owner dies, the debt is due again by itself.
    """
    first = (
        select(DeliveryRow.brand_id)
        .where(DeliveryRow.due_at <= now)
        .order_by(DeliveryRow.priority, DeliveryRow.due_at)
        .limit(1)
    )
    due = (
        select(DeliveryRow.id)
        .where(DeliveryRow.due_at <= now, DeliveryRow.brand_id == first.scalar_subquery())
        .order_by(DeliveryRow.priority, DeliveryRow.due_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    claimed = (
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(due.scalar_subquery()))
        .values(lease=lease, due_at=now + LEASE)
        .returning(DeliveryRow.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(transaction.session.scalars(claimed))
    return _leased(transaction, ids, lease) if ids else []


def _leased(transaction: Transaction, ids: Sequence[UUID], lease: UUID) -> list[Delivery]:
    query = (
        select(DeliveryRow, DeviceRow, PassRow.type_id)
        .join(DeviceRow, DeviceRow.id == DeliveryRow.device_id)
        .join(PassRow, PassRow.id == DeliveryRow.pass_id)
        .where(DeliveryRow.id.in_(ids))
        .order_by(DeliveryRow.priority, DeliveryRow.id)
        .execution_options(populate_existing=True)
    )
    rows = transaction.session.execute(query).all()
    return [each for row in rows if (each := _opened(transaction, row[0], row[1], row[2], lease))]


def _opened(
    transaction: Transaction, row: DeliveryRow, device: DeviceRow, type_id: str, lease: UUID
) -> Delivery | None:
    """Return the delivery, or None if its push token does not open; that is noted at the row."""
    try:
        push_token = transaction.vault.open(device.push_token, "devices", device.id)
    except SetupError as error:
        row.last_error = error.detail
        transaction.session.flush()
        return None
    return Delivery(
        id=row.id,
        brand_id=row.brand_id,
        pass_id=row.pass_id,
        device_id=device.id,
        wallet=row.wallet,
        type_id=type_id,
        push_token=push_token,
        version=row.wanted_version,
        attempts=row.attempts,
        lease=lease,
    )


def finish(transaction: Transaction, delivery: Delivery, now: datetime) -> None:
    """Record that the target was told; a lost lease or a newer record is left alone."""
    newer = DeliveryRow.wanted_version > delivery.version
    again = not_before(now)
    transaction.session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.id == delivery.id,
            DeliveryRow.lease == delivery.lease,
            DeliveryRow.sent_version <= delivery.version,
        )
        .values(
            sent_version=delivery.version,
            sent_at=now,
            due_at=case((newer, _unless_sooner(again)), else_=None),
            priority=case((newer, DeliveryRow.priority), else_=int(Priority.NORMAL)),
            idle_at=again,
            lease=None,
            attempts=0,
            last_error=None,
        )
    )


def _unless_sooner(again: datetime) -> ColumnElement[datetime]:
    # A block that came during the lease made `due_at` earlier than the pause: it keeps its place.
    return case((DeliveryRow.due_at < again, DeliveryRow.due_at), else_=again)


def give_back(
    transaction: Transaction, delivery: Delivery, why: str, now: datetime, wait: datetime | None
) -> None:
    """Note the failed attempt and when to try again: after a growing pause, or at `wait`."""
    attempts = delivery.attempts + 1
    later = max(now + retry_after(attempts), wait or now)
    urgent = DeliveryRow.priority == int(Priority.URGENT)
    blocked_meanwhile = and_(urgent, DeliveryRow.wanted_version > delivery.version)
    soonest = case((blocked_meanwhile, _unless_sooner(later)), else_=later)
    transaction.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == delivery.id, DeliveryRow.lease == delivery.lease)
        .values(lease=None, due_at=soonest, attempts=attempts, last_error=why)
    )


def end_leases(transaction: Transaction, now: datetime) -> None:
    """Make every leased delivery due; only for a process that nobody else can compete with."""
    transaction.session.execute(
        update(DeliveryRow).where(DeliveryRow.lease.is_not(None)).values(lease=None, due_at=now)
    )


def next_due(transaction: Transaction) -> datetime | None:
    """Return when the next delivery is due, or None if nothing is owed."""
    return transaction.session.scalar(select(func.min(DeliveryRow.due_at)))


def of_passes(transaction: Transaction, pass_ids: Sequence[UUID]) -> list[tuple[UUID, int, int]]:
    """Return (pass, sent version, failed attempts) of every target of these passes."""
    query = select(DeliveryRow.pass_id, DeliveryRow.sent_version, DeliveryRow.attempts).where(
        DeliveryRow.pass_id.in_(pass_ids)
    )
    return [(row[0], row[1], row[2]) for row in transaction.session.execute(query)]


def owe_if_untold(transaction: Transaction, shown: Pass, device_id: UUID, now: datetime) -> None:
    """Make the push due at once unless the device was told of the pass as it is now.

    A push may have gone, or be on its way, to the token that the device had before: a lease on
    it is taken away, so that its end settles nothing.
    """
    untold = select(InstallationRow.id).where(
        InstallationRow.pass_id == shown.id,
        InstallationRow.device_id == device_id,
        InstallationRow.told_version.is_distinct_from(shown.version),
    )
    owed = transaction.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.installation_id.in_(untold))
        .values(due_at=now, lease=None, attempts=0, sent_version=shown.version - 1)
    )
    transaction.owes_push |= cast("CursorResult[Any]", owed).rowcount > 0
