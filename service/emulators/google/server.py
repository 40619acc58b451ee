"""A small HTTPS server: kept-alive HTTP/1.1, a thread a connection, all cut on demand.

Werkzeug's server closes every connection and waitress speaks no TLS; a wallet client keeps
its connections, and how it copes when they are cut is worth trying.
"""

import contextlib
import json
import logging
import socket
import socketserver
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from service.emulators.certificates import Authority
from service.emulators.control import LOOPBACK, utc_now
from service.emulators.google.errors import GoogleRefused

LARGEST_BODY_BYTES = 1_000_000
MOST_DRAINED_BYTES = 20_000_000
CHUNK_BYTES = 65536
HANDSHAKE_WITHIN_S = 5.0
IDLE_S = 120.0
POLL_S = 0.05
STOP_WITHIN_S = 0.7
BACKLOG = 256

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ApiRequest:
    """One request, read to its end; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class ApiAnswer:
    """One JSON answer."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


AnswerTo = Callable[[ApiRequest], ApiAnswer | None]


class ApiServer:
    """Serves `answer_to` on a loopback port; its None cuts the connection without a word."""

    def __init__(self, authority: Authority, answer_to: AnswerTo, port: int = 0) -> None:
        self._authority = authority
        self._answer_to = answer_to
        self._port = port
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens. The port is known after the first start and then kept."""
        if not self._port:
            raise RuntimeError("the port is known only after start()")
        return f"https://{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Listen; does nothing when it already does.

        Raises:
            OSError: the port is taken.
        """
        if self._listener is not None:
            return
        listener = _Listener(self._port, _server_tls(self._authority), self._answer_to)
        self._listener, self._port = listener, int(listener.server_address[1])
        self._thread = threading.Thread(
            target=listener.serve_forever, args=(POLL_S,), name="google-api", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Cut every connection and end the threads; does nothing when already stopped."""
        listener, thread = self._listener, self._thread
        self._listener = self._thread = None
        if listener is None or thread is None:
            return
        listener.shutdown()
        thread.join(STOP_WITHIN_S)
        listener.server_close()
        listener.cut()
        listener.join(STOP_WITHIN_S)

    def cut(self) -> None:
        """Cut every connection, those being answered too."""
        if self._listener is not None:
            self._listener.cut()


class _Listener(socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = BACKLOG

    def __init__(self, port: int, tls: ssl.SSLContext, answer_to: AnswerTo) -> None:
        self.answer_to = answer_to
        self._tls = tls
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        super().__init__((LOOPBACK, port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        raw, address = self.socket.accept()
        raw.settimeout(HANDSHAKE_WITHIN_S)
        # The handshake waits for the client, so it happens in the connection's own thread.
        tls = self._tls.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
        return tls, address

    def process_request(self, request: Any, client_address: Any) -> None:
        connection = cast(ssl.SSLSocket, request)
        thread = threading.Thread(
            target=self._serve, args=(connection, client_address), name="google-api", daemon=True
        )
        with self._lock:
            self._open[connection] = thread
        thread.start()

    def cut(self) -> None:
        """End every connection; its thread then finds it closed."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                # Not SSLSocket's own: that one would forget the session another thread reads from.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def join(self, within_s: float) -> None:
        """Wait for the connections' threads to end."""
        deadline = time.monotonic() + within_s
        with self._lock:
            threads = list(self._open.values())
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _serve(self, connection: ssl.SSLSocket, address: Any) -> None:
        try:
            connection.do_handshake()
            _Handler(connection, address, self)
        except (OSError, ValueError) as error:
            # Refused handshakes and vanished clients are everyday business.
            log.debug("a connection ended: %s", error)
        finally:
            self.shutdown_request(connection)
            with self._lock:
                self._open.pop(connection, None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "GoogleWalletEmulator"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_S
    server: _Listener

    def do_GET(self) -> None:
        """Answer any request; http.server finds this by its name."""
        body = self._read_body()
        if body is None:
            return
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = ApiRequest(self.command, parts.path, parts.query, headers, body)
        answer = self.server.answer_to(asked)
        if answer is None:
            self.close_connection = True
            return
        self._send(answer)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the emulator keeps a log of its own."""

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self._refuse_body(HTTPStatus.LENGTH_REQUIRED, "Content-Length is required.")
            return None
        if int(length) > LARGEST_BODY_BYTES:
            self._drain(min(int(length), MOST_DRAINED_BYTES))
            self._refuse_body(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.")
            return None
        return self.rfile.read(int(length))

    def _drain(self, length: int) -> None:
        # A client still sending would meet a reset instead of the answer.
        while length > 0 and (chunk := self.rfile.read(min(length, CHUNK_BYTES))):
            length -= len(chunk)

    def _refuse_body(self, status: HTTPStatus, message: str) -> None:
        self.close_connection = True
        refusal = GoogleRefused(status, "badRequest", message)
        self._send(ApiAnswer(status, refusal.body(), {"Connection": "close"}))

    def _send(self, answer: ApiAnswer) -> None:
        content = json.dumps(answer.body, ensure_ascii=False).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _server_tls(authority: Authority) -> ssl.SSLContext:
    issued = authority.server_certificate([LOOPBACK, "localhost"], now=utc_now())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # OpenSSL reads a key only from a file; this one exists for a moment, for its owner alone.
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "server.pem"
        chain.write_bytes(issued.certificate_pem + issued.key_pem)
        context.load_cert_chain(chain)
    return context
