"""Pass types whose vendor refuses our set-up: one row per type, for all processes."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    and_,
    delete,
    func,
    not_,
    or_,
    select,
    true,
    update,
)

from service.domain.deliveries import LEASE
from service.domain.halts import LONGEST_PAUSE, Halt, pause_after
from service.domain.passes import WalletName
from service.storage.database import Transaction
from service.storage.rounds import insert_new
from service.storage.tables import CredentialRow, DeliveryRow, HaltRow

PassType = tuple[WalletName, str]
KEY = (HaltRow.wallet, HaltRow.type_id)


def begin(
    transaction: Transaction,
    pass_type: PassType,
    reason: str,
    now: datetime,
    *,
    is_probe: bool,
    at_most: timedelta | None,
) -> bool:
    """Note that the vendor refused a push because of our set-up; True if that is news.

    A refused probe makes the pause longer, up to `at_most`. What others had in hand when the halt
    began says nothing new.
    """
    wallet, type_id = pass_type
    until = now + pause_after(1, at_most)
    fields = {"reason": reason, "tries": 1, "since": now, "until": until}
    if insert_new(transaction, HaltRow, wallet=wallet, type_id=type_id, **fields):
        return True
    row = _locked(transaction, pass_type) if is_probe else None
    if row is not None:
        row.tries, row.reason = row.tries + 1, reason
        row.until = now + pause_after(row.tries, at_most)
        transaction.session.flush()
    return False


def end(transaction: Transaction, pass_type: PassType) -> datetime | None:
    """Forget a halt that a probe has disproved; return since when it was."""
    ended = delete(HaltRow).where(_is(pass_type)).returning(HaltRow.since)
    found = transaction.session.execute(ended.execution_options(synchronize_session=False))
    return found.scalar()


def end_needless(transaction: Transaction, now: datetime) -> list[tuple[PassType, datetime]]:
    """Forget halts whose pause is over and for which nothing is owed; return since when they were.

    Nobody is left to prove the set-up right: the next debt finds out.
    """
    owed = (
        select(DeliveryRow.id)
        .where(
            DeliveryRow.wallet == HaltRow.wallet,
            DeliveryRow.type_id == HaltRow.type_id,
            DeliveryRow.due_at.is_not(None),
        )
        .exists()
    )
    ended = (
        delete(HaltRow)
        .where(may_be_tried(now), not_(owed))
        .returning(HaltRow.wallet, HaltRow.type_id, HaltRow.since)
        .execution_options(synchronize_session=False)
    )
    found = transaction.session.execute(ended)
    return [((WalletName(wallet), type_id), since) for wallet, type_id, since in found]


def may_be_tried(now: datetime) -> ColumnElement[bool]:
    """Say whether a halt's pause is over; one that is too long was set by a wrong clock."""
    return or_(HaltRow.until <= now, HaltRow.until > now + LONGEST_PAUSE)


def take_probe(transaction: Transaction, pass_type: PassType, now: datetime) -> bool:
    """Let nobody else try for as long as a lease; False if another worker was first."""
    taken = transaction.session.execute(
        update(HaltRow)
        .where(_is(pass_type), may_be_tried(now))
        .values(until=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", taken).rowcount > 0


def hurry(transaction: Transaction, pass_type: PassType, now: datetime) -> None:
    """Let the next try be now: an operator has changed the set-up."""
    transaction.session.execute(update(HaltRow).where(_is(pass_type)).values(until=now, tries=0))


def listed(transaction: Transaction, now: datetime, brand_id: UUID | None = None) -> list[Halt]:
    """Return the halts of a brand (None: of all), with how many deliveries wait for each."""
    waiting = (
        select(func.count())
        .where(
            DeliveryRow.wallet == HaltRow.wallet,
            DeliveryRow.type_id == HaltRow.type_id,
            DeliveryRow.due_at <= now,
        )
        .scalar_subquery()
    )
    query = select(HaltRow, waiting).where(_of_brand(brand_id)).order_by(*KEY)
    fresh = query.execution_options(populate_existing=True)
    return [_halt(row, number) for row, number in transaction.session.execute(fresh)]


def begun(transaction: Transaction, brand_id: UUID | None = None) -> list[Halt]:
    """Return the halts of a brand (None: of all); what waits is not counted: a walk over it all."""
    query = select(HaltRow).where(_of_brand(brand_id)).order_by(*KEY)
    return [_halt(row, 0) for row in transaction.session.scalars(query)]


def _of_brand(brand_id: UUID | None) -> ColumnElement[bool]:
    if brand_id is None:
        return true()
    same = and_(CredentialRow.wallet == HaltRow.wallet, CredentialRow.type_id == HaltRow.type_id)
    return select(CredentialRow.id).where(same, CredentialRow.brand_id == brand_id).exists()


def of_type(transaction: Transaction, pass_type: PassType) -> Halt | None:
    """Return the halt of a pass type, or None; what waits is not counted."""
    row = transaction.session.scalars(select(HaltRow).where(_is(pass_type))).first()
    return None if row is None else _halt(row, 0)


def _halt(row: HaltRow, waiting: int) -> Halt:
    wallet = WalletName(row.wallet)
    return Halt(row.type_id, wallet, row.reason, row.since, row.until, waiting)


def _locked(transaction: Transaction, pass_type: PassType) -> HaltRow | None:
    query = select(HaltRow).where(_is(pass_type)).with_for_update()
    fresh = query.execution_options(populate_existing=True)
    return transaction.session.scalars(fresh).first()


def _is(pass_type: PassType) -> ColumnElement[bool]:
    wallet, type_id = pass_type
    return and_(HaltRow.wallet == wallet, HaltRow.type_id == type_id)
