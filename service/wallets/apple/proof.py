"""Whether words against a token are to be believed: only while our set-up is known to be right.

A wrong server or certificate brings the same words for every token, and a registration that was
forgotten does not come back by itself.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from service.wallets.apple.answers import Trust

HOLDS_FOR = timedelta(minutes=10)
MANY = 20  # so many phones refused and none reached are no chance


class Proof:
    """What the answers to one credential's pushes have proved. `now` gives aware UTC."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._proven_at: datetime | None = None
        self._refused: set[str] = set()  # since then

    def note(self) -> None:
        """Remember that a push was answered as only a right set-up is."""
        self._proven_at, self._refused = self._now(), set()

    def forget(self) -> None:
        """Start anew: what was proved before a halt proves nothing after it."""
        self._proven_at = None

    def trust(self, refused: Collection[str], *, is_proven_here: bool) -> Trust:
        """Return how far the words against a batch's refused tokens are believed.

        They count until the next success: one phone refused over and over is still one phone.
        """
        if is_proven_here:
            return Trust.PROVEN
        if len(self._refused) < MANY:
            self._refused.update(refused)
        if len(self._refused) >= MANY:
            return Trust.NONE
        return Trust.LIKELY if self._is_recent(self._proven_at) else Trust.OPEN

    def _is_recent(self, at: datetime | None) -> bool:
        return at is not None and timedelta(0) <= self._now() - at <= HOLDS_FOR
