"""When a wallet must be told, and when to try again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

COALESCE = timedelta(seconds=2)  # one target is told at most this often, newest version first
LEASE = timedelta(seconds=60)
BATCH = 50
LONGEST_WAIT = timedelta(hours=1)


class Priority(IntEnum):
    URGENT = 0  # blocks outrank balances
    NORMAL = 5


@dataclass(frozen=True)
class Delivery:
    """A leased debt: this target was to be told `version` of a pass. `lease` fences its owner."""

    id: UUID
    brand_id: UUID
    pass_id: UUID
    device_id: UUID
    wallet: str
    type_id: str
    push_token: str
    version: int
    attempts: int
    lease: UUID


def retry_after(attempts: int, asked: timedelta | None = None) -> timedelta:
    """Return how long to wait after the nth failed attempt: 2 s doubling up to an hour."""
    doubled = min(LONGEST_WAIT, timedelta(seconds=2 ** min(attempts, 12)))
    return max(doubled, asked or timedelta(0))


def not_before(now: datetime) -> datetime:
    """Return when a target told at `now` may be told again."""
    return now + COALESCE
