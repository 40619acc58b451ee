"""The wallets in use: built once per credential, because reading a key is slow."""

import threading
from collections.abc import Callable
from datetime import datetime
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
from service.domain.designs import Design
from service.wallets.apple import judging
from service.wallets.apple.certificates import facts
from service.wallets.apple.importing import read_credential
from service.wallets.apple.issuing import Stock
from service.wallets.apple.push_tokens import read_push_key
from service.wallets.apple.signing_requests import new_request
from service.wallets.apple.wallet import AppleWallet
from service.wallets.google.clicks import Clicks
from service.wallets.google.client import GoogleAddresses
from service.wallets.google.credential import read_key_file
from service.wallets.google.wallet import GoogleWallet
from service.wallets.interface import Turns, Wallet
from service.wallets.samples import samples


def design_faults(design: Design, now: datetime) -> list[tuple[str, str]]:
    """Return what phones would refuse or leave out of the design at `now` (aware), with places.

    Google is told texts and images whose form our own rules hold already.
    """
    return judging.design_faults(design, samples(design, now), now)


class WalletCatalog:
    """Builds wallets and keeps them. Safe to use from several threads."""

    def __init__(
        self,
        apns_url: str,
        apns_ca_path: str | None,
        google: GoogleAddresses,
        google_turns: Turns,
        now: Callable[[], datetime],
    ) -> None:
        self._apns_url = apns_url
        self._apns_ca_path = apns_ca_path
        self._google = google
        self._google_turns = google_turns
        self._google_clicks = Clicks()
        self._apple_stock = Stock(now)
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[UUID, tuple[Credential, Wallet]] = {}

    def new_signing_request(self, common_name: str, email: str) -> SigningRequest:
        """Return a new key with the request by which Apple certifies it.

        Raises:
            SetupError: the name or the address cannot stand in a request.
        """
        return new_request(common_name, email)

    def read_apple(
        self, files: CertificateFiles, known: KnownParts, at: datetime, *, is_nfc: bool
    ) -> AppleCredential:
        """Return a credential, with a new id, after checking that its parts belong together.

        `at` (aware) is when it is to take over. `is_nfc`: it may sign NFC passes, marked so or not.

        Raises:
            SetupError: a part is unreadable, missing, out of date or does not fit; says which.
        """
        return read_credential(files, known, at, is_nfc=is_nfc)

    def apple_facts(
        self, certificate_pem: bytes, wwdr_pem: bytes, *, is_nfc: bool
    ) -> CertificateFacts:
        """Return what a kept certificate says of itself.

        Raises:
            SetupError: it cannot be read.
        """
        return facts(certificate_pem, wwdr_pem, is_nfc=is_nfc)

    def read_google(self, key_file: bytes, issuer_id: str) -> GoogleCredential:
        """Return a credential, with a new id, out of a service account's key file.

        Raises:
            SetupError: the file or the issuer id cannot be used; says what to fix.
        """
        return read_key_file(key_file, issuer_id)

    def design_faults(self, design: Design) -> list[tuple[str, str]]:
        """Return what phones would refuse or leave out of the design, with places."""
        return design_faults(design, self._now())

    def read_push_key(self, key_file: bytes, key_id: str, team_id: str) -> PushKey:
        """Return a push key, with a new id, out of a `.p8` file.

        Raises:
            SetupError: the file or an id cannot be used; says what to fix.
        """
        return read_push_key(key_file, key_id, team_id)

    def of(self, credential: Credential) -> Wallet:
        """Return the wallet of this credential; a renewed certificate makes a new one.

        Raises:
            SetupError: the certificate or key cannot be used; says what to fix.
        """
        with self._lock:
            kept = self._kept.get(credential.id)
            if kept is not None and kept[0] == credential:
                return kept[1]
            wallet = self._built(credential)
            self._kept[credential.id] = (credential, wallet)
        if kept is not None:
            _close_later(kept[1])
        return wallet

    def retire(self, credential_id: UUID) -> None:
        """Close a wallet that another one has taken over from, once its calls in hand have ended.

        Does not wait for that: a batch may take as long as its vendor does.
        """
        with self._lock:
            kept = self._kept.pop(credential_id, None)
        if kept is not None:
            _close_later(kept[1])

    def resting(self) -> frozenset[str]:
        """Return the pass types that cannot be called from this process now."""
        with self._lock:
            kept = list(self._kept.values())
        return frozenset(
            credential.type_id
            for credential, wallet in kept
            if isinstance(wallet, AppleWallet) and wallet.is_resting
        )

    def close(self) -> None:
        """Close every wallet there is."""
        with self._lock:
            wallets = [wallet for _, wallet in self._kept.values()]
            self._kept.clear()
        for wallet in wallets:
            wallet.close()

    def _built(self, credential: Credential) -> Wallet:
        if isinstance(credential, GoogleCredential):
            return GoogleWallet(
                credential, self._google, self._google_turns, self._now, self._google_clicks
            )
        return AppleWallet(
            credential, self._apns_url, self._apns_ca_path, self._now, self._apple_stock
        )


def _close_later(wallet: Wallet) -> None:
    threading.Thread(target=wallet.close, name="retired-wallet").start()
