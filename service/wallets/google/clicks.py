"""Keeps a slow Google from holding up the web: few clicks wait for it, none while it is out."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

# Half of a process's web threads; more could not be served within Google's rate anyway.
AT_ONCE = 4
OUT_FOR_S = 10.0


class Clicks:
    """Customers' first clicks that call Google, of all brands. Safe to use from any thread."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(AT_ONCE)
        self._out_until = 0.0

    @contextmanager
    def permit(self) -> Iterator[bool]:
        """Yield whether this click may call Google; nobody waits for it."""
        is_mine = time.monotonic() >= self._out_until and self._free.acquire(blocking=False)
        try:
            yield is_mine
        finally:
            if is_mine:
                self._free.release()

    def note(self, *, is_out: bool) -> None:
        """Remember how the last call ended: for a while after an outage no click tries."""
        self._out_until = time.monotonic() + OUT_FOR_S if is_out else 0.0
