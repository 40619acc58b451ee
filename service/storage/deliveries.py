"""Debts to targets: made, finished under the lease they were claimed by, and looked at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, case, func, literal, select, update

from service.domain.deliveries import (
    CONFIRM_AFTER,
    Delivery,
    Priority,
    Progress,
    not_before,
    retry_after,
)
from service.domain.passes import Pass, WalletName
from service.domain.staleness import STALE_AFTER
from service.storage.claims import left_open
from service.storage.database import Transaction
from service.storage.tables import DeliveryRow, HaltRow, InstallationRow
from service.storage.types import UtcTime


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


def finish(transaction: Transaction, delivery: Delivery, now: datetime) -> bool:
    """Record that the target was told; False: a lost lease or a newer record is left alone.

    A phone is looked after in 4 hours: by then it has asked, or it is pushed again.
    """
    newer = DeliveryRow.wanted_version > delivery.version
    again = not_before(now)
    told = transaction.session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.id == delivery.id,
            DeliveryRow.lease == delivery.lease,
            DeliveryRow.sent_version <= delivery.version,
        )
        .values(
            sent_version=delivery.version,
            priority=case((newer, DeliveryRow.priority), else_=int(Priority.NORMAL)),
            idle_at=again,
            lease=None,
            leased_until=None,
            attempts=0,
            last_error=None,
            **(_kept if delivery.wallet.keeps_passes else _pushed)(delivery, newer, now),
        )
    )
    return cast("CursorResult[Any]", told).rowcount > 0


Values = dict[str, ColumnElement[Any] | datetime]


def _kept(delivery: Delivery, newer: ColumnElement[bool], now: datetime) -> Values:
    in_doubt = DeliveryRow.confirm_at > now
    next_version = (newer, _unless_sooner(not_before(now)))
    return {
        "sent_at": now,
        "due_at": case(next_version, (in_doubt, DeliveryRow.confirm_at), else_=None),
        "confirm_at": case((in_doubt, DeliveryRow.confirm_at), else_=None),
    }


def _pushed(delivery: Delivery, newer: ColumnElement[bool], now: datetime) -> Values:
    # A push that is repeated does not make the version any newer for the phone.
    repeated = and_(DeliveryRow.sent_version == delivery.version, DeliveryRow.sent_at.is_not(None))
    return {
        "sent_at": case((repeated, DeliveryRow.sent_at), else_=now),
        "due_at": case((newer, _unless_sooner(not_before(now))), else_=None),
        "confirm_at": literal(now + STALE_AFTER, UtcTime()),
    }


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


def put_back(
    transaction: Transaction, delivery: Delivery, due_at: datetime, why: str | None = None
) -> None:
    """End the lease of a debt that is owed as before: no attempt is counted; `why` is noted."""
    noted = {} if why is None else {"last_error": why}
    untouched = DeliveryRow.due_at == DeliveryRow.leased_until
    transaction.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == delivery.id, DeliveryRow.lease == delivery.lease)
        .values(
            lease=None,
            leased_until=None,
            due_at=case((untouched, due_at), else_=_unless_sooner(due_at)),
            **noted,
        )
    )


def spare(transaction: Transaction, device_id: UUID, until: datetime) -> None:
    """Leave a device alone until then, whatever else it is owed; only blocks do not wait."""
    theirs = select(InstallationRow.id).where(InstallationRow.device_id == device_id)
    is_free = and_(DeliveryRow.lease.is_(None), DeliveryRow.priority != int(Priority.URGENT))
    ids = (
        select(DeliveryRow.id)
        .where(DeliveryRow.installation_id.in_(theirs), is_free)
        .order_by(DeliveryRow.id)
        .with_for_update()
    )
    transaction.session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(ids))
        .values(
            due_at=case((DeliveryRow.due_at < until, until), else_=DeliveryRow.due_at),
            idle_at=case((DeliveryRow.idle_at < until, until), else_=DeliveryRow.idle_at),
        )
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
    # One priority at a time is one look into the index, however much is owed since long ago.
    firsts = [
        select(func.min(DeliveryRow.due_at))
        .where(
            DeliveryRow.wallet == wallet,
            DeliveryRow.priority == int(priority),
            DeliveryRow.due_at >= since,
        )
        .scalar_subquery()
        for priority in Priority
    ]
    found = transaction.session.execute(select(*firsts)).one()
    return min((first for first in found if first is not None), default=None)


def of_passes(transaction: Transaction, pass_ids: Sequence[UUID]) -> list[Progress]:
    """Return how far every target of these passes is.

    What is owed while its type is halted fails for the reason of the halt.
    """
    query = (
        select(DeliveryRow, HaltRow.reason)
        .outerjoin(HaltRow, is_halted())
        .where(DeliveryRow.pass_id.in_(pass_ids))
        .execution_options(populate_existing=True)
    )
    return [_progress(row, halt) for row, halt in transaction.session.execute(query)]


def is_halted() -> ColumnElement[bool]:
    """Join a delivery to the halt of its pass type."""
    return and_(HaltRow.wallet == DeliveryRow.wallet, HaltRow.type_id == DeliveryRow.type_id)


def trouble(row: DeliveryRow, halt: str | None) -> str | None:
    """Return why a target has not been told yet; `halt` is the reason of its type's halt."""
    is_owed = row.sent_version < row.wanted_version
    return (halt if is_owed else None) or row.last_error


def _progress(row: DeliveryRow, halt: str | None) -> Progress:
    return Progress(
        wallet=WalletName(row.wallet),
        pass_id=row.pass_id,
        sent_version=row.sent_version,
        sent_at=row.sent_at,
        attempts=row.attempts,
        last_error=trouble(row, halt),
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
