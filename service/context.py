"""What every operation is given: settings, database, wallets, the clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from service.domain.designs import Design
from service.domain.passes import WalletName
from service.settings import Settings
from service.storage import credentials, programs
from service.storage.database import Database, Transaction
from service.wallets.interface import Wallet, Wallets


@dataclass(frozen=True)
class Context:
    """Built once per process by `wiring`; `now` gives aware UTC.

    `joined` is the open transaction that operations take part in instead of opening their own.
    """

    settings: Settings
    database: Database
    wallets: Wallets
    templates: Path
    now: Callable[[], datetime]
    joined: Transaction | None = None
    _designs: dict[UUID, Design] = field(default_factory=dict)
    _wallets: dict[UUID, Wallet] = field(default_factory=dict)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Yield a writing transaction: the joined one, else a new one that commits at the end."""
        if self.joined is not None:
            yield self.joined
            return
        with self.database.transaction() as transaction:
            yield transaction

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Yield a transaction that reads one snapshot of what is committed."""
        if self.joined is not None:
            yield self.joined
            return
        with self.database.reading() as transaction:
            yield transaction

    def joining(self, transaction: Transaction) -> "Context":
        """Return a context whose operations all take part in `transaction`."""
        return replace(self, joined=transaction)

    def design(self, transaction: Transaction, design_id: UUID) -> Design:
        """Return a design; it never changes, so it is read once."""
        if design_id not in self._designs:
            self._designs[design_id] = programs.design(transaction, design_id)
        return self._designs[design_id]

    def wallet(
        self, transaction: Transaction, brand_id: UUID, name: WalletName, type_id: str
    ) -> Wallet | None:
        """Return the wallet that speaks for this pass type now, or None if there is none."""
        credential_id = credentials.newest_id(transaction, brand_id, name, type_id)
        if credential_id is None:
            return None
        if credential_id not in self._wallets:
            credential = credentials.get(transaction, credential_id)
            self._wallets[credential_id] = self.wallets.of(credential)
        return self._wallets[credential_id]
