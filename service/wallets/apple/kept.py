"""Keeps what was asked for last, so that nothing is made twice."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
NOTHING, FOR_EVER = timedelta(), timedelta.max
LOCKS = 64


class Kept(Generic[K, V]):
    """The values asked for last, at most `at_most`, each for `good_for`. Safe with threads.

    Whoever asks for a value that is being made waits for it. A failure is not kept: each that
    waited then tries by itself. What is kept already is found without waiting for anybody.
    """

    def __init__(self, at_most: int, good_for: timedelta, now: Callable[[], datetime]) -> None:
        self._at_most = at_most
        self._good_for = good_for
        self._now = now
        # What nobody has asked for longest comes first.
        self._kept: OrderedDict[K, tuple[V, datetime]] = OrderedDict()
        self._writing = threading.Lock()
        # Keys share a few locks: who waits for a stranger waits for one signature, seldom.
        self._making = [threading.Lock() for _ in range(LOCKS)]

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of `key`; `make` is called if there is none yet, or only an old one."""
        now = self._now()
        known = self._kept.get(key)
        if known is not None and self._is_young(known[1], now):
            self._touch(key)
            return known[0]
        with self._making[hash(key) % LOCKS]:
            newest = self._kept.get(key)
            if newest is not None and newest is not known:
                return newest[0]  # made while this call waited
            value = make()
            self._keep(key, value, now)
            return value

    def _is_young(self, made_at: datetime, now: datetime) -> bool:
        """Say whether it is young enough; after a clock was set back nothing is."""
        return NOTHING <= now - made_at < self._good_for

    def _touch(self, key: K) -> None:
        with self._writing:
            if key in self._kept:  # it may have made room meanwhile
                self._kept.move_to_end(key)

    def _keep(self, key: K, value: V, made_at: datetime) -> None:
        with self._writing:
            self._kept[key] = (value, made_at)
            self._kept.move_to_end(key)
            if len(self._kept) > self._at_most:
                self._kept.popitem(last=False)
