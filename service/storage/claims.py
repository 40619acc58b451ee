"""Taking due debts: by lease, for one account at the vendor, the most urgent first."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, or_, select, update

from service.domain.deliveries import BATCH, CONFIRM_AFTER, LEASE, Delivery, Priority
from service.domain.errors import SetupError
from service.domain.passes import WalletName
from service.storage import halts, turns
from service.storage.database import Transaction
from service.storage.tables import CredentialRow, DeliveryRow, DeviceRow, HaltRow, TurnRow

PROBES_LOOKED_AT = 1000


def claim(
    transaction: Transaction,
    wallet: WalletName,
    lease: UUID,
    now: datetime,
    resting: Collection[str] = (),
) -> list[Delivery]:
    """Lease a batch of a wallet's due deliveries of one pass type, the most urgent first.

    A lease moves `due_at` to its end: if its owner dies, the debt is due again by itself. Types
    that are `resting` or halted are left alone; after a halt's pause one delivery is a probe.
    """
    is_due = _is_due(wallet, now)
    found = transaction.session.execute(_next_type(wallet, is_due, now, resting)).first()
    if found is None:
        return []
    type_id, halted_until = found
    is_probe = halted_until is not None
    if is_probe and not halts.take_probe(transaction, (wallet, type_id), now):
        return []
    is_due = and_(is_due, DeliveryRow.type_id == type_id)
    due = _probe(is_due) if is_probe else _most_urgent_ids(is_due, BATCH[wallet])
    claimed = (
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(due.with_for_update(skip_locked=True).scalar_subquery()))
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
    return _leased(transaction, ids, lease, is_probe=is_probe) if ids else []


def _most_urgent_ids(is_due: ColumnElement[bool], at_most: int) -> Select[UUID]:
    order = (DeliveryRow.priority, DeliveryRow.due_at)
    return select(DeliveryRow.id).where(is_due).order_by(*order).limit(at_most)


def _probe(is_due: ColumnElement[bool]) -> Select[UUID]:
    """Choose the one that finds out whether a halt is over: to a phone that took a push before.

    Anyone can register a token that is none: such a phone must not speak for the others. Only the
    newest debts are looked through, and without such a phone those go first that failed least.
    """
    newest = (
        select(DeliveryRow.id)
        .where(is_due)
        .order_by(DeliveryRow.priority.desc(), DeliveryRow.due_at.desc())
        .limit(PROBES_LOOKED_AT)
    )
    has_taken = (
        select(DeviceRow.id)
        .where(
            DeviceRow.id == DeliveryRow.device_id, DeviceRow.push_token_at <= DeliveryRow.sent_at
        )
        .exists()
    )
    order = (has_taken.desc(), DeliveryRow.attempts, DeliveryRow.due_at.desc())
    ids = newest.scalar_subquery()
    return select(DeliveryRow.id).where(DeliveryRow.id.in_(ids)).order_by(*order).limit(1)


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


def _next_type(
    wallet: WalletName, is_due: ColumnElement[bool], now: datetime, resting: Collection[str]
) -> Select[str, datetime | None]:
    """Return the pass type to serve next, and until when it was halted if it was.

    A batch is of one type: a slow brand must not hold leases of others. Types are few and debts
    many, so each type's first debt is looked up rather than all debts read in their order.
    """
    halted = and_(HaltRow.wallet == CredentialRow.wallet, HaltRow.type_id == CredentialRow.type_id)
    is_free = or_(HaltRow.until.is_(None), halts.may_be_tried(now))
    query = (
        select(CredentialRow.type_id, HaltRow.until)
        .outerjoin(HaltRow, halted)
        .where(CredentialRow.wallet == wallet, is_free)
        .limit(1)
    )
    if resting:
        query = query.where(CredentialRow.type_id.not_in(resting))
    return _readiest(query, is_due, now) if wallet.keeps_passes else _most_urgent(query, is_due)


def _most_urgent(
    query: Select[str, datetime | None], is_due: ColumnElement[bool]
) -> Select[str, datetime | None]:
    firsts = [_first_due(is_due, priority) for priority in Priority]
    rank = case(*((first.is_not(None), n) for n, first in enumerate(firsts)))
    return query.where(rank.is_not(None)).order_by(rank, func.coalesce(*firsts))


def _readiest(
    query: Select[str, datetime | None], is_due: ColumnElement[bool], now: datetime
) -> Select[str, datetime | None]:
    """Choose the account at the vendor that owes a block, else the one idle for longest.

    Every account has a rate of its own, so nobody waits for another's backlog. An account that must
    not be called now is passed over: its debts would only hold up the worker.
    """
    urgent, *others = (_first_due(is_due, priority).is_not(None) for priority in Priority)
    same = and_(TurnRow.wallet == CredentialRow.wallet, TurnRow.type_id == CredentialRow.type_id)
    return (
        query.outerjoin(TurnRow, same)
        .where(or_(urgent, *others), turns.is_free_soon(now))
        .order_by(case((urgent, 0), else_=1), func.coalesce(TurnRow.free_at, 0))
    )


def _first_due(is_due: ColumnElement[bool], priority: Priority) -> ScalarSelect[datetime | None]:
    # One priority at a time is one look into the index, however much is owed later.
    of_type = DeliveryRow.type_id == CredentialRow.type_id
    return (
        select(func.min(DeliveryRow.due_at))
        .where(of_type, DeliveryRow.priority == int(priority), is_due)
        .scalar_subquery()
    )


def _leased(
    transaction: Transaction, ids: Sequence[UUID], lease: UUID, *, is_probe: bool
) -> list[Delivery]:
    query = (
        select(DeliveryRow, DeviceRow)
        .outerjoin(DeviceRow, DeviceRow.id == DeliveryRow.device_id)
        .where(DeliveryRow.id.in_(ids))
        .order_by(DeliveryRow.priority, DeliveryRow.id)
        .execution_options(populate_existing=True)
    )
    rows = transaction.session.execute(query).all()
    opened = [_opened(transaction, row, device, lease) for row, device in rows]
    return [replace(each, is_probe=is_probe) for each in opened if each is not None]


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
