"""Drives many curl transfers over one connection; knows nothing of Apple.

libcurl says which sockets to watch and for how long. `select` is not used: it cannot watch a
file descriptor above 1023, and a busy web server has those.
"""

import selectors
import time
from collections.abc import Iterator
from typing import NamedTuple

import pycurl  # ships no types

LONGEST_NAP_S = 1.0
MOST_STREAMS = 1000  # what APNs allows at most; the server may announce fewer
WATCHED = {
    pycurl.POLL_IN: selectors.EVENT_READ,
    pycurl.POLL_OUT: selectors.EVENT_WRITE,
    pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE,
}


class Ended(NamedTuple):
    """A transfer that is over. `error`: curl's number and words, None when an answer came."""

    curl: pycurl.Curl
    error: tuple[int, str] | None


class Transfers:
    """The transfers in flight. For one thread at a time."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._deadline: float | None = None
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, 1)
        self._multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, MOST_STREAMS)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

    def add(self, curl: pycurl.Curl) -> None:
        """Start a transfer."""
        self._multi.add_handle(curl)

    def remove(self, curl: pycurl.Curl) -> None:
        """Forget a transfer, ended or not; its handle may be used again."""
        self._multi.remove_handle(curl)

    def wait(self) -> Iterator[Ended]:
        """Let curl work until something happens, at most a second; yield what ended."""
        ready = self._selector.select(self._nap_s())
        for key, events in ready:
            readable = pycurl.CSELECT_IN if events & selectors.EVENT_READ else 0
            writable = pycurl.CSELECT_OUT if events & selectors.EVENT_WRITE else 0
            self._multi.socket_action(key.fd, readable | writable)
        # Answers are read before time-outs are judged: they may have come in time.
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self._deadline = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        yield from self._ended()

    def close(self) -> None:
        """Close the connection. All transfers must have been removed."""
        self._multi.close()
        self._selector.close()

    def _nap_s(self) -> float:
        if self._deadline is None:
            return LONGEST_NAP_S
        return min(LONGEST_NAP_S, max(0.0, self._deadline - time.monotonic()))

    def _ended(self) -> Iterator[Ended]:
        queued = 1
        while queued:
            queued, answered, failed = self._multi.info_read()
            yield from (Ended(curl, None) for curl in answered)
            yield from (Ended(curl, (number, words)) for curl, number, words in failed)

    def _watch(self, wanted: int, fd: int, *_: object) -> None:
        if wanted == pycurl.POLL_REMOVE:
            if fd in self._selector.get_map():
                self._selector.unregister(fd)
        elif fd in self._selector.get_map():
            self._selector.modify(fd, WATCHED[wanted])
        else:
            self._selector.register(fd, WATCHED[wanted])

    def _set_timer(self, milliseconds: int) -> None:
        self._deadline = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000
