"""How soon a connection may be tried again: with growing pauses, and never often in a minute.

Apple takes many short connections for an attack (docs/sources.md, a-51).
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

NONE = timedelta(0)
MINUTE = timedelta(minutes=1)
MOST_CONNECTS = 6  # in any minute
FIRST_REST = timedelta(seconds=1)
LONGEST_REST = timedelta(minutes=1)
MOST_DOUBLINGS = 6


class Rests:
    """The pauses of one connection's owner. `now` gives aware UTC."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._connects: deque[datetime] = deque(maxlen=MOST_CONNECTS)
        self._failures = 0
        self._failed_at: datetime | None = None

    @property
    def left(self) -> timedelta:
        """Return how long no connection may be opened; zero: one may be now."""
        now = self._now()
        return max(self._after_failure(now), self._after_many(now))

    def note_connects(self, count: int) -> None:
        """Remember connections that were opened, or tried to."""
        self._connects.extend([self._now()] * count)

    def note_failure(self) -> None:
        """Remember that a call that went ahead of others had no answer."""
        self._failures += 1
        self._failed_at = self._now()

    def note_answer(self) -> None:
        """Remember that the other side answers: the next failure is the first again."""
        self._failures = 0

    def _after_failure(self, now: datetime) -> timedelta:
        if not self._failures or self._failed_at is None or self._failed_at > now:
            return NONE
        doubled: timedelta = FIRST_REST * 2 ** min(self._failures - 1, MOST_DOUBLINGS)
        return max(NONE, self._failed_at + min(doubled, LONGEST_REST) - now)

    def _after_many(self, now: datetime) -> timedelta:
        if len(self._connects) < MOST_CONNECTS:
            return NONE
        oldest = self._connects[0]
        # A moment later than now was written by a clock that has been set back since.
        return oldest + MINUTE - now if now - MINUTE < oldest <= now else NONE
