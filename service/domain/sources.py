"""Configured senders of events."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Source:
    """A sender of one brand. `secrets` holds every secret now accepted, newest first."""

    id: UUID
    brand_id: UUID
    name: str
    scheme: str
    secrets: tuple[str, ...] = field(repr=False)
