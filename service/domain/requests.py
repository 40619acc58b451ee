"""Requests that may be sent again."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class KeyedRequest:
    """A request with an Idempotency-Key; `digest` covers all that makes it the same request."""

    id: UUID
    brand_id: UUID
    endpoint: str
    key: str
    digest: bytes
