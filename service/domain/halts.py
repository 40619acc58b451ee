"""How long a vendor that refuses our set-up is left alone before one delivery tries again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain.passes import WalletName

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
MOST_DOUBLINGS = 6


@dataclass(frozen=True)
class Halt:
    """Nothing of a pass type is sent: `reason` is the vendor's word (times aware UTC).

    One delivery goes out after `until`; `waiting` of them are due now.
    """

    type_id: str
    wallet: WalletName
    reason: str
    since: datetime
    until: datetime
    waiting: int = 0


def pause_after(tries: int, at_most: timedelta | None = None) -> timedelta:
    """Return how long to wait after the nth refusal in a row: 1 minute doubling up to an hour."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(tries - 1, MOST_DOUBLINGS)
    return min(doubled, LONGEST_PAUSE, at_most or LONGEST_PAUSE)
