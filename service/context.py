"""What every operation is given: settings, database, wallets, the clock."""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from service.domain.certificates import CertificateFacts
from service.domain.designs import Design
from service.domain.errors import PassUnavailable, ServiceError, SetupError
from service.domain.passes import WalletName
from service.settings import Settings
from service.storage import credentials, designs, push_keys
from service.storage.database import Database, Transaction
from service.wallets.interface import Wallet, Wallets

log = logging.getLogger(__name__)
T = TypeVar("T")
DESIGNS_KEPT = 128  # each is about as large as its images
MOST_REMEMBERED = 1_000  # figures
Speaker = tuple[UUID, WalletName, str]  # brand, wallet, pass type


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
    _turning: threading.Lock = field(default_factory=threading.Lock)
    _wallets: dict[UUID, tuple[UUID | None, Wallet]] = field(default_factory=dict)
    _speaking: dict[Speaker, UUID] = field(default_factory=dict)
    _facts: dict[UUID, CertificateFacts] = field(default_factory=dict)
    _remembered: dict[str, tuple[datetime, Any]] = field(default_factory=dict)

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
        """Return a design; it never changes, so those asked for last are not read again."""
        with self._turning:
            known = self._designs.pop(design_id, None)
            if known is not None:
                self._designs[design_id] = known  # the one asked for last is the last
                return known
        found = designs.get(transaction, design_id)
        with self._turning:
            self._designs[design_id] = found
            if len(self._designs) > DESIGNS_KEPT:
                del self._designs[next(iter(self._designs))]
        return found

    def certificate_facts(
        self, transaction: Transaction, credential_ids: Collection[UUID]
    ) -> tuple[Mapping[UUID, CertificateFacts], Mapping[UUID, str]]:
        """Return what Apple certificates say of themselves, and why others cannot be read.

        What one says never changes: it is read once.
        """
        faults = {}
        unread = [each for each in credential_ids if each not in self._facts]
        if unread:
            for credential_id, parts in credentials.public_parts(transaction, unread).items():
                try:
                    self._facts[credential_id] = self.wallets.apple_facts(
                        parts.certificate_pem, parts.wwdr_pem, is_nfc=parts.is_nfc
                    )
                except SetupError as error:
                    faults[credential_id] = error.detail
        return self._facts, faults

    def remembered(self, name: str, at_most: timedelta, read: Callable[[], T]) -> T:
        """Return what `read` returned at most that long ago in this process, else what it does now.

        For figures that take long to count and that nobody decides by.
        """
        now, known = self.now(), self._remembered.get(name)
        if known is None or not now - at_most <= known[0] <= now:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[name] = (now, read())
        value: T = known[1]
        return value

    def wallet(
        self, transaction: Transaction, brand_id: UUID, name: WalletName, type_id: str
    ) -> Wallet | None:
        """Return the wallet that speaks for this pass type now, or None if there is none.

        Of several certificates it is the newest whose switch-over has come, passing over what has
        ended or cannot be used; so a renewed one takes over in every process by itself.

        Raises:
            PassUnavailable: none can be used, and the newest has ended; says when.
            SetupError: none can be used, and the newest is at fault; says what to fix.
        """
        now = self.now()
        active = credentials.active_ids(transaction, brand_id, name, type_id, now)
        is_apple = name is WalletName.APPLE
        push_key = push_keys.newest_id(transaction, brand_id, type_id) if is_apple else None
        faults: list[ServiceError] = []
        for credential_id in active:
            try:
                wallet = self._fit(transaction, credential_id, push_key, now)
            except (PassUnavailable, SetupError) as fault:
                faults.append(fault)
            else:
                speaker = (brand_id, name, type_id)
                if self._speaking.get(speaker) != credential_id:
                    _tell(speaker, faults)
                self._let_speak(speaker, credential_id, active)
                return wallet
        if faults:
            raise faults[0]
        return None

    def _fit(
        self, transaction: Transaction, credential_id: UUID, push_key: UUID | None, now: datetime
    ) -> Wallet:
        wallet = self._built(transaction, credential_id, push_key)
        fault = wallet.why_unfit(now)
        if fault is not None:
            raise PassUnavailable(fault)
        return wallet

    def settle_wallets(self, transaction: Transaction) -> None:
        """Retire the wallets that others have taken over from, though nobody asks for those."""
        for speaker in list(self._speaking):
            with suppress(PassUnavailable, SetupError):
                self.wallet(transaction, *speaker)

    def _built(
        self, transaction: Transaction, credential_id: UUID, push_key: UUID | None
    ) -> Wallet:
        known, wallet = self._wallets.get(credential_id, (None, None))
        if wallet is None or known != push_key:
            wallet = self.wallets.of(credentials.get(transaction, credential_id))
            self._wallets[credential_id] = (push_key, wallet)
        return wallet

    def _let_speak(self, speaker: Speaker, credential_id: UUID, active: Collection[UUID]) -> None:
        """Retire the wallet that spoke before, unless it was chosen by newer knowledge than ours.

        A call with an older clock or snapshot does not know the one that has taken over.
        """
        before = self._speaking.get(speaker)
        if before == credential_id or (before is not None and before not in active):
            return
        self._speaking[speaker] = credential_id
        if before is not None:
            self._wallets.pop(before, None)
            self.wallets.retire(before)


def _tell(speaker: Speaker, passed_over: Iterable[ServiceError]) -> None:
    """Log what newer credentials than the speaker's are at fault for; an end has alarms."""
    for fault in passed_over:
        if isinstance(fault, SetupError):
            log.error("an older certificate signs %s, because: %s", speaker[2], fault.detail)
