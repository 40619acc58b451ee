"""What needs an operator though the service is up."""

from enum import StrEnum


class Attention(StrEnum):
    """Codes that name nobody, so that anybody may read them."""

    CERTIFICATE_EXPIRES = "certificate_expires"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_UNREADABLE = "certificate_unreadable"
    WALLET_HALTED = "wallet_halted"
