"""Runs work for woken keys in background threads: never twice at once, never one run too few."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

STOP_WITHIN_S = 0.5

log = logging.getLogger(__name__)


class WakeQueue(Generic[Key]):
    """Calls `run(key)` for each submitted key; False asks for another try after a pause.

    Submits while a key waits collapse into its run; submits while it runs, into one more run.
    """

    def __init__(
        self, run: Callable[[Key], bool], *, threads: int, retry_after_s: Sequence[float]
    ) -> None:
        self._run = run
        self._thread_count = threads
        self._retry_after_s = retry_after_s
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self._order = itertools.count()
        self._due: list[tuple[float, int, Key]] = []
        # The number of failed tries so far, of keys that wait; an entry of `_due` whose key is
        # not here has been overtaken.
        self._waiting: dict[Key, int] = {}
        self._running: set[Key] = set()
        self._again: set[Key] = set()

    def start(self) -> None:
        """Start the threads; does nothing when they run."""
        if self._threads:
            return
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"phone-{number}", daemon=True)
            for number in range(self._thread_count)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; a run under way gets half a second to finish, what waits is kept."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        deadline = time.monotonic() + STOP_WITHIN_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._threads = []

    def submit(self, key: Key) -> None:
        """Have `key` run soon; never blocks."""
        with self._changed:
            if key in self._running:
                self._again.add(key)
            else:
                self._enqueue(key, delay_s=0, failures=0)

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until nothing runs or waits; False when that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._running), timeout_s)

    def _enqueue(self, key: Key, *, delay_s: float, failures: int) -> None:
        is_overtaking = key in self._waiting and delay_s == 0
        if key not in self._waiting or is_overtaking:
            heapq.heappush(self._due, (time.monotonic() + delay_s, next(self._order), key))
        self._waiting[key] = failures
        # Not `notify`: the one woken might be somebody who waits for idleness.
        self._changed.notify_all()

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            key, failures = taken
            is_done = self._attempt(key)
            self._finish(key, is_done=is_done, failures=failures)

    def _take(self) -> tuple[Key, int] | None:
        with self._changed:
            while not self._stopping:
                self._drop_overtaken()
                pause = self._due[0][0] - time.monotonic() if self._due else None
                if pause is not None and pause <= 0:
                    key = heapq.heappop(self._due)[2]
                    self._running.add(key)
                    return key, self._waiting.pop(key)
                self._changed.wait(pause)
            return None

    def _drop_overtaken(self) -> None:
        while self._due and self._due[0][2] not in self._waiting:
            heapq.heappop(self._due)

    def _attempt(self, key: Key) -> bool:
        try:
            return self._run(key)
        except Exception:
            log.exception("a woken phone failed")
            return True

    def _finish(self, key: Key, *, is_done: bool, failures: int) -> None:
        with self._changed:
            self._running.discard(key)
            if key in self._again:
                self._again.discard(key)
                self._enqueue(key, delay_s=0, failures=0)
            elif not is_done and failures < len(self._retry_after_s):
                delay_s = self._retry_after_s[failures]
                self._enqueue(key, delay_s=delay_s, failures=failures + 1)
            self._changed.notify_all()
