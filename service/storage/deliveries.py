"""Debts to targets: claimed by lease, finished under the same lease."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, case, func, select, update

from service.domain.deliveries import (
    BATCH,
    LEASE,
    Delivery,
    Priority,
    Progress,
    not_before,
    retry_after,
)
from service.domain.errors import SetupError
from service.domain.passes import Pass, WalletName
from service.storage.database import Transaction
from service.storage.tables import DeliveryRow, DeviceRow, InstallationRow, PassRow


def claim(
    transaction: Transaction, wallet: WalletName, lease: UUID, now: datetime
) -> list[Delivery]:
    """Lease a batch of a wallet's due deliveries of one brand, the most urgent and oldest first.

    The brand is that of the most urgent one: a slow brand must not hold leases of others. A lease
    moves `due_at` to its end: if its owner dies, the debt is due again by itself.
    """
    is_due = and_(DeliveryRow.wallet == wallet, DeliveryRow.due_at <= now)
    first = (
        select(DeliveryRow.brand_id)
        .where(is_due)
        .order_by(DeliveryRow.priority, DeliveryRow.due_at)
        .limit(1)
    )
    due = (
        select(DeliveryRow.id)
        .where(is_due, DeliveryRow.brand_id == first.scalar_subquery())
        .order_by(DeliveryRow.priority, DeliveryRow.due_at)
        .limit(BATCH[wallet])
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
        .outerjoin(DeviceRow, DeviceRow.id == DeliveryRow.device_id)
        .join(PassRow, PassRow.id == DeliveryRow.pass_id)
        .where(DeliveryRow.id.in_(ids))
        .order_by(DeliveryRow.priority, DeliveryRow.id)
        .execution_options(populate_existing=True)
    )
    rows = transaction.session.execute(query).all()
    return [each for row in rows if (each := _opened(transaction, row[0], row[1], row[2], lease))]


def _opened(
    transaction: Transaction,
    row: DeliveryRow,
    device: DeviceRow | None,
    type_id: str,
    lease: UUID,
) -> Delivery | None:
    """Return the delivery, or None if its push token does not open; that is noted at the row."""
    push_token = ""
    try:
        if device is not None:
            push_token = transaction.vault.open(device.push_token, "devices", device.id)
    except SetupError as error:
        row.last_error = error.detail
        transaction.session.flush()
        return None
    assert row.due_at is not None
    return Delivery(
        id=row.id,
        brand_id=row.brand_id,
        pass_id=row.pass_id,
        device_id=row.device_id,
        wallet=WalletName(row.wallet),
        type_id=type_id,
        push_token=push_token,
        version=row.wanted_version,
        attempts=row.attempts,
        lease=lease,
        leased_until=row.due_at,
    )


def insert_target(
    transaction: Transaction,
    delivery_id: UUID,
    shown: Pass,
    due_at: datetime | None,
    now: datetime,
    *,
    installation_id: UUID | None = None,
    device_id: UUID | None = None,
) -> None:
    """Add a target of the pass; it owes a push at `due_at`, or nothing if that is None.

    An installation's target names it and its device; an object at the wallet's vendor has none.
    """
    transaction.session.add(
        DeliveryRow(
            id=delivery_id,
            brand_id=shown.brand_id,
            account_id=shown.account_id,
            pass_id=shown.id,
            installation_id=installation_id,
            device_id=device_id,
            wallet=shown.wallet,
            wanted_version=shown.version,
            sent_version=0 if due_at else shown.version,
            priority=Priority.NORMAL,
            due_at=due_at,
            idle_at=now,
            attempts=0,
        )
    )
    transaction.session.flush()
    transaction.owes_push |= due_at is not None and due_at <= now


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


def next_due(transaction: Transaction, wallet: WalletName) -> datetime | None:
    """Return when the wallet's next delivery is due, or None if nothing is owed."""
    query = select(func.min(DeliveryRow.due_at)).where(
        DeliveryRow.wallet == wallet, DeliveryRow.due_at.is_not(None)
    )
    return transaction.session.scalar(query)


def of_passes(transaction: Transaction, pass_ids: Sequence[UUID]) -> list[Progress]:
    """Return how far every target of these passes is."""
    query = select(DeliveryRow).where(DeliveryRow.pass_id.in_(pass_ids))
    fresh = query.execution_options(populate_existing=True)
    return [_progress(row) for row in transaction.session.scalars(fresh)]


def _progress(row: DeliveryRow) -> Progress:
    return Progress(
        wallet=WalletName(row.wallet),
        pass_id=row.pass_id,
        sent_version=row.sent_version,
        sent_at=row.sent_at,
        attempts=row.attempts,
        last_error=row.last_error,
    )


def note_told(transaction: Transaction, shown: Pass, now: datetime) -> None:
    """Note that the vendor took the pass's first version when its link was asked for.

    Nothing changes if a worker has told it something since.
    """
    owed = DeliveryRow.wanted_version > shown.version
    transaction.session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.pass_id == shown.id,
            DeliveryRow.installation_id.is_(None),
            DeliveryRow.sent_version == 0,
            DeliveryRow.lease.is_(None),
        )
        .values(
            sent_version=shown.version,
            sent_at=now,
            due_at=case((owed, now), else_=None),
        )
    )


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
