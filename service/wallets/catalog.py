"""The wallets in use: built once per credential, because reading a key is slow."""

import threading
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from service.domain.credentials import AppleCredential
from service.wallets.apple.signing import read_credential
from service.wallets.apple.wallet import AppleWallet


class WalletCatalog:
    """Builds wallets and keeps them. Safe to use from several threads."""

    def __init__(
        self, apns_url: str, apns_ca_path: str | None, now: Callable[[], datetime]
    ) -> None:
        self._apns_url = apns_url
        self._apns_ca_path = apns_ca_path
        self._now = now
        self._lock = threading.Lock()
        self._apple: dict[UUID, tuple[AppleCredential, AppleWallet]] = {}

    def read_apple(
        self, certificate_pem: bytes, private_key_pem: bytes, wwdr_pem: bytes
    ) -> AppleCredential:
        """Return a credential, with a new id, after checking that its parts belong together.

        Raises:
            SetupError: a part is unreadable or does not fit; says what to fix.
        """
        return read_credential(certificate_pem, private_key_pem, wwdr_pem)

    def apple(self, credential: AppleCredential) -> AppleWallet:
        """Return the Apple wallet of this credential; a renewed certificate makes a new one.

        Raises:
            SetupError: the certificate or key cannot be used; says what to fix.
        """
        with self._lock:
            kept = self._apple.get(credential.id)
            if kept is not None and kept[0] == credential:
                return kept[1]
            wallet = AppleWallet(credential, self._apns_url, self._apns_ca_path, self._now)
            self._apple[credential.id] = (credential, wallet)
            return wallet
