"""The tenant: owner of programs, credentials, keys and sources."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Mode(StrEnum):
    TEST = "test"
    LIVE = "live"


@dataclass(frozen=True)
class Brand:
    id: UUID
    name: str
    mode: Mode
