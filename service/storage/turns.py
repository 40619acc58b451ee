"""When the next call to a vendor's account may start: one row per account, for all processes."""

from sqlalchemy import case, update

from service.domain.passes import WalletName
from service.storage.database import Transaction
from service.storage.rounds import insert_new
from service.storage.tables import TurnRow

LONGEST_HOLD_US = 300 * 1_000_000


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
    A time further ahead than any hold reaches was written by a wrong clock: it does not count.
    """
    _ensure(transaction, wallet, type_id)
    is_ahead = TurnRow.free_at.between(now_us, now_us + LONGEST_HOLD_US)
    start = case((is_ahead, TurnRow.free_at), else_=now_us)
    moved = (
        update(TurnRow)
        .where(TurnRow.wallet == wallet, TurnRow.type_id == type_id, start <= latest_us)
        .values(free_at=start + step_us)
        .returning(TurnRow.free_at)
        .execution_options(synchronize_session=False)
    )
    free_at = transaction.session.scalar(moved)
    return None if free_at is None else free_at - step_us


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
