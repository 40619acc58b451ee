"""The wallets in use: built once per credential, because reading a key is slow."""

import threading
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from service.domain.credentials import AppleCredential, Credential, GoogleCredential
from service.wallets.apple.certificates import read_credential
from service.wallets.apple.wallet import AppleWallet
from service.wallets.google.clicks import Clicks
from service.wallets.google.client import GoogleAddresses
from service.wallets.google.credential import read_key_file
from service.wallets.google.wallet import GoogleWallet
from service.wallets.interface import Turns, Wallet


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
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[UUID, tuple[Credential, Wallet]] = {}

    def read_apple(
        self, certificate_pem: bytes, private_key_pem: bytes, wwdr_pem: bytes
    ) -> AppleCredential:
        """Return a credential, with a new id, after checking that its parts belong together.

        Raises:
            SetupError: a part is unreadable or does not fit; says what to fix.
        """
        return read_credential(certificate_pem, private_key_pem, wwdr_pem)

    def read_google(self, key_file: bytes, issuer_id: str) -> GoogleCredential:
        """Return a credential, with a new id, out of a service account's key file.

        Raises:
            SetupError: the file or the issuer id cannot be used; says what to fix.
        """
        return read_key_file(key_file, issuer_id)

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
            return wallet

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
        return AppleWallet(credential, self._apns_url, self._apns_ca_path, self._now)
