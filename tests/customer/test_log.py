"""What the embedded server writes into its log while links are opened, and cut off halfway."""

import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from service.app import create_app
from service.cli import logs
from service.cli.web import WebServer, bind
from tests.customer.conftest import path_of
from tests.world import World

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
CONFIGURED = ("", "alembic", "waitress", "waitress.queue")


class Records(logging.Handler):
    """Keeps every record as it would be written, its traceback too."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(self.format(record))


@contextmanager
def log_of_the_command() -> Iterator[Records]:
    """Keep what is logged as the tessera command sets logging up; all is put back at the end.

    Nothing is left out of a record here: where none holds a secret, no formatter has to hide it.
    """
    root, records = logging.getLogger(), Records()
    levels = {name: logging.getLogger(name).level for name in CONFIGURED}
    handlers, root.handlers = root.handlers, []
    try:
        logs.configure()
        root.addHandler(records)
        yield records
    finally:
        root.handlers = handlers
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


class Dripping:
    """Middleware that gives an answer out byte by byte until whoever asked is gone."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self.begun, self.ended = threading.Event(), threading.Event()
        self.is_cut_off = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        answer = b"".join(self._app(environ, start_response))
        if "drip" not in environ["QUERY_STRING"]:
            yield answer
            return
        self.begun.set()
        try:
            for place in range(len(answer)):
                yield answer[place : place + 1]
                self.ended.wait(0.001)
        except GeneratorExit:
            self.is_cut_off = True
            raise
        finally:
            self.ended.set()


@contextmanager
def embedded_server(world: World) -> Iterator[tuple[Dripping, int]]:
    """Serve the app as `tessera run` does; at the end every request has been dealt with."""
    app = create_app(world.context)
    drip = Dripping(app.wsgi_app)
    app.wsgi_app = drip  # type: ignore[method-assign]  # Flask's way of adding a middleware
    with bind("127.0.0.1", 0) as bound:
        server = WebServer(app, bound)
        thread = threading.Thread(target=server.run)
        thread.start()
        yield drip, bound.getsockname()[1]
        server.drain()
        thread.join(10)
    assert not thread.is_alive()


def connected(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=10)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    return made


def answered(port: int, request: str) -> bytes:
    with connected(port) as link:
        link.sendall(request.encode())
        return b"".join(iter(lambda: link.recv(65536), b""))


@pytest.mark.usefixtures("google")
def test_no_link_reaches_the_log_of_the_embedded_server(world: World) -> None:
    path = path_of(world.card())
    token = path.removeprefix("/add/")
    bundle = urlsplit(world.call("POST", "/v1/members/m-1/link").json["url"]).path
    secrets = (token, bundle.split("/")[3])
    end = " HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n"

    with log_of_the_command() as log, embedded_server(world) as (drip, port):
        logging.getLogger("tests").info("the log is read")
        for method in ("GET", "HEAD", "POST", "ODD"):
            for tail in ("", "/", "/apple.pkpass", "/nothing", "?lang=ru"):
                assert answered(port, f"{method} {path}{tail}{end}").startswith(b"HTTP/1.1")
        for method in ("GET", "HEAD", "ODD"):
            assert answered(port, f"{method} {bundle}{end}").startswith(b"HTTP/1.1")
        for malformed in (f"GET {path} HTTP/9\r\n\r\n", f"GET {path} HTTP/1.1\r\n: x\r\n\r\n"):
            answered(port, malformed)
        for unfinished in (f"GET {path}", f"POST {path} HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"):
            with connected(port) as link:
                link.sendall(unfinished.encode())
        with connected(port) as link:
            link.sendall(f"GET {path}?drip{end}".encode())
            assert drip.begun.wait(10)
            assert link.recv(20)
        assert drip.ended.wait(10)
    assert drip.is_cut_off  # the server has seen that nobody listens any more

    assert any("the log is read" in line for line in log.written)
    assert [line for line in log.written if any(each in line for each in secrets)] == []
