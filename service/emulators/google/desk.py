"""What passes over the emulator's counter: the log of requests, their rate, orders to misbehave."""

import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from service.emulators.google.settings import ANY_RESOURCE, Order, Ordered

USUAL_RATE = 20  # docs/sources.md, g-10
WINDOW_S = 1.0
REQUESTS_KEPT = 10_000

Setting = TypeVar("Setting", int, float, bool)


@dataclass(frozen=True)
class Seen:
    """One request and the status it got; the body of a token request is not kept."""

    method: str
    path: str
    query: str
    status: int
    at: datetime
    body: object


class RateWindow:
    """Counts what came within the last second, by the monotonic clock."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def count(self) -> int:
        """Return how many came within the last second."""
        oldest = time.monotonic() - WINDOW_S
        while self._times and self._times[0] <= oldest:
            self._times.popleft()
        return len(self._times)

    def add(self) -> int:
        """Count one more and return how many came within the last second."""
        self._times.append(time.monotonic())
        return self.count()


class Desk:
    """The orders in force and what was seen; safe to use from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._order = Order(rate=USUAL_RATE)
        self._respond: dict[str, Ordered] = {}
        self._arrived: defaultdict[str, RateWindow] = defaultdict(RateWindow)
        self._admitted: defaultdict[str, RateWindow] = defaultdict(RateWindow)
        self._seen: deque[Seen] = deque(maxlen=REQUESTS_KEPT)
        self._is_open = False
        self.count = 0
        self.lost = 0
        self.highest_rate = 0

    def open(self) -> None:
        """Let requests wait when an order says so."""
        with self._changed:
            self._is_open = True

    def close(self) -> None:
        """Release whoever waits."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def obey(self, order: Order) -> None:
        """Take an order; a reset in it comes first, and gives every issuer a fresh second."""
        with self._changed:
            if order.reset:
                self._order = Order(rate=USUAL_RATE)
                self._respond = {}
                self._admitted.clear()
            self._order = _joined(self._order, order)
            for name, wanted in order.respond.items():
                self._respond.pop(name, None)
                if wanted is not None:
                    self._respond[name] = wanted
            self._changed.notify_all()

    def is_lost(self) -> bool:
        """Return whether a request falls into the black hole; if so, only when that is over.

        A lost request is never worked off: what comes out late would overwrite what came since.
        """
        with self._changed:
            was_lost = bool(self._order.black_hole)
            self.lost += was_lost
            while self._order.black_hole and self._is_open:
                self._changed.wait()
            return was_lost

    def linger(self) -> None:
        """Wait as long as answers are ordered to wait."""
        with self._changed:
            until = time.monotonic() + (self._order.delay_s or 0)
            while self._is_open and (left := until - time.monotonic()) > 0 and self._order.delay_s:
                self._changed.wait(left)

    def token_trouble(self) -> int:
        """Return the status ordered for token requests, or 0."""
        with self._changed:
            return self._order.token_status or 0

    def ordered(self, resource_id: str) -> Ordered | None:
        """Return the answer ordered for a resource, or for all, and count it as given."""
        with self._changed:
            for name in (resource_id, ANY_RESOURCE):
                wanted = self._respond.get(name)
                if wanted is not None:
                    self._use_up(name, wanted)
                    return wanted
            return None

    def arrive(self, issuer_id: str) -> None:
        """Count a request towards the highest rate seen."""
        with self._changed:
            self.highest_rate = max(self.highest_rate, self._arrived[issuer_id].add())

    def admit(self, issuer_id: str) -> bool:
        """Return whether the issuer may have one more request within this second."""
        with self._changed:
            window = self._admitted[issuer_id]
            if window.count() >= (self._order.rate or USUAL_RATE):
                return False
            window.add()
            return True

    def note(self, seen: Seen) -> None:
        """Remember a request; the oldest fall off."""
        with self._changed:
            self._seen.append(seen)
            self.count += 1

    def seen(self, path: str | None = None) -> list[Seen]:
        """Return the last 10,000 requests, newest last; `path` keeps those beginning with it."""
        with self._changed:
            return [seen for seen in self._seen if path is None or seen.path.startswith(path)]

    def _use_up(self, name: str, wanted: Ordered) -> None:
        if wanted.times == 1:
            del self._respond[name]
        elif wanted.times is not None:
            self._respond[name] = replace(wanted, times=wanted.times - 1)


def _joined(before: Order, order: Order) -> Order:
    return Order(
        token_status=_newer(before.token_status, order.token_status),
        delay_s=_newer(before.delay_s, order.delay_s),
        black_hole=_newer(before.black_hole, order.black_hole),
        rate=_newer(before.rate, order.rate),
    )


def _newer(before: Setting | None, wanted: Setting | None) -> Setting | None:
    return before if wanted is None else wanted
