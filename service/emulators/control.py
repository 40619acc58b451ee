"""What every emulator's control API shares: a small Flask app on a free loopback port."""

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue
from waitress.server import create_server  # ships no types
from werkzeug.exceptions import HTTPException

Clock = Callable[[], datetime]

LOOPBACK = "127.0.0.1"
THREADS = 8
LARGEST_BODY_BYTES = 20_000_000
STOP_WITHIN_S = 0.7


class ControlRefused(Exception):
    """A control call that cannot be obeyed; becomes a problem+json answer."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


def utc_now() -> datetime:
    """Return the system clock's time, aware UTC: the emulators' default clock."""
    return datetime.now(UTC)


def control_app(name: str, guide: Mapping[str, object]) -> Flask:
    """Return an app whose `GET /` shows `guide` and whose every error is a problem+json."""
    app = Flask(name)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    # Fields must come out in the order they stand on the pass.
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it

    @app.get("/")
    def show_guide() -> ResponseReturnValue:
        return dict(guide)

    @app.errorhandler(ControlRefused)
    def refused(error: ControlRefused) -> ResponseReturnValue:
        return problem(error.status, error.code, str(error))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        code = error.name.lower().replace(" ", "_")
        return problem(error.code or 500, code, error.description or error.name)

    return app


def problem(status: int, code: str, detail: str) -> ResponseReturnValue:
    """Return an RFC 9457 answer."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail}
    return body, status, {"Content-Type": "application/problem+json"}


def json_object(known: Collection[str], *, may_be_empty: bool = False) -> dict[str, object]:
    """Return the request's JSON object, whatever its content type.

    Raises:
        ControlRefused: it is no JSON object, or has a key not in `known`.
    """
    if may_be_empty and not request.get_data():
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ControlRefused(400, "invalid_json", "the body must be a JSON object")
    unknown = sorted(set(body) - set(known))
    if unknown:
        listed = ", ".join(sorted(known))
        detail = f"unknown key {', '.join(unknown)}; the known keys are {listed}"
        raise ControlRefused(400, "unknown_key", detail)
    return body


class ControlServer:
    """Serves one app with waitress in a daemon thread; may be started again after a stop."""

    def __init__(self, app: Flask, port: int = 0) -> None:
        self._app = app
        self._port = port
        self._server: Any = None  # waitress ships no types
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens. The port is known after the first start and then kept."""
        if not self._port:
            raise RuntimeError("the port is known only after start()")
        return f"http://{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Listen; does nothing when it already does.

        Raises:
            OSError: the port is taken.
        """
        if self._thread is not None:
            return
        server = create_server(
            self._app, host=LOOPBACK, port=self._port, threads=THREADS, asyncore_use_poll=True
        )
        self._server, self._port = server, int(server.effective_port)
        self._thread = threading.Thread(
            target=server.run, name=f"{self._app.name}-control", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Close every socket and end the threads; does nothing when already stopped."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        _end(server)
        thread.join(STOP_WITHIN_S)


def _end(server: Any) -> None:
    """Let the requests under way finish, then make waitress' own loop thread close its sockets.

    Closed from another thread, `poll` would meet file descriptors that are gone or, worse,
    already given to somebody else's socket.
    """

    woken = threading.Lock()

    def close() -> None:
        with woken:  # the wake-up byte is written: its file descriptor may go now
            # A request that outlived the shutdown would write its own into a reused one.
            server.pull_trigger = lambda: None
            server.asyncore.close_all(server._map, True)

    server.task_dispatcher.shutdown(timeout=STOP_WITHIN_S)
    with woken:
        server.trigger.pull_trigger(close)
