"""Calls to Google Wallet's REST API as one service account, each within its turn and its time.

Sources: docs/sources.md, g-1 and g-8.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, LifoQueue
from typing import Any
from urllib.parse import quote

import requests
from google.auth import crypt, exceptions
from google.oauth2.service_account import Credentials
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from service.domain.credentials import GoogleCredential
from service.wallets.google.tokens import TokenRequest
from service.wallets.interface import Turns

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
SERVICE = "/walletobjects/v1"
CONNECT_WITHIN_S = 3.05
ANSWER_WITHIN_S = 10.0
SHORTEST_CALL_S = 0.5  # with less time left a call is not begun
LARGEST_ANSWER, PART = 1_000_000, 65_536
NO_ANSWER, NO_TURN = 0, -1
NO_TOKEN = "noToken"  # noqa: S105 - a word for staff
SUCCESS = range(200, 300)
UNAUTHORIZED = 401


@dataclass(frozen=True)
class GoogleAddresses:
    """Where Google answers; a `ca_path` names the only authorities trusted to vouch for it."""

    api_url: str
    token_url: str
    save_url: str
    ca_path: str | None = None


@dataclass(frozen=True)
class Limit:
    """A call is over by `until` (monotonic seconds), and waits `patience_s` for its turn at most.

    Who waits longer keeps others from their turns, and a worker from other debts.
    """

    until: float
    patience_s: float

    @classmethod
    def of(cls, seconds: float, patience_s: float | None = None) -> "Limit":
        """Return a limit that many seconds from now; all of it may go into waiting."""
        return cls(time.monotonic() + seconds, seconds if patience_s is None else patience_s)

    @property
    def left_s(self) -> float:
        return self.until - time.monotonic()

    @property
    def timeout(self) -> Timeout:
        """Return the time-outs of a request begun now: none of them may outlast what is left."""
        left_s = max(self.left_s, SHORTEST_CALL_S)
        return Timeout(total=left_s, connect=CONNECT_WITHIN_S, read=ANSWER_WITHIN_S)


@dataclass(frozen=True)
class GoogleAnswer:
    """What became of a call. `status` is HTTP's, NO_ANSWER or NO_TURN; `reason` Google's word.

    `retry_after_s`: Google's wish, or when there may be a turn.
    """

    status: int
    reason: str = ""
    message: str = ""
    retry_after_s: float | None = None

    @property
    def is_good(self) -> bool:
        return self.status in SUCCESS


NO_CONNECTION = (
    exceptions.TransportError,
    requests.RequestException,
    HTTPError,  # of urllib3, which reads the body
    TimeoutError,
)


class NoTokenNow(Exception):
    """There is no access token, so nothing was sent."""


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
        self, method: str, kind: str, body: dict[str, Any], limit: Limit, name: str = ""
    ) -> GoogleAnswer:
        """Send one request and return what became of it; a token refused is replaced once.

        `kind` is `loyaltyClass` or `loyaltyObject`; `name` is the id, empty for an insert. Refusals
        and outages are answers, nothing is raised for them.
        """
        url = f"{self._addresses.api_url}{SERVICE}/{kind}" + (f"/{quote(name)}" if name else "")
        answer = self._in_turn(method, url, body, limit)
        if answer.status == UNAUTHORIZED and answer.reason != NO_TOKEN:
            answer = self._in_turn(method, url, body, limit)
        return answer

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
                self._idle.get_nowait().session.close()
            except Empty:
                return

    def _in_turn(self, method: str, url: str, body: dict[str, Any], limit: Limit) -> GoogleAnswer:
        patience_s = min(limit.patience_s, limit.left_s - SHORTEST_CALL_S)
        turn = self._turns.take(self._issuer_id, patience_s)
        if not turn.is_taken:
            return GoogleAnswer(NO_TURN, "noTurn", "no turn in time", turn.wait_s)
        if self._closing.wait(turn.wait_s):
            return GoogleAnswer(NO_TURN, "noTurn", "the service stops")
        try:
            with self._connection() as connection:
                return connection.send(method, url, body, limit)
        except exceptions.RefreshError as error:
            return _no_token(error)
        except NoTokenNow as error:
            return GoogleAnswer(NO_ANSWER, NO_TOKEN, str(error))
        except NO_CONNECTION as error:
            return GoogleAnswer(NO_ANSWER, "noAnswer", f"{type(error).__name__}: no answer")

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
        session, addresses = requests.Session(), self._addresses
        if addresses.ca_path is not None:
            # With trust_env, REQUESTS_CA_BUNDLE would win over `verify`.
            session.trust_env, session.verify = False, addresses.ca_path
        credentials = Credentials(self._signer, self._email, addresses.token_url, scopes=[SCOPE])
        return _Connection(session, credentials)


@dataclass(frozen=True)
class _Connection:
    """A session and its access token, for one thread at a time."""

    session: requests.Session
    credentials: Credentials

    def send(self, method: str, url: str, body: dict[str, Any], limit: Limit) -> GoogleAnswer:
        """Send a request and return the answer, after getting a token if there is none."""
        if not self.credentials.valid:
            self._refresh(limit)
        if limit.left_s < SHORTEST_CALL_S:
            return GoogleAnswer(NO_TURN, "noTurn", "no time was left")
        headers: dict[str, str] = {}
        self.credentials.apply(headers)
        with self.session.request(
            method,
            url,
            json=body,
            headers=headers,
            timeout=limit.timeout,  # type: ignore[arg-type]  # requests takes it as it is
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code == UNAUTHORIZED:
                self.credentials.token = None
            return _answer(response, _content(response, limit))

    def _refresh(self, limit: Limit) -> None:
        request = TokenRequest(self.session, limit.until, limit.timeout)
        try:
            self.credentials.refresh(request)
        except NO_CONNECTION as error:
            raise NoTokenNow("Google gives no access token now") from error
        except (TypeError, ValueError, KeyError) as error:
            raise NoTokenNow("what Google gave is no access token") from error


def _content(response: requests.Response, limit: Limit) -> bytes:
    """Return the body; one that drips or never ends is given up."""
    parts, size = [], 0
    # `read1` gives what has come; `read` would wait for a whole part, however slow it is.
    while part := response.raw.read1(PART, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER or limit.left_s < 0:
            raise TimeoutError
    return b"".join(parts)


def _answer(response: requests.Response, content: bytes) -> GoogleAnswer:
    try:
        parsed = json.loads(content or b"{}")
    except ValueError:
        parsed = {}
    error = parsed.get("error") if isinstance(parsed, dict) else None
    found = error if isinstance(error, dict) else {}
    details = found.get("errors")
    first = details[0] if isinstance(details, list) and details else {}
    named = first.get("reason") if isinstance(first, dict) else None
    unnamed = "" if response.ok else f"status {response.status_code}"
    return GoogleAnswer(
        status=response.status_code,
        reason=str(named or found.get("status") or unnamed),
        message=str(found.get("message", ""))[:300],
        retry_after_s=_seconds(response.headers.get("Retry-After")),
    )


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isascii() and header.isdigit() else None


def _no_token(error: exceptions.RefreshError) -> GoogleAnswer:
    """Return the answer of a call for which Google gave no token, in OAuth's words alone."""
    said = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], dict) else {}
    words = [str(said[name])[:100] for name in ("error", "error_description") if name in said]
    detail = "Google gives no access token: " + (": ".join(words) or "it does not say why")
    return GoogleAnswer(UNAUTHORIZED, NO_TOKEN, detail)
