"""One GET as Google's servers or a phone's browser would make it: no login, no proxy, bounded."""

import http.client
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.emulators.google.rules import is_local

TIMEOUT_S = 3.0
ALTOGETHER_S = 8.0
CHUNK_BYTES = 65536
USER_AGENT = "Tessera Google Wallet emulator"


class FetchFailed(Exception):
    """Nobody answered, not in time, or with too much."""


@dataclass(frozen=True)
class Fetched:
    """An answer, read to its end; a redirect is not followed."""

    status: int
    location: str | None
    body: bytes


class Fetcher:
    """Fetches from the web; on this machine it also trusts `root_pem`."""

    def __init__(self, root_pem: bytes) -> None:
        self._local_tls = ssl.create_default_context(cadata=root_pem.decode())
        self._web_tls = ssl.create_default_context()

    def get(self, url: str, *, most_bytes: int) -> Fetched:
        """Return what `url` answers.

        Raises:
            FetchFailed: it does not, or more than `most_bytes`.
        """
        deadline = time.monotonic() + ALTOGETHER_S
        try:
            connection = self._connection(url)
            try:
                return _exchange(connection, url, most_bytes, deadline)
            finally:
                connection.close()
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise FetchFailed(f"{type(error).__name__}: {error}") from error

    def _connection(self, url: str) -> http.client.HTTPConnection:
        parts = urlsplit(url)
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise FetchFailed("it is no http or https URL")
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
        tls = self._local_tls if is_local(parts.hostname) else self._web_tls
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=TIMEOUT_S, context=tls
        )


def _exchange(
    connection: http.client.HTTPConnection, url: str, most_bytes: int, deadline: float
) -> Fetched:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers={"User-Agent": USER_AGENT, "Accept": "*/*"})
    with connection.getresponse() as response:
        body = _body(response, most_bytes, deadline)
        return Fetched(response.status, response.headers.get("Location"), body)


def _body(response: http.client.HTTPResponse, most_bytes: int, deadline: float) -> bytes:
    body = bytearray()
    # read1 returns what is there: a server that drips cannot stretch one call beyond its time.
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > most_bytes:
            raise FetchFailed(f"it is larger than {most_bytes} bytes")
        if time.monotonic() > deadline:
            raise FetchFailed(f"it took longer than {ALTOGETHER_S:.0f} s")
    return bytes(body)
