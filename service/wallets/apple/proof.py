"""Whether words against a token are to be believed: only while our set-up is known to be right.

A wrong server or certificate brings the same words for every token, and a registration that was
forgotten does not come back by itself.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from service.wallets.apple.answers import Trust

HOLDS_FOR = timedelta(minutes=10)
MANY = 20  # so many refusals and no success are no chance


class Proof:
    """What the answers to one credential's pushes have proved. `now` gives aware UTC."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._proven_at: datetime | None = None
        self._doubted_at: datetime | None = None
        self._cleared_at: datetime | None = None

    def note(self) -> None:
        """Remember that a push was answered as only a right set-up is."""
        self._proven_at = now = self._now()
        if self._is_recent(self._doubted_at):
            self._doubted_at, self._cleared_at = None, now

    def forget(self) -> None:
        """Start anew: what was proved before a halt proves nothing after it."""
        self._proven_at = None

    def trust(self, *, is_proven_here: bool, is_many: bool) -> Trust:
        """Return how far the words against tokens in a batch are believed.

        If many are bad and none is good they are doubted, until a push succeeds after that: then
        the tokens really are bad.
        """
        if is_proven_here:
            return Trust.PROVEN
        if is_many and not self._is_recent(self._cleared_at):
            self._doubted_at, self._proven_at = self._now(), None
        return Trust.LIKELY if self._is_recent(self._proven_at) else Trust.NONE

    def _is_recent(self, at: datetime | None) -> bool:
        return at is not None and timedelta(0) <= self._now() - at <= HOLDS_FOR
