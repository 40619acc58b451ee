"""Debts to targets: made, finished under the lease they were claimed by, and looked at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, case, func, select, update

from service.domain.deliveries import (
    CONFIRM_AFTER,
    Delivery,
    Priority,
    Progress,
    not_before,
    retry_after,
)
from service.domain.passes import Pass, WalletName
from service.storage.claims import left_open
from service.storage.database import Transaction
from service.storage.tables import DeliveryRow, InstallationRow


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
            type_id=shown.type_id,
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
    in_doubt = DeliveryRow.confirm_at > now
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
            due_at=case(
                (newer, _unless_sooner(again)), (in_doubt, DeliveryRow.confirm_at), else_=None
            ),
            confirm_at=case((in_doubt, DeliveryRow.confirm_at), else_=None),
            priority=case((newer, DeliveryRow.priority), else_=int(Priority.NORMAL)),
            idle_at=again,
            lease=None,
            leased_until=None,
            attempts=0,
            last_error=None,
        )
    )


def _unless_sooner(again: datetime) -> ColumnElement[datetime]:
    # A block that came during the lease made `due_at` earlier than the pause: it keeps its place.
    return case((DeliveryRow.due_at < again, DeliveryRow.due_at), else_=again)


def give_back(
    transaction: Transaction,
    delivery: Delivery,
    why: str,
    now: datetime,
    wait: datetime | None,
    *,
    is_doubtful: bool = False,
) -> None:
    """Note the failed attempt and when to try again: after a growing pause, or at `wait`.

    `is_doubtful`: the call may take effect yet, even after a later one that succeeds.
    """
    attempts = delivery.attempts + 1
    later = max(now + retry_after(attempts), wait or now)
    urgent = DeliveryRow.priority == int(Priority.URGENT)
    blocked_meanwhile = and_(urgent, DeliveryRow.wanted_version > delivery.version)
    soonest = case((blocked_meanwhile, _unless_sooner(later)), else_=later)
    transaction.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == delivery.id, DeliveryRow.lease == delivery.lease)
        .values(
            lease=None,
            leased_until=None,
            due_at=soonest,
            attempts=attempts,
            last_error=why,
            confirm_at=now + CONFIRM_AFTER if is_doubtful else DeliveryRow.confirm_at,
        )
    )


def put_back(transaction: Transaction, delivery: Delivery, due_at: datetime) -> None:
    """End the lease of a debt that nobody was called about; it is owed as before."""
    transaction.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == delivery.id, DeliveryRow.lease == delivery.lease)
        .values(lease=None, leased_until=None, due_at=_unless_sooner(due_at))
    )


def owe_again(transaction: Transaction, brand_id: UUID, wallet: WalletName, now: datetime) -> int:
    """Make every target of a brand in a wallet due; return how many there are."""
    owed = transaction.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.brand_id == brand_id, DeliveryRow.wallet == wallet)
        .values(due_at=case((DeliveryRow.due_at < now, DeliveryRow.due_at), else_=now))
    )
    return cast("CursorResult[Any]", owed).rowcount


def end_leases(transaction: Transaction, now: datetime) -> None:
    """Make every leased delivery due; only for a process that nobody else can compete with."""
    transaction.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.lease.is_not(None))
        .values(
            lease=None,
            leased_until=None,
            due_at=now,
            confirm_at=case((left_open(), now + CONFIRM_AFTER), else_=DeliveryRow.confirm_at),
        )
    )


def next_due(transaction: Transaction, wallet: WalletName, since: datetime) -> datetime | None:
    """Return when the wallet's next delivery is due, or None if nothing is owed.

    Those due before `since` are left out: they cannot be claimed now, or would have been.
    """
    query = select(func.min(DeliveryRow.due_at)).where(
        DeliveryRow.wallet == wallet, DeliveryRow.due_at >= since
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
    in_doubt = DeliveryRow.confirm_at > now
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
            due_at=case((owed, now), (in_doubt, DeliveryRow.confirm_at), else_=None),
            priority=case((owed, DeliveryRow.priority), else_=int(Priority.NORMAL)),
            attempts=0,
            last_error=None,
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
        .values(
            due_at=now, lease=None, leased_until=None, attempts=0, sent_version=shown.version - 1
        )
    )
    transaction.owes_push |= cast("CursorResult[Any]", owed).rowcount > 0
