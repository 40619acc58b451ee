"""Signs manifests with a Pass Type ID certificate.

Source: Wallet Passes > Building a pass, checked 2026-11-22.
"""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from service.wallets.apple.certificates import Identity

# Binary: without it line ends in the manifest are rewritten before they are hashed.
# Attributes stay: Wallet refuses a signature without a signing time.
OPTIONS = (
    PKCS7Options.DetachedSignature,
    PKCS7Options.Binary,
    PKCS7Options.NoCapabilities,
)


class Signer:
    """Signs for one Pass Type ID. Safe to use from several threads."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def sign(self, manifest: bytes) -> bytes:
        """Return the detached CMS signature (DER) of `manifest`; its time is the system clock's."""
        return (
            PKCS7SignatureBuilder()
            .set_data(manifest)
            .add_signer(self._identity.certificate, self._identity.key, SHA256())
            .add_certificate(self._identity.wwdr)
            .sign(Encoding.DER, OPTIONS)
        )
