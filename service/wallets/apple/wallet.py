"""Apple Wallet behind the three verbs: a signed pass, a push per phone, a check of the set-up."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from service.domain.credentials import AppleCredential
from service.domain.deliveries import Delivery
from service.domain.designs import Design
from service.domain.passes import PassContent
from service.wallets.apple.certificates import identity
from service.wallets.apple.issuing import Issuer, Stock
from service.wallets.apple.pushing import Pusher
from service.wallets.interface import Offer, PushResult


class AppleWallet:
    """One brand's passes of one Pass Type ID. Safe to use from several threads."""

    def __init__(
        self,
        credential: AppleCredential,
        apns_url: str,
        apns_ca_path: str | None,
        now: Callable[[], datetime],
        stock: Stock | None = None,
    ) -> None:
        """Read and check the credential; the network is used only by `push`.

        `stock` is what it shares with other wallets; if left out, it has one of its own.

        Raises:
            SetupError: the certificate or key cannot be used; says what to fix.
        """
        self._identity = identity(credential)
        self._issuer = Issuer(credential, self._identity, now, stock)
        self._pusher = Pusher(credential, self._identity, apns_url, apns_ca_path, now)

    def offer(self, content: PassContent, design: Design, *, is_kept: bool = False) -> Offer:
        """Return the signed `.pkpass`; Apple keeps none, so it is the same for every click.

        Raises:
            InvalidInput: the design has a file no pass can hold.
            SetupError: the pass belongs to another Pass Type ID than the certificate.
        """
        return Offer(file=self._issuer.issue(content, design))

    def vouch(self, token: bytes) -> bytes:
        """Return the token's detached signature, made as that of a pass's manifest is.

        Raises:
            InvalidInput: the token holds what no token of Wallet does.
        """
        return self._issuer.vouch(token)

    @property
    def is_resting(self) -> bool:
        """Say whether nobody can be pushed to from here now."""
        return self._pusher.is_resting

    def push(self, batch: Sequence[Delivery]) -> Iterator[PushResult]:
        """Push once to each phone of the batch; yield a result for every delivery."""
        return self._pusher.push(batch)

    def why_unfit(self, now: datetime) -> str | None:
        """Return why nothing can be signed at `now` (aware): a certificate has ended."""
        return self._identity.why_unfit(now)

    def check(self, now: datetime) -> list[str]:
        """Return the fault of the certificates, and those of the last pushes; empty when well."""
        unfit = self.why_unfit(now)
        return ([unfit] if unfit else []) + self._pusher.faults()

    def close(self) -> None:
        """Close the connection to APNs."""
        self._pusher.close()
