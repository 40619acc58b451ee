"""Pushes to Apple's push service (APNs) over one HTTP/2 connection, many at a time.

Headers and body: docs/sources.md, a-5. A push carries nothing: the phone asks what changed.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import certifi
import pycurl  # ships no types

from service.wallets.apple.request import ApnsAnswer, PushRequest
from service.wallets.apple.transfers import Ended, Transfers

IN_FLIGHT = 200
CONNECT_WITHIN_S = 5
ANSWER_WITHIN_S = 10
KEEP_IDLE_S = 1800  # Apple asks for long-lived connections; many short ones look like an attack
KEEPALIVE_S = 60
KEPT_FOR = timedelta(days=7)  # how long APNs tries to reach a phone that is off
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
HTTP2_STREAM_ERROR = 92  # CURLE_HTTP2_STREAM, which pycurl does not name
# The connection broke (GOAWAY, reset) with pushes on it: pushing twice is harmless.
LOST = frozenset(
    {pycurl.E_HTTP2, HTTP2_STREAM_ERROR, pycurl.E_RECV_ERROR}
    | {pycurl.E_SEND_ERROR, pycurl.E_GOT_NOTHING}
)
TRIES = 2


class ApnsClient:
    """Pushes for one topic. Any thread may call `push`; others wait until it has ended."""

    def __init__(
        self,
        url: str,
        certificate_pem: bytes,
        key_pem: bytes,
        *,
        topic: str,
        ca_path: str | None,
        now: Callable[[], datetime],
    ) -> None:
        """Prepare; connects at the first push.

        `certificate_pem` is the leaf with its intermediate. `ca_path` names the only
        authorities trusted to vouch for the server; None: the public ones.
        """
        self._url = url.rstrip("/")
        self._topic = topic
        self._now = now
        self._options = _options(self._url, certificate_pem, key_pem, ca_path)
        self._lock = threading.Lock()
        self._transfers = Transfers()
        self._idle: list[PushRequest] = []
        self._flying: dict[pycurl.Curl, PushRequest] = {}
        self._is_stuck = False

    def push(self, tokens: Iterable[str]) -> Iterator[ApnsAnswer]:
        """Push to every token once; yield the answers as they arrive, in any order.

        Take the answers promptly, and to the end: the client is locked and the clock of the
        pushes in flight is running. What was not sent when the caller stops is not sent.
        """
        with self._lock:
            try:
                yield from self._push(deque(tokens), self._headers())
            finally:
                self._tidy()

    def close(self) -> None:
        """Close the connection; the next push opens a new one."""
        with self._lock:
            self._reconnect()

    def _push(self, waiting: deque[str], headers: Sequence[str]) -> Iterator[ApnsAnswer]:
        while waiting or self._flying:
            while waiting and len(self._flying) < IN_FLIGHT:
                self._launch(waiting.popleft(), headers)
            for ended in list(self._transfers.wait()):
                answer = self._land(ended)
                if answer is not None:
                    yield answer

    def _launch(self, token: str, headers: Sequence[str]) -> None:
        request = self._idle.pop() if self._idle else PushRequest(self._url, self._options)
        request.aim(token, headers)
        self._start(request)

    def _start(self, request: PushRequest) -> None:
        request.tries += 1
        self._flying[request.curl] = request
        self._transfers.add(request.curl)

    def _land(self, ended: Ended) -> ApnsAnswer | None:
        """Return the answer of an ended push, or None if it was sent once more."""
        request = self._flying.pop(ended.curl)
        self._transfers.remove(ended.curl)
        if ended.error is not None and ended.error[0] in LOST and request.tries < TRIES:
            request.rewind()
            self._start(request)
            return None
        self._idle.append(request)
        if ended.error is None:
            return request.answer()
        self._is_stuck |= ended.error[0] == pycurl.E_OPERATION_TIMEDOUT
        return request.failure(ended.error[1])

    def _tidy(self) -> None:
        """Take back what is still in flight, and leave a connection that has gone silent.

        A time-out ends a push, not its connection: a dead one would swallow the next pushes too.
        """
        for request in self._flying.values():
            self._transfers.remove(request.curl)
        self._flying.clear()
        if self._is_stuck:
            self._reconnect()

    def _reconnect(self) -> None:
        self._transfers.close()
        self._transfers = Transfers()
        self._is_stuck = False

    def _headers(self) -> list[str]:
        expires_at = int((self._now() + KEPT_FOR).timestamp())
        return [
            f"apns-topic: {self._topic}",
            "apns-push-type: background",
            "apns-priority: 5",
            f"apns-expiration: {expires_at}",
            "content-type: application/json",
        ]


def _options(
    url: str, certificate_pem: bytes, key_pem: bytes, ca_path: str | None
) -> dict[int, object]:
    options: dict[int, object] = {
        # Over TLS, libcurl then offers HTTP/2 and nothing else.
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
        pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
        pycurl.SSLCERT_BLOB: certificate_pem,
        pycurl.SSLKEY_BLOB: key_pem,
        pycurl.CAINFO: ca_path or certifi.where(),
        pycurl.POSTFIELDS: "{}",
        pycurl.PROTOCOLS: pycurl.PROTO_HTTPS,
        # A token of dots must not climb up the path.
        pycurl.PATH_AS_IS: 1,
        # Wait for the one connection rather than open another.
        pycurl.PIPEWAIT: 1,
        pycurl.NOSIGNAL: 1,
        pycurl.CONNECTTIMEOUT: CONNECT_WITHIN_S,
        pycurl.TIMEOUT: ANSWER_WITHIN_S,
        pycurl.MAXAGE_CONN: KEEP_IDLE_S,
        pycurl.TCP_KEEPALIVE: 1,
        pycurl.TCP_KEEPIDLE: KEEPALIVE_S,
        pycurl.TCP_KEEPINTVL: KEEPALIVE_S,
    }
    if urlsplit(url).hostname in LOOPBACK:
        # A company's proxy cannot reach the emulator on this machine.
        options[pycurl.PROXY] = ""
    return options
