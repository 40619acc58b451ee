"""Sends requests to the server under test, and keeps what was answered as evidence."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import requests

from service.conformance.outcomes import Failed
from service.emulators.pass_reader import LARGEST_PASS_BYTES

TIMEOUT_S = (5.0, 15.0)
WITHIN_S = 30.0
CHUNK_BYTES = 65536
KEPT = 12
SHOWN = 200
USER_AGENT = "Tessera conformance suite"


class NoAnswer(Failed):
    """A request was not answered, or not to the end."""


@dataclass(frozen=True)
class Answer:
    """An answer, read to its end. `request` is what was asked, without secrets."""

    request: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def expect(self, *statuses: int) -> Self:
        """Return the answer itself.

        Raises:
            Failed: it has none of these statuses.
        """
        if self.status not in statuses:
            wanted = " or ".join(map(str, statuses))
            raise Failed(f"{self}; expected {wanted}")
        return self

    def __str__(self) -> str:
        return f"{_shortened(self.request)} -> {self.status}"


class Server:
    """One web service at its base address; any thread may send. Redirects are not followed."""

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        self.url = url.rstrip("/")
        self.seen: deque[str] = deque(maxlen=KEPT)
        self._verify: str | bool = str(ca_file) if ca_file else True
        self._local = threading.local()
        self._sessions: list[requests.Session] = []

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        note: str = "",
    ) -> Answer:
        """Send one request below /v1 and return its answer; `note` tells it from others like it.

        Raises:
            NoAnswer: there was none.
        """
        asked = f"{method} /v1{path}" + (f" ({note})" if note else "")
        try:
            answer = self._answer(asked, requests.Request(method, self._url(path), headers), body)
        except (requests.RequestException, OSError) as error:
            text = f"{_shortened(asked)} -> no answer: {type(error).__name__}"
            self.seen.append(text)
            raise NoAnswer(text) from error
        self.seen.append(str(answer))
        return answer

    def close(self) -> None:
        """Close every connection."""
        for session in self._sessions:
            session.close()

    def _url(self, path: str) -> str:
        return f"{self.url}/v1{path}"

    def _answer(self, asked: str, request: requests.Request, body: bytes | None) -> Answer:
        session = self._session()
        prepared = session.prepare_request(request)
        prepared.prepare_body(body, None)
        with session.send(prepared, stream=True, timeout=TIMEOUT_S, allow_redirects=False) as got:
            return Answer(asked, got.status_code, got.headers, _read(got))

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.verify = self._verify
            session.headers["User-Agent"] = USER_AGENT
            session.headers["Accept-Encoding"] = "identity"  # so that lengths can be compared
            self._local.session = session
            self._sessions.append(session)
        return session


def _shortened(request: str) -> str:
    return request if len(request) <= SHOWN else f"{request[:SHOWN]}..."


def _read(answer: requests.Response) -> bytes:
    body, end = bytearray(), time.monotonic() + WITHIN_S
    for chunk in answer.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > LARGEST_PASS_BYTES or time.monotonic() > end:
            raise requests.ConnectionError("the answer is too large or too slow")
    return bytes(body)
