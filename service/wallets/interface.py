"""What Tessera asks of a phone wallet: three verbs. Refusals are values, not exceptions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from service.domain.certificates import CertificateFacts
from service.domain.credentials import (
    AppleCredential,
    CertificateFiles,
    Credential,
    GoogleCredential,
    KnownParts,
    PushKey,
    SigningRequest,
)
from service.domain.deliveries import Delivery
from service.domain.designs import Design
from service.domain.passes import PassContent


class PushOutcome(StrEnum):
    ACCEPTED = "accepted"  # the wallet took it; it does not tell us when the phone shows it
    GONE = "gone"  # the pass left that device: stop sending
    TRY_LATER = "try_later"
    REFUSED = "refused"  # this target is refused: an operator must act, then it is tried again
    HALT = "halt"  # our set-up is refused: an operator must act, until then nobody is called
    NOT_YET = "not_yet"  # nobody was called: it is owed as before


@dataclass(frozen=True)
class PushResult:
    """What became of one delivery. `reason` is the wallet's word, shown to staff.

    `gone_since` (aware UTC): a registration made later than this is still good. `wait`: how long to
    leave the target alone at least; `pause`: how long all of them at most, if it is a halt.
    `is_doubtful`: the call was not answered and may take effect yet, even after a later one.
    `is_proof`: only a right set-up is answered so; it goes without saying of what was accepted.
    """

    delivery_id: UUID
    outcome: PushOutcome
    reason: str | None = None
    gone_since: datetime | None = None
    wait: timedelta | None = None
    pause: timedelta | None = None
    is_doubtful: bool = False
    is_proof: bool = False


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

    def vouch(self, token: bytes) -> bytes:
        """Return the signature by which a phone knows that its holder's sign-up was taken.

        Empty: there is no such sign-up in this wallet.
        """

    def push(self, batch: Sequence[Delivery]) -> Iterator[PushResult]:
        """Tell every target of a lease batch that its pass changed; yield results as they come.

        Every delivery gets exactly one result. Expected refusals are results; only our own
        faults raise.
        """

    def why_unfit(self, now: datetime) -> str | None:
        """Return why this credential can do nothing at `now` (aware); None when it can."""

    def check(self, now: datetime) -> list[str]:
        """Return what an operator must fix (expired certificate ...); empty when well."""

    def close(self) -> None:
        """Begin no more calls, let those in hand end, and close the connections.

        What was not sent is answered "not yet".
        """


class Wallets(Protocol):
    """Builds wallets from credentials and keeps them: keys are parsed once."""

    def new_signing_request(self, common_name: str, email: str) -> SigningRequest:
        """Return a new key with the request by which Apple certifies it.

        Raises:
            SetupError: the name or the address cannot stand in a request.
        """

    def read_apple(
        self, files: CertificateFiles, known: KnownParts, at: datetime, *, is_nfc: bool
    ) -> AppleCredential:
        """Return a credential after checking that its parts belong together.

        `at` (aware) is when it is to take over. `is_nfc`: it may sign NFC passes, marked so or not.

        Raises:
            SetupError: a part is unreadable, missing, out of date or does not fit; says which.
        """

    def apple_facts(
        self, certificate_pem: bytes, wwdr_pem: bytes, *, is_nfc: bool
    ) -> CertificateFacts:
        """Return what a kept certificate says of itself.

        Raises:
            SetupError: it cannot be read.
        """

    def read_google(self, key_file: bytes, issuer_id: str) -> GoogleCredential:
        """Return a credential after checking that a service account's key file can be used.

        Raises:
            SetupError: the file or the issuer id cannot be used; says what to fix.
        """

    def design_faults(self, design: Design) -> list[tuple[str, str]]:
        """Return what phones would refuse or leave out of the design, with places."""

    def read_push_key(self, key_file: bytes, key_id: str, team_id: str) -> PushKey:
        """Return a push key after checking that it can be used.

        Raises:
            SetupError: the file or an id cannot be used; says what to fix.
        """

    def of(self, credential: Credential) -> Wallet:
        """Return the wallet of this credential.

        Raises:
            SetupError: the certificate or key cannot be used; says what to fix.
        """

    def retire(self, credential_id: UUID) -> None:
        """Close a wallet that another one has taken over from, once its calls in hand have ended.

        Does not wait for that. It is built anew should it be asked for again.
        """

    def resting(self) -> frozenset[str]:
        """Return the pass types that cannot be called from this process now."""

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
