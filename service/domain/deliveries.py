"""When a wallet must be told, and when to try again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

from service.domain.designs import Design
from service.domain.passes import PassContent, WalletName

COALESCE = timedelta(seconds=2)  # one target is told at most this often, newest version first
LEASE = timedelta(seconds=60)
# A block waits for the batches in hand: Google takes some 15 calls a second, Apple thousands.
BATCH = {WalletName.APPLE: 50, WalletName.GOOGLE: 15}
CONFIRM_AFTER = timedelta(seconds=60)  # by then an unanswered call has taken effect, if ever
LONGEST_WAIT = timedelta(hours=1)


class Priority(IntEnum):
    URGENT = 0  # blocks outrank balances
    NORMAL = 5
    LATER = 9  # a new look waits for every balance


@dataclass(frozen=True)
class Delivery:
    """A leased debt: this target was to be told `version` of a pass.

    `lease` fences its owner until `leased_until` (aware UTC). A phone is told by its `push_token`
    that something changed; a wallet that keeps the pass itself is told `content` and `design`.
    `is_probe`: it goes alone to find out whether a halt is over.
    """

    id: UUID
    brand_id: UUID
    pass_id: UUID
    wallet: WalletName
    type_id: str
    version: int
    attempts: int
    lease: UUID
    leased_until: datetime
    device_id: UUID | None = None
    push_token: str = ""
    content: PassContent | None = None
    design: Design | None = None
    is_probe: bool = False


@dataclass(frozen=True)
class Progress:
    """How far one target is. `sent_at` is aware UTC, None before the wallet took anything."""

    wallet: WalletName
    pass_id: UUID
    sent_version: int
    sent_at: datetime | None
    attempts: int
    last_error: str | None


def retry_after(attempts: int, asked: timedelta | None = None) -> timedelta:
    """Return how long to wait after the nth failed attempt: 2 s doubling up to an hour."""
    doubled = min(LONGEST_WAIT, timedelta(seconds=2 ** min(attempts, 12)))
    return max(doubled, asked or timedelta(0))


def not_before(now: datetime) -> datetime:
    """Return when a target told at `now` may be told again."""
    return now + COALESCE
