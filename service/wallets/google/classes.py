"""What Google last answered about each class, so that not every delivery asks again."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from service.wallets.google.client import NO_TURN, GoogleAnswer
from service.wallets.google.content import Body

# Another process may write an older version of it, until it is stopped after an upgrade.
GOOD_FOR_S = 3600.0


class KnownClasses:
    """The last answer about each class. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_use: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._known: dict[str, tuple[Body, GoogleAnswer, float]] = {}

    def last_answer(self, name: str, body: Body, since: float) -> GoogleAnswer | None:
        """Return what was answered to this very body; None if it is to be asked.

        A good answer holds for an hour; a bad one only for who has waited for it `since` then.
        """
        with self._lock:
            known = self._known.get(name)
        if known is None or known[0] != body:
            return None
        _, answer, at = known
        holds = time.monotonic() - at < GOOD_FOR_S if answer.is_good else at >= since
        return answer if holds else None

    def remember(self, name: str, body: Body, answer: GoogleAnswer) -> None:
        """Keep an answer of Google."""
        if answer.status != NO_TURN:
            with self._lock:
                self._known[name] = (body, answer, time.monotonic())

    def forget(self, name: str) -> None:
        with self._lock:
            self._known.pop(name, None)

    @contextmanager
    def sole_use(self, name: str, at_most_s: float) -> Iterator[bool]:
        """Yield whether only this thread calls about the class during the block."""
        with self._lock:
            lock = self._in_use[name]
        is_mine = lock.acquire(timeout=max(at_most_s, 0))
        try:
            yield is_mine
        finally:
            if is_mine:
                lock.release()
