"""One push as curl sends it: a handle that is used again and again."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import pycurl  # ships no types

HTTP_2 = 3  # what libcurl calls CURL_HTTP_VERSION_2_0
OK, NO_ANSWER, NOT_SENT = 200, 0, -1
LARGEST_ANSWER_BYTES = 4096
APNS_ID = b"apns-id:"


class ApnsAnswer(NamedTuple):
    """What became of one push. `status` 0: no answer came, and `reason` is curl's word for it.

    `timestamp` (aware UTC) comes with 410: since then the token is known to be dead. `status`
    NOT_SENT: Apple was not called about it, and may be in `wait`.
    """

    token: str
    status: int
    reason: str | None = None
    timestamp: datetime | None = None
    apns_id: str | None = None
    wait: timedelta | None = None

    @classmethod
    def not_sent(cls, token: str, wait: timedelta) -> "ApnsAnswer":
        return cls(token, NOT_SENT, "not sent", wait=wait)


class PushRequest:
    """A push to one token after another. `options` are curl's, set once."""

    def __init__(self, base_url: str, options: Mapping[int, Any]) -> None:
        self.curl = pycurl.Curl()
        self.token = ""
        self._base_url = base_url
        self._body = bytearray()
        self._apns_id: str | None = None
        for option, value in options.items():
            self.curl.setopt(option, value)
        self.curl.setopt(pycurl.WRITEFUNCTION, self._receive)
        self.curl.setopt(pycurl.HEADERFUNCTION, self._receive_header)

    def aim(self, token: str, headers: Sequence[str]) -> None:
        """Get ready to push to `token`; forgets the last one."""
        self.token = token
        # Every honest token is hexadecimal; quoting costs as much as all else here.
        segment = token if token.isascii() and token.isalnum() else quote(token, safe="")
        self.curl.setopt(pycurl.URL, f"{self._base_url}/3/device/{segment}")
        self.curl.setopt(pycurl.HTTPHEADER, headers)
        self._body.clear()
        self._apns_id = None

    @property
    def connects(self) -> int:
        """Return how many connections were opened, or tried, for the last push."""
        return int(self.curl.getinfo(pycurl.NUM_CONNECTS))

    def answer(self) -> ApnsAnswer:
        """Return what the server said."""
        if self.curl.getinfo(pycurl.INFO_HTTP_VERSION) != HTTP_2:
            return self.failure("the server does not speak HTTP/2")
        status = int(self.curl.getinfo(pycurl.RESPONSE_CODE))
        if status == OK:
            return ApnsAnswer(self.token, status, apns_id=self._apns_id)
        reason, timestamp = read_refusal(bytes(self._body))
        return ApnsAnswer(self.token, status, reason, timestamp, self._apns_id)

    def failure(self, words: str) -> ApnsAnswer:
        """Return that no answer came."""
        return ApnsAnswer(self.token, NO_ANSWER, words)

    def _receive(self, part: bytes) -> None:
        self._body += part[: LARGEST_ANSWER_BYTES - len(self._body)]

    def _receive_header(self, line: bytes) -> None:
        if line[: len(APNS_ID)].lower() == APNS_ID:
            self._apns_id = line[len(APNS_ID) :].strip().decode("ascii", "replace")


def read_refusal(body: bytes) -> tuple[str | None, datetime | None]:
    """Return the reason and the time in APNs' JSON; nothing where it is not as documented.

    Source: Handling notification responses from APNs, checked 2026-11-22: milliseconds.
    """
    try:
        said = json.loads(body)
    except ValueError:
        return None, None
    if not isinstance(said, dict):
        return None, None
    reason, milliseconds = said.get("reason"), said.get("timestamp")
    return (reason if isinstance(reason, str) else None), _instant(milliseconds)


def _instant(milliseconds: object) -> datetime | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
