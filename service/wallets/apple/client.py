"""Pushes to Apple's push service (APNs) over one HTTP/2 connection, many at a time.

Headers and body: docs/sources.md, a-5. A push carries nothing: the phone asks what changed.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pycurl  # ships no types
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from service.wallets.apple.push_tokens import PushTokens
from service.wallets.apple.request import ApnsAnswer, PushRequest
from service.wallets.apple.rests import Rests
from service.wallets.apple.transfers import Ended, Transfers

IN_FLIGHT = 200
CONNECT_WITHIN_S = 5
ANSWER_WITHIN_S = 10
KEEP_IDLE_S = 1800  # Apple asks for long-lived connections; many short ones look like an attack
KEEPALIVE_S = 60
SURE_FOR_S = 1.0  # after an answer; then one push goes ahead of the others
SCOUTS = 3  # how many of those may be refused for a fault of Apple's own, or of one phone's
KEPT_FOR = timedelta(days=7)  # how long APNs tries to reach a phone that is off
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SERVER_FAULT = 500
SHUTDOWN = "Shutdown"
HTTP2_STREAM_ERROR = 92  # CURLE_HTTP2_STREAM, which pycurl does not name
# The connection broke (GOAWAY, reset) with pushes on it: pushing twice is harmless.
BROKEN = frozenset({pycurl.E_HTTP2, pycurl.E_RECV_ERROR, pycurl.E_SEND_ERROR, pycurl.E_GOT_NOTHING})
LOST = BROKEN | {HTTP2_STREAM_ERROR}
UNREACHED = frozenset({pycurl.E_COULDNT_CONNECT, pycurl.E_COULDNT_RESOLVE_HOST})

Stops = Callable[[ApnsAnswer], bool]


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
        tokens: PushTokens | None = None,
    ) -> None:
        """Prepare; connects at the first push.

        `certificate_pem` is the leaf with its intermediate; `tokens` take its place. `ca_path`
        names the only authorities trusted to vouch for the server; None: the public ones.
        """
        self._url = url.rstrip("/")
        self._topic = topic
        self._now = now
        self._tokens = tokens
        self._options = _options(self._url, ca_path)
        if tokens is None:
            self._options |= {pycurl.SSLCERT_BLOB: certificate_pem, pycurl.SSLKEY_BLOB: key_pem}
        self._lock = threading.Lock()
        self._transfers = Transfers()
        self._idle: list[PushRequest] = []
        self._flying: dict[pycurl.Curl, PushRequest] = {}
        self._rests = Rests(now)
        self._sure_until = 0.0
        self._is_spent = False

    def push(
        self, tokens: Iterable[str], stops: Stops = lambda answer: False
    ) -> Iterator[ApnsAnswer]:
        """Push to every token once; yield the answers as they arrive, in any order.

        One push goes ahead of the others unless the last second brought an answer. If it fails, or
        at an answer that `stops`, nothing more is sent: the rest is answered NOT_SENT.

        Take the answers promptly, and to the end: the client is locked and the clock of the
        pushes in flight is running. What was not sent when the caller stops is not sent.
        """
        with self._lock:
            flight = Flight(deque(tokens), self._headers(), stops)
            try:
                yield from self._push(flight)
            finally:
                self._tidy()

    @property
    def is_resting(self) -> bool:
        """Say whether nobody can be called now; needs no turn."""
        return time.monotonic() >= self._sure_until and bool(self._rests.left)

    def close(self) -> None:
        """Close the connection; the next push opens a new one."""
        with self._lock:
            self._reconnect()

    def _push(self, flight: "Flight") -> Iterator[ApnsAnswer]:
        while flight.waiting or self._flying:
            yield from self._launch(flight)
            if self._flying:
                for ended in list(self._transfers.wait()):
                    yield from self._land(ended, flight)

    def _launch(self, flight: "Flight") -> Iterator[ApnsAnswer]:
        """Start what may be sent now; yield what may not be sent at all."""
        is_sure = time.monotonic() < self._sure_until
        if not (is_sure or self._flying) and flight.waiting:
            flight.is_over |= bool(self._rests.left) or flight.failed_scouts >= SCOUTS
        if flight.is_over:
            wait = self._rests.left
            while flight.waiting:
                yield ApnsAnswer.not_sent(flight.waiting.popleft(), wait)
        room = IN_FLIGHT if is_sure else 1
        while flight.waiting and len(self._flying) < room:
            flight.scout = None if is_sure else flight.waiting[0]
            self._start(flight.waiting.popleft(), flight.headers)

    def _start(self, token: str, headers: Sequence[str]) -> None:
        request = self._idle.pop() if self._idle else PushRequest(self._url, self._options)
        request.aim(token, headers)
        self._flying[request.curl] = request
        self._transfers.add(request.curl)

    def _land(self, ended: Ended, flight: "Flight") -> Iterator[ApnsAnswer]:
        request = self._flying.pop(ended.curl, None)
        if request is None:  # brought down with the connection
            return
        self._take_back(request)
        if ended.error is None:
            yield self._answered(request.answer(), flight)
            return
        number, words = ended.error
        self._is_spent |= number == pycurl.E_OPERATION_TIMEDOUT
        if number in LOST and request.token not in flight.lost:
            flight.again(request.token)
        else:
            yield self._unanswered(request.failure(words), flight)
        if number in UNREACHED:
            self._rests.note_connects(1)  # curl counts those that came about
        if number in BROKEN | UNREACHED:
            yield from self._bring_down(words, flight)

    def _answered(self, answer: ApnsAnswer, flight: "Flight") -> ApnsAnswer:
        if answer.status >= SERVER_FAULT or not answer.status:
            self._is_spent |= answer.reason == SHUTDOWN
            return self._unanswered(answer, flight)
        self._rests.note_answer()
        if flight.stops(answer):
            flight.is_over, self._sure_until = True, 0.0
        else:
            self._sure_until = time.monotonic() + SURE_FOR_S
        return answer

    def _unanswered(self, answer: ApnsAnswer, flight: "Flight") -> ApnsAnswer:
        """Note that a push told nothing; one that went ahead may end the flight."""
        if answer.token == flight.scout:
            flight.failed_scouts += 1 if answer.status else SCOUTS
            if flight.failed_scouts >= SCOUTS:
                self._rests.note_failure()
        return answer

    def _bring_down(self, words: str, flight: "Flight") -> Iterator[ApnsAnswer]:
        """Take what was in flight from a connection that is gone: once more, or not at all.

        Left to itself, each push would try to connect for itself.
        """
        self._sure_until = 0.0
        for request in list(self._flying.values()):
            self._take_back(request)
            if request.token in flight.lost:
                yield request.failure(words)
            else:
                flight.again(request.token)
        self._flying.clear()

    def _take_back(self, request: PushRequest) -> None:
        self._transfers.remove(request.curl)
        connects = request.connects
        if connects:
            self._rests.note_connects(connects)
        self._idle.append(request)

    def _tidy(self) -> None:
        """Take back what is still in flight, and leave a connection that is of no more use.

        A time-out ends a push, not its connection: a dead one would swallow the next pushes too.
        """
        for request in self._flying.values():
            self._take_back(request)
        self._flying.clear()
        if self._is_spent:
            self._reconnect()

    def _reconnect(self) -> None:
        self._transfers.close()
        self._transfers = Transfers()
        self._is_spent = False
        self._sure_until = 0.0

    def _headers(self) -> list[str]:
        expires_at = int((self._now() + KEPT_FOR).timestamp())
        bearer = [f"authorization: bearer {self._tokens.current()}"] if self._tokens else []
        return [
            f"apns-topic: {self._topic}",
            "apns-push-type: background",
            "apns-priority: 5",
            f"apns-expiration: {expires_at}",
            "content-type: application/json",
            *bearer,
        ]


class Flight:
    """The pushes of one call: which wait, whose connection broke, and whether it goes on.

    `scout` is the push that was sent ahead of the others.
    """

    def __init__(self, waiting: deque[str], headers: Sequence[str], stops: Stops) -> None:
        self.waiting = waiting
        self.headers = headers
        self.stops = stops
        self.lost: set[str] = set()
        self.scout: str | None = None
        self.failed_scouts = 0
        self.is_over = False

    def again(self, token: str) -> None:
        """Send a push once more whose connection broke."""
        self.lost.add(token)
        self.waiting.appendleft(token)


def _options(url: str, ca_path: str | None) -> dict[int, object]:
    options: dict[int, object] = {
        # Over TLS, libcurl then offers HTTP/2 and nothing else.
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
        pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
        pycurl.CAINFO: ca_path or DEFAULT_CA_BUNDLE_PATH,
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
