"""A wallet without a network, for tests: it remembers what it was asked and answers as told."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from service.domain.credentials import Credential
from service.domain.deliveries import Delivery
from service.domain.designs import Design
from service.domain.passes import PassContent
from service.wallets.interface import Offer, PushOutcome, PushResult

NOBODY = UUID(int=0)


@dataclass
class FakeWallet:
    """Accepts every push but those `answers` speaks of, by push token.

    `pushed` and `offered` hold what it was asked, oldest first; `faults` is what `check` finds.
    """

    answers: dict[str, PushResult] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    pushed: list[Delivery] = field(default_factory=list)
    offered: list[PassContent] = field(default_factory=list)

    def answer(
        self, push_token: str, outcome: PushOutcome, *, gone_since: datetime | None = None
    ) -> None:
        """From now on answer pushes to `push_token` so."""
        self.answers[push_token] = PushResult(NOBODY, outcome, str(outcome), gone_since)

    def offer(self, content: PassContent, design: Design, *, is_kept: bool = False) -> Offer:
        """Return a stand-in for a pass: JSON that names it and its version."""
        self.offered.append(content)
        named = json.dumps({"serial": content.serial, "version": content.version})
        return Offer(file=named.encode())

    def vouch(self, token: bytes) -> bytes:
        """Return a stand-in for a signature, which names the token."""
        return b"signed " + token

    def push(self, batch: Sequence[Delivery]) -> Iterator[PushResult]:
        """Record every delivery and answer it as told."""
        accepted = PushResult(NOBODY, PushOutcome.ACCEPTED)
        for delivery in batch:
            self.pushed.append(delivery)
            yield replace(self.answers.get(delivery.push_token, accepted), delivery_id=delivery.id)

    def why_unfit(self, now: datetime) -> str | None:
        """Return None: it may always be used."""
        return None

    def check(self, now: datetime) -> list[str]:
        """Return the faults it was given."""
        return list(self.faults)

    def close(self) -> None:
        """Do nothing: there is no connection."""


@dataclass
class FakeWallets:
    """Gives every credential the same fake wallet."""

    wallet: FakeWallet = field(default_factory=FakeWallet)

    def design_faults(self, design: Design) -> list[tuple[str, str]]:
        """Return none: it shows everything."""
        return []

    def of(self, credential: Credential) -> FakeWallet:
        return self.wallet

    def retire(self, credential_id: UUID) -> None:
        """Do nothing: the wallet is everybody's."""

    def resting(self) -> frozenset[str]:
        """Return nothing: it can always be called."""
        return frozenset()

    def close(self) -> None:
        self.wallet.close()
