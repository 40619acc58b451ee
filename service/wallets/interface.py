"""What Tessera asks of a phone wallet: three verbs. Refusals are values, not exceptions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from service.domain.credentials import AppleCredential, Credential, GoogleCredential
from service.domain.deliveries import Delivery
from service.domain.designs import Design
from service.domain.passes import PassContent


class PushOutcome(StrEnum):
    ACCEPTED = "accepted"  # the wallet took it; it does not tell us when the phone shows it
    GONE = "gone"  # the pass left that device: stop sending
    TRY_LATER = "try_later"
    REFUSED = "refused"  # our set-up is wrong: an operator must act, then it is tried again
    NOT_YET = "not_yet"  # nobody was called: it is owed as before


@dataclass(frozen=True)
class PushResult:
    """What became of one delivery. `reason` is the wallet's word, shown to staff.

    `gone_since` (aware UTC): a registration made later than this is still good. `is_doubtful`: the
    call was not answered and may take effect yet, even after a later one.
    """

    delivery_id: UUID
    outcome: PushOutcome
    reason: str | None = None
    gone_since: datetime | None = None
    wait: timedelta | None = None
    is_doubtful: bool = False


@dataclass(frozen=True)
class Offer:
    """What the customer opens to add the pass: a signed file, or a link; neither: not now.

    `is_told`: the vendor was given the pass as it is in the content, and keeps it.
    """

    file: bytes = b""
    link: str = ""
    is_told: bool = False


class Wallet(Protocol):
    """One brand's side of one phone wallet. May use the network; never sees the database."""

    def offer(self, content: PassContent, design: Design, *, is_kept: bool = False) -> Offer:
        """Return what the customer opens to add the pass.

        `is_kept`: the vendor has the pass already, in whatever version.
        """

    def push(self, batch: Sequence[Delivery]) -> Iterator[PushResult]:
        """Tell every target of a lease batch that its pass changed; yield results as they come.

        Every delivery gets exactly one result. Expected refusals are results; only our own
        faults raise.
        """

    def check(self, now: datetime) -> list[str]:
        """Return what an operator must fix (expired certificate ...); empty when well."""

    def close(self) -> None:
        """Begin no more calls, let those in hand end, and close the connections.

        What was not sent is answered "not yet".
        """


class Wallets(Protocol):
    """Builds wallets from credentials and keeps them: keys are parsed once."""

    def read_apple(
        self, certificate_pem: bytes, private_key_pem: bytes, wwdr_pem: bytes
    ) -> AppleCredential:
        """Return a credential after checking that its parts belong together.

        Raises:
            SetupError: a part is unreadable or does not fit; says what to fix.
        """

    def read_google(self, key_file: bytes, issuer_id: str) -> GoogleCredential:
        """Return a credential after checking that a service account's key file can be used.

        Raises:
            SetupError: the file or the issuer id cannot be used; says what to fix.
        """

    def of(self, credential: Credential) -> Wallet:
        """Return the wallet of this credential.

        Raises:
            SetupError: the certificate or key cannot be used; says what to fix.
        """

    def close(self) -> None:
        """Close every wallet there is."""


@dataclass(frozen=True)
class Turn:
    """A moment at which a call may start, in seconds from now; others may get it if not taken."""

    wait_s: float
    is_taken: bool


class Turns(Protocol):
    """The calls that all processes together may make to one vendor's account, one at a time."""

    def take(self, type_id: str, at_most_s: float) -> Turn:
        """Take the next moment at which a call may start, unless it is later than `at_most_s`."""

    def hold(self, type_id: str, for_s: float) -> None:
        """Let nobody call for that many seconds, at most 5 minutes."""
