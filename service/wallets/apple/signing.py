"""Signs manifests with a Pass Type ID certificate.

Source: Wallet Passes > Building a pass, checked 2026-11-22.
"""

from collections.abc import Callable
from datetime import datetime

from service.wallets.apple.certificates import Identity
from service.wallets.apple.cms import Frame


class Signer:
    """Signs for one Pass Type ID. Safe to use from several threads."""

    def __init__(self, identity: Identity, now: Callable[[], datetime]) -> None:
        self._frame = Frame(identity.certificate, identity.key, identity.wwdr)
        self._now = now

    def sign(self, manifest: bytes) -> bytes:
        """Return the detached CMS signature (DER) of `manifest`, dated now.

        Wallet refuses a signature without a time, and a wrong clock makes wrong passes.
        """
        return self._frame.signature(manifest, self._now())
