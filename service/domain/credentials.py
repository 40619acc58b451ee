"""What proves to a wallet's vendor that a brand is who it says."""

from dataclasses import dataclass, field
from uuid import UUID


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
