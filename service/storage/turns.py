"""When the next call to a vendor's account may start: one row per account, for all processes."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, case, or_, select, update

from service.domain.passes import WalletName
from service.storage.database import Transaction
from service.storage.rounds import insert_new
from service.storage.tables import TurnRow

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
SOON_US = 1_000_000
LONGEST_HOLD_US = 300 * 1_000_000
SLACK_US = 60 * 1_000_000  # clocks of threads and machines that differ a little are not wrong


def take(
    transaction: Transaction,
    wallet: WalletName,
    type_id: str,
    *,
    now_us: int,
    latest_us: int,
    step_us: int,
) -> int | None:
    """Return when the next call may start, and move the one after it a step further.

    Times are microseconds since 1970. None, and nothing moves: it would be after `latest_us`.
    """
    _ensure(transaction, wallet, type_id)
    start = _start(now_us)
    moved = (
        update(TurnRow)
        .where(TurnRow.wallet == wallet, TurnRow.type_id == type_id, start <= latest_us)
        .values(free_at=start + step_us)
        .returning(TurnRow.free_at)
        .execution_options(synchronize_session=False)
    )
    free_at = transaction.session.scalar(moved)
    return None if free_at is None else free_at - step_us


def free_at(transaction: Transaction, wallet: WalletName, type_id: str, now_us: int) -> int:
    """Return when the next call may start, without taking it."""
    query = select(_start(now_us)).where(TurnRow.wallet == wallet, TurnRow.type_id == type_id)
    return transaction.session.scalar(query) or now_us


def _start(now_us: int) -> ColumnElement[int]:
    """Return the next moment; one further ahead than any hold was written by a wrong clock."""
    is_ahead = TurnRow.free_at.between(now_us, now_us + LONGEST_HOLD_US + SLACK_US)
    return case((is_ahead, TurnRow.free_at), else_=now_us)


def is_free_soon(now: datetime) -> ColumnElement[bool]:
    """Say whether an account may be called within a second; one never called may be at once."""
    return or_(TurnRow.free_at.is_(None), _start(micros(now)) <= micros(now) + SOON_US)


def micros(at: datetime) -> int:
    """Return a time (aware) as microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


def hold(
    transaction: Transaction, wallet: WalletName, type_id: str, now_us: int, for_us: int
) -> None:
    """Let no call start for that long, at most 5 minutes; a longer hold stays as it is."""
    _ensure(transaction, wallet, type_id)
    until_us = now_us + min(for_us, LONGEST_HOLD_US)
    transaction.session.execute(
        update(TurnRow)
        .where(TurnRow.wallet == wallet, TurnRow.type_id == type_id, TurnRow.free_at < until_us)
        .values(free_at=until_us)
        .execution_options(synchronize_session=False)
    )


def _ensure(transaction: Transaction, wallet: WalletName, type_id: str) -> None:
    if transaction.session.get(TurnRow, (wallet, type_id)) is None:
        insert_new(transaction, TurnRow, wallet=wallet, type_id=type_id, free_at=0)
