"""Who did what to a card, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True)
class Actor:
    """Who acts, on behalf of which brand. `name` is shown to staff: an API key, a source."""

    brand_id: UUID
    name: str
    channel: str
    request_id: str
    scopes: frozenset[str] = field(default_factory=frozenset)
    key_id: UUID | None = None


@dataclass(frozen=True)
class Record:
    """One line of a card's history. `pass_versions` (pass id -> version) is what the act made."""

    id: UUID
    brand_id: UUID
    card_id: UUID
    account_id: UUID
    action: str
    reason: str | None
    comment: str | None
    from_status: str | None
    to_status: str
    actor: str
    channel: str
    request_id: str
    pass_versions: Mapping[str, int]
    created_at: datetime
    store: str | None = None


class Settled(StrEnum):
    """How far one surface has followed an act."""

    DONE = "done"
    PENDING = "pending"
    FAILING = "failing"
    UNREACHABLE = "unreachable"
    NOT_CONNECTED = "not_connected"
