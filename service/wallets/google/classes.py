"""The classes that Google was seen to have, so that not every delivery asks again."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from service.wallets.google.content import Body

# Another process may write an older version of it: until it is stopped after an upgrade.
KNOWN_FOR_S = 3600.0


class KnownClasses:
    """What this process has told Google of each class, and when. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._known: dict[str, tuple[Body, float]] = {}

    def is_known(self, name: str, body: Body) -> bool:
        """Say whether Google took just this body within the last hour."""
        with self._lock:
            known, at = self._known.get(name, ({}, 0.0))
        return known == body and time.monotonic() - at < KNOWN_FOR_S

    def remember(self, name: str, body: Body) -> None:
        with self._lock:
            self._known[name] = (body, time.monotonic())

    def forget(self, name: str) -> None:
        with self._lock:
            self._known.pop(name, None)

    @contextmanager
    def turn(self, name: str, at_most_s: float) -> Iterator[bool]:
        """Yield whether the class is this thread's during the block; waits for others to end."""
        with self._lock:
            lock = self._turns[name]
        is_mine = lock.acquire(timeout=max(at_most_s, 0))
        try:
            yield is_mine
        finally:
            if is_mine:
                lock.release()
