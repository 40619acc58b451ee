"""The passes that a roll-out has yet to move: taken, counted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from service.domain.passes import WalletName
from service.storage.database import Transaction
from service.storage.tables import AccountRow, CardRow, PassRow


@dataclass(frozen=True)
class Wave:
    """Passes of one program, in some wallets, that show one of the designs `sources`.

    Only those whose bucket is less than `below` (percent).
    """

    program_id: UUID
    sources: frozenset[UUID]
    wallets: frozenset[WalletName]
    below: int


@dataclass(frozen=True)
class Taken:
    pass_id: UUID
    bucket: int


def take(transaction: Transaction, wave: Wave, limit: int, bucket: int) -> list[Taken]:
    """Lock the accounts of the wave's next passes, from a bucket on, and return those.

    Passes whose account another call has locked are passed over: a step waits for nobody.
    """
    taken: list[Taken] = []
    # One design at a time, in the order of its index: the passes before are never read again.
    for source in sorted(wave.sources):
        query = (
            select(PassRow.id, PassRow.bucket)
            .join(AccountRow, AccountRow.id == PassRow.account_id)
            .where(*_of(wave, [source]), PassRow.bucket >= bucket)
            .order_by(PassRow.bucket, PassRow.id)
            .limit(limit - len(taken))
            .with_for_update(of=AccountRow, skip_locked=True)
        )
        taken += [Taken(*row) for row in transaction.session.execute(query)]
    return taken


def is_left(transaction: Transaction, wave: Wave) -> bool:
    """Say whether any pass of the wave is left, locked or not."""
    query = select(PassRow.id).where(*_of(wave, wave.sources)).limit(1)
    return transaction.session.execute(query).first() is not None


def count(transaction: Transaction, wave: Wave) -> dict[WalletName, int]:
    """Return how many passes of the wave are left, by wallet."""
    query = select(PassRow.wallet, func.count()).where(*_of(wave, wave.sources))
    rows = transaction.session.execute(query.group_by(PassRow.wallet))
    return {WalletName(wallet): number for wallet, number in rows}


def _of(wave: Wave, sources: Iterable[UUID]) -> Iterator[ColumnElement[bool]]:
    yield PassRow.design_id.in_(sources)
    yield PassRow.bucket < wave.below
    yield PassRow.wallet.in_(wave.wallets)
    yield CardRow.id == PassRow.card_id
    yield CardRow.program_id == wave.program_id
