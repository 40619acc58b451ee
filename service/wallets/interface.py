"""What Tessera asks of a phone wallet: three verbs. Refusals are values, not exceptions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from service.domain.credentials import AppleCredential
from service.domain.deliveries import Delivery
from service.domain.designs import Design
from service.domain.passes import PassContent


class PushOutcome(StrEnum):
    ACCEPTED = "accepted"  # the wallet took it; it does not tell us when the phone shows it
    GONE = "gone"  # the pass left that device: stop sending
    TRY_LATER = "try_later"
    REFUSED = "refused"  # our set-up is wrong: an operator must act, then it is tried again


@dataclass(frozen=True)
class PushResult:
    """What became of one delivery. `reason` is the wallet's word, shown to staff.

    `gone_since` (aware UTC): a registration made later than this is still good.
    """

    delivery_id: UUID
    outcome: PushOutcome
    reason: str | None = None
    gone_since: datetime | None = None
    wait: timedelta | None = None


class Wallet(Protocol):
    """One brand's side of one phone wallet. May use the network; never sees the database."""

    def offer(self, content: PassContent, design: Design) -> bytes:
        """Return what the customer opens to add the pass: a signed file."""

    def push(self, batch: Sequence[Delivery]) -> Iterator[PushResult]:
        """Tell every target of a lease batch that its pass changed; yield results as they come.

        Every delivery gets exactly one result. Expected refusals are results; only our own
        faults raise.
        """

    def check(self, now: datetime) -> list[str]:
        """Return what an operator must fix (expired certificate ...); empty when well."""


class Wallets(Protocol):
    """Builds wallets from credentials and keeps them: keys are parsed once."""

    def read_apple(
        self, certificate_pem: bytes, private_key_pem: bytes, wwdr_pem: bytes
    ) -> AppleCredential:
        """Return a credential after checking that its parts belong together.

        Raises:
            SetupError: a part is unreadable or does not fit; says what to fix.
        """

    def apple(self, credential: AppleCredential) -> Wallet:
        """Return the Apple wallet of this credential.

        Raises:
            SetupError: the certificate or key cannot be used; says what to fix.
        """
