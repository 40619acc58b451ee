"""What proves to a wallet's vendor that a brand is who it says."""

from dataclasses import dataclass, field
from uuid import UUID

from service.domain.passes import WalletName


@dataclass(frozen=True)
class AppleCredential:
    """What signs a brand's passes and opens its connection to APNs.

    PEM bytes; `wwdr_pem` is Apple's intermediate that issued the certificate.
    """

    id: UUID
    type_id: str
    team_id: str
    certificate_pem: bytes
    private_key_pem: bytes = field(repr=False)
    wwdr_pem: bytes

    wallet = WalletName.APPLE


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
