"""Taking due debts: by lease, from one brand, the most urgent first."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, func, or_, select, update

from service.domain.deliveries import BATCH, LEASE, Delivery
from service.domain.errors import SetupError
from service.domain.passes import WalletName
from service.storage import turns
from service.storage.database import Transaction
from service.storage.tables import CredentialRow, DeliveryRow, DeviceRow, PassRow, TurnRow


def claim(
    transaction: Transaction, wallet: WalletName, lease: UUID, now: datetime
) -> list[Delivery]:
    """Lease a batch of a wallet's due deliveries of one brand, the most urgent and oldest first.

    A lease moves `due_at` to its end: if its owner dies, the debt is due again by itself.
    """
    is_due = _is_due(wallet, now)
    brand = _readiest(wallet, is_due, now) if wallet.keeps_passes else _most_urgent(is_due)
    due = (
        select(DeliveryRow.id)
        .where(is_due, DeliveryRow.brand_id == brand)
        .order_by(DeliveryRow.priority, DeliveryRow.due_at)
        .limit(BATCH[wallet])
        .with_for_update(skip_locked=True)
    )
    claimed = (
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(due.scalar_subquery()))
        .values(lease=lease, due_at=now + LEASE, leased_until=now + LEASE)
        .returning(DeliveryRow.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(transaction.session.scalars(claimed))
    return _leased(transaction, ids, lease) if ids else []


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


def _most_urgent(is_due: ColumnElement[bool]) -> ScalarSelect[UUID]:
    """Return the brand of the most urgent debt: a slow brand must not hold leases of others."""
    return (
        select(DeliveryRow.brand_id)
        .where(is_due)
        .order_by(DeliveryRow.priority, DeliveryRow.due_at)
        .limit(1)
        .scalar_subquery()
    )


def _readiest(wallet: WalletName, is_due: ColumnElement[bool], now: datetime) -> ScalarSelect[UUID]:
    """Return the brand in debt whose account at the vendor has been idle for longest.

    Every account has a rate of its own, so nobody waits for another's backlog. An account that must
    not be called now is passed over: its debts would only hold up the worker.
    """
    owes = exists().where(DeliveryRow.brand_id == CredentialRow.brand_id, is_due)
    same = and_(TurnRow.wallet == CredentialRow.wallet, TurnRow.type_id == CredentialRow.type_id)
    return (
        select(CredentialRow.brand_id)
        .outerjoin(TurnRow, same)
        .where(CredentialRow.wallet == wallet, owes, turns.is_free_soon(now))
        .order_by(func.coalesce(TurnRow.free_at, 0))
        .limit(1)
        .scalar_subquery()
    )


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
    assert row.leased_until is not None
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
        leased_until=row.leased_until,
    )
