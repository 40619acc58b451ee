"""What proves to a wallet's vendor that a brand is who it says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from service.domain.passes import WalletName


@dataclass(frozen=True)
class PushKey:
    """A `.p8` key of Apple's: it says to APNs who pushes, in place of a certificate."""

    id: UUID
    key_id: str
    team_id: str
    private_key_pem: bytes = field(repr=False)


@dataclass(frozen=True)
class AppleCredential:
    """What signs a brand's passes and opens its connection to APNs.

    PEM bytes; `wwdr_pem` is Apple's intermediate that issued the certificate. `is_nfc`: it may
    sign passes that are read by NFC. `push_key` opens the connection instead, if there is one.
    """

    id: UUID
    type_id: str
    team_id: str
    certificate_pem: bytes
    private_key_pem: bytes = field(repr=False)
    wwdr_pem: bytes
    is_nfc: bool = False
    push_key: PushKey | None = None

    wallet = WalletName.APPLE


@dataclass(frozen=True)
class CertificateFiles:
    """What an operator hands in, as the files are: DER, PEM or PKCS #12.

    `certificate` may hold the key and the intermediate too. `password` opens what is locked.
    """

    certificate: bytes = field(repr=False)
    key: bytes | None = field(default=None, repr=False)
    wwdr: tuple[bytes, ...] = ()
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class KnownParts:
    """What is at hand besides the files: intermediates (PEM), and keys that wait or are in use.

    `key_of` takes the SHA-256 of a SubjectPublicKeyInfo and returns its private key (PEM) or None.
    """

    wwdr_pems: tuple[bytes, ...]
    key_of: Callable[[bytes], bytes | None]


@dataclass(frozen=True)
class SigningRequest:
    """A new key, and the request (PEM) by which Apple makes a certificate for it.

    `key_digest` is the SHA-256 of the public key's SubjectPublicKeyInfo.
    """

    key_digest: bytes
    private_key_pem: bytes = field(repr=False)
    csr_pem: bytes


@dataclass(frozen=True)
class GoogleCredential:
    """A service account that may write the passes of one Google Wallet issuer."""

    id: UUID
    type_id: str  # the issuer id
    email: str
    key_id: str
    private_key_pem: bytes = field(repr=False)

    wallet = WalletName.GOOGLE


Credential = AppleCredential | GoogleCredential
