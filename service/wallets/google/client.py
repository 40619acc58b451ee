"""Calls to Google Wallet's REST API as one service account, each within its turn and its time.

Sources: docs/sources.md, g-1 and g-8.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, LifoQueue
from typing import Any
from urllib.parse import quote

import requests
from google.auth import crypt, exceptions
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.service_account import Credentials
from urllib3.exceptions import HTTPError

from service.domain.credentials import GoogleCredential
from service.wallets.interface import Turns

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
SERVICE = "/walletobjects/v1"
CONNECT_WITHIN_S = 3.05
ANSWER_WITHIN_S = 10.0
SHORTEST_CALL_S = 0.5  # with less time left a call is not begun
LARGEST_ANSWER, PART = 1_000_000, 65_536
NO_ANSWER, NO_TURN = 0, -1
SUCCESS = range(200, 300)


@dataclass(frozen=True)
class GoogleAddresses:
    """Where Google answers; a `ca_path` names the only authorities trusted to vouch for it."""

    api_url: str
    token_url: str
    save_url: str
    ca_path: str | None = None


@dataclass(frozen=True)
class GoogleAnswer:
    """What became of a call. `status` is HTTP's, NO_ANSWER or NO_TURN; `reason` Google's word."""

    status: int
    reason: str = ""
    message: str = ""
    retry_after_s: float | None = None
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return self.status in SUCCESS


NO_CONNECTION = (
    exceptions.TransportError,
    requests.RequestException,
    HTTPError,  # of urllib3, which reads the body
    TimeoutError,
)
TOO_LATE = GoogleAnswer(NO_TURN, "noTurn", "no call was possible in time")


class GoogleClient:
    """Calls as one service account. Any thread may call; connections are kept and reused."""

    def __init__(
        self,
        credential: GoogleCredential,
        signer: crypt.Signer,
        addresses: GoogleAddresses,
        turns: Turns,
    ) -> None:
        """Prepare; connects at the first call."""
        self._issuer_id = credential.type_id
        self._email = credential.email
        self._signer = signer
        self._addresses = addresses
        self._turns = turns
        self._idle: LifoQueue[_Connection] = LifoQueue()
        self._closing = threading.Event()

    def call(
        self, method: str, kind: str, body: dict[str, Any], until: float, name: str = ""
    ) -> GoogleAnswer:
        """Send one request before `until` (monotonic seconds) and return what became of it.

        `kind` is `loyaltyClass` or `loyaltyObject`; `name` is the id, empty for an insert. Refusals
        and outages are answers, nothing is raised for them.
        """
        wait = self._turns.take(self._issuer_id, _left(until) - SHORTEST_CALL_S)
        if wait is None or self._closing.wait(wait):
            return TOO_LATE
        url = f"{self._addresses.api_url}{SERVICE}/{kind}" + (f"/{quote(name)}" if name else "")
        try:
            with self._connection() as connection:
                return connection.send(method, url, body, until)
        except exceptions.RefreshError as error:
            return _no_token(error)
        except NO_CONNECTION as error:
            return GoogleAnswer(NO_ANSWER, "noAnswer", f"{type(error).__name__}: no answer")

    def hold(self, for_s: float) -> None:
        """Let no process call this issuer for that many seconds."""
        self._turns.hold(self._issuer_id, for_s)

    def stop(self) -> None:
        """Begin no more calls; those that wait for their turn end without one."""
        self._closing.set()

    def close(self) -> None:
        """Close the connections that no call is using."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    @contextmanager
    def _connection(self) -> Iterator["_Connection"]:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connected()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    def _connected(self) -> "_Connection":
        tokens, addresses = requests.Session(), self._addresses
        credentials = Credentials(self._signer, self._email, addresses.token_url, scopes=[SCOPE])
        session = AuthorizedSession(credentials, auth_request=Request(tokens))
        for each in (tokens, session):
            if addresses.ca_path is not None:
                # With trust_env, REQUESTS_CA_BUNDLE would win over `verify`.
                each.trust_env, each.verify = False, addresses.ca_path
        return _Connection(session, tokens, credentials)


@dataclass(frozen=True)
class _Connection:
    """Sessions of one thread at a time: to the API, and to where its tokens come from."""

    session: AuthorizedSession
    tokens: requests.Session
    credentials: Credentials

    def send(self, method: str, url: str, body: dict[str, Any], until: float) -> GoogleAnswer:
        """Send a request and return the answer; all of it, a new token included, before `until`."""
        if not self.credentials.valid:
            self.credentials.refresh(partial(Request(self.tokens), timeout=_timeout(until)))
        if _left(until) < SHORTEST_CALL_S:
            return TOO_LATE
        with self.session.request(
            method, url, json=body, timeout=_timeout(until), allow_redirects=False, stream=True
        ) as response:
            return _answer(response, _content(response, until))

    def close(self) -> None:
        self.session.close()
        self.tokens.close()


def _left(until: float) -> float:
    return until - time.monotonic()


def _timeout(until: float) -> tuple[float, float]:
    left = max(_left(until), SHORTEST_CALL_S)
    return min(CONNECT_WITHIN_S, left), min(ANSWER_WITHIN_S, left)


def _content(response: requests.Response, until: float) -> bytes:
    """Return the body; one that drips or never ends is given up."""
    parts, size = [], 0
    # `read1` gives what has come; `read` would wait for a whole part, however slow it is.
    while part := response.raw.read1(PART, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER or _left(until) < 0:
            raise TimeoutError
    return b"".join(parts)


def _answer(response: requests.Response, content: bytes) -> GoogleAnswer:
    try:
        parsed = json.loads(content or b"{}")
    except ValueError:
        parsed = {}
    body = parsed if isinstance(parsed, dict) else {}
    error = body.get("error")
    if not isinstance(error, dict):
        reason = "" if response.ok else "unknown"
        return GoogleAnswer(response.status_code, reason, body=body)
    details = error.get("errors")
    first = details[0] if isinstance(details, list) and details else {}
    named = first.get("reason") if isinstance(first, dict) else None
    return GoogleAnswer(
        status=response.status_code,
        reason=str(named or error.get("status") or "unknown"),
        message=str(error.get("message", ""))[:300],
        retry_after_s=_seconds(response.headers.get("Retry-After")),
    )


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isascii() and header.isdigit() else None


def _no_token(error: exceptions.RefreshError) -> GoogleAnswer:
    """Return the answer of a call for which Google gave no token; a busy one may do so later."""
    if error.retryable:
        return GoogleAnswer(NO_ANSWER, "noToken", "Google gives no access token now")
    return GoogleAnswer(401, "noToken", f"Google gives no access token: {str(error.args[0])[:200]}")
