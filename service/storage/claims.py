"""Taking due debts: by lease, for one account at the vendor, the most urgent first."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, exists, func, or_, select, update

from service.domain.deliveries import BATCH, CONFIRM_AFTER, LEASE, Delivery, Priority
from service.domain.errors import SetupError
from service.domain.passes import WalletName
from service.storage import turns
from service.storage.database import Transaction
from service.storage.tables import CredentialRow, DeliveryRow, DeviceRow, TurnRow


def claim(
    transaction: Transaction, wallet: WalletName, lease: UUID, now: datetime
) -> list[Delivery]:
    """Lease a batch of a wallet's due deliveries of one pass type, the most urgent first.

    A lease moves `due_at` to its end: if its owner dies, the debt is due again by itself.
    """
    is_due = _is_due(wallet, now)
    account = _readiest(wallet, is_due, now) if wallet.keeps_passes else _most_urgent(is_due)
    due = (
        select(DeliveryRow.id)
        .where(is_due, DeliveryRow.type_id == account)
        .order_by(DeliveryRow.priority, DeliveryRow.due_at)
        .limit(BATCH[wallet])
        .with_for_update(skip_locked=True)
    )
    claimed = (
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(due.scalar_subquery()))
        .values(
            lease=lease,
            due_at=now + LEASE,
            leased_until=now + LEASE,
            confirm_at=case((left_open(), now + CONFIRM_AFTER), else_=DeliveryRow.confirm_at),
        )
        .returning(DeliveryRow.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(transaction.session.scalars(claimed))
    return _leased(transaction, ids, lease) if ids else []


def left_open() -> ColumnElement[bool]:
    """Say whether a lease is there that its owner has not ended, and with it perhaps a call.

    A call that brings the pass along may take effect yet, after one of the next owner's.
    """
    keeping = [wallet for wallet in WalletName if wallet.keeps_passes]
    return and_(DeliveryRow.lease.is_not(None), DeliveryRow.wallet.in_(keeping))


def _is_due(wallet: WalletName, now: datetime) -> ColumnElement[bool]:
    """Say what may be claimed.

    A block makes a leased debt due at once. A phone may then be told a second time meanwhile: it
    fetches what is newest. But two calls that bring the pass along must never run beside each
    other, for the older one might come last.
    """
    is_due = and_(DeliveryRow.wallet == wallet, DeliveryRow.due_at <= now)
    if not wallet.keeps_passes:
        return is_due
    is_free = or_(DeliveryRow.leased_until.is_(None), DeliveryRow.leased_until <= now)
    return and_(is_due, is_free)


def _most_urgent(is_due: ColumnElement[bool]) -> ScalarSelect[str]:
    """Return the pass type of the most urgent debt: a slow brand must not hold leases of others."""
    return (
        select(DeliveryRow.type_id)
        .where(is_due)
        .order_by(DeliveryRow.priority, DeliveryRow.due_at)
        .limit(1)
        .scalar_subquery()
    )


def _readiest(wallet: WalletName, is_due: ColumnElement[bool], now: datetime) -> ScalarSelect[str]:
    """Return the account at the vendor that owes a block, else the one idle for longest.

    Every account has a rate of its own, so nobody waits for another's backlog. An account that must
    not be called now is passed over: its debts would only hold up the worker.
    """
    urgent, normal = (_owes(is_due, priority) for priority in Priority)
    same = and_(TurnRow.wallet == CredentialRow.wallet, TurnRow.type_id == CredentialRow.type_id)
    return (
        select(CredentialRow.type_id)
        .outerjoin(TurnRow, same)
        .where(CredentialRow.wallet == wallet, or_(urgent, normal), turns.is_free_soon(now))
        .order_by(case((urgent, 0), else_=1), func.coalesce(TurnRow.free_at, 0))
        .limit(1)
        .scalar_subquery()
    )


def _owes(is_due: ColumnElement[bool], priority: Priority) -> ColumnElement[bool]:
    # One priority at a time is one look into the index, however much is owed later.
    of_account = DeliveryRow.type_id == CredentialRow.type_id
    return exists().where(of_account, DeliveryRow.priority == int(priority), is_due)


def _leased(transaction: Transaction, ids: Sequence[UUID], lease: UUID) -> list[Delivery]:
    query = (
        select(DeliveryRow, DeviceRow)
        .outerjoin(DeviceRow, DeviceRow.id == DeliveryRow.device_id)
        .where(DeliveryRow.id.in_(ids))
        .order_by(DeliveryRow.priority, DeliveryRow.id)
        .execution_options(populate_existing=True)
    )
    rows = transaction.session.execute(query).all()
    return [each for row in rows if (each := _opened(transaction, row[0], row[1], lease))]


def _opened(
    transaction: Transaction, row: DeliveryRow, device: DeviceRow | None, lease: UUID
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
    assert row.leased_until is not None
    return Delivery(
        id=row.id,
        brand_id=row.brand_id,
        pass_id=row.pass_id,
        device_id=row.device_id,
        wallet=WalletName(row.wallet),
        type_id=row.type_id,
        push_token=push_token,
        version=row.wanted_version,
        attempts=row.attempts,
        lease=lease,
        leased_until=row.leased_until,
    )
