"""Apple's push service, imitated: real TLS, real HTTP/2, a client certificate demanded.

In place of the certificate it takes provider tokens, once it is told whose. Pushes are answered
from an event loop in a thread of their own; a second port is the control API, where a test or an
integrator orders refusals and outages and reads what was pushed.
"""

import asyncio
import logging
import ssl
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Self, TypeVar

from flask import Flask, request
from flask.typing import ResponseReturnValue

from service.emulators.apns_connection import ApnsConnection
from service.emulators.apns_desk import Desk, Push
from service.emulators.apns_rules import REASONS
from service.emulators.apns_settings import KEYS, read_order
from service.emulators.certificates import Authority
from service.emulators.control import (
    LOOPBACK,
    Clock,
    ControlServer,
    control_app,
    json_object,
    utc_now,
)

Wake = Callable[[str, str], None]
Result = TypeVar("Result")

CONTROL_WITHIN_S = 10.0
STOP_WITHIN_S = 0.5
TLS_GOODBYE_S = 1.0
BACKLOG = 512
GUIDE = {
    "what": "Apple push service emulator: control API",
    "POST /control": {
        "respond": "token (or *): status, null, or {status, reason, timestamp, times, hang: true}",
        "goaway": "true: every connection finishes its streams in flight, then closes",
        "goaway_after": "each connection says goodbye so after that many answers; null: never",
        "close": "true: cut every connection (TCP reset)",
        "close_after": "each connection is cut at the request after that many answers; null: never",
        "cut_after_bytes": "each connection is cut when it has written that much; null: never",
        "slice": "true: everything is written byte by byte",
        "wrong_length": "true: answers announce more content than they bring",
        "delay_s": "seconds each answer waits; 0: none",
        "black_hole": "true: nothing is read or answered until false",
        "push_key": "{key_id, team_id, public_key}: take its provider tokens; null: certificates",
        "reset": "true: forget all orders and cut every connection (TCP reset); comes first",
    },
    "refusals": {str(status): list(reasons) for status, reasons in REASONS.items()},
    "GET /pushes": "what was pushed, newest last; ?token= filters",
}

log = logging.getLogger(__name__)


class ApnsEmulator:
    """Serves `POST /3/device/{token}` as Apple does and calls `wake(token, topic)` when it accepts.

    `wake` runs in a thread of the emulator, one call at a time; it may be slow, the answers are
    not. Started again after a stop, it takes the same two ports.
    """

    def __init__(
        self,
        authority: Authority,
        *,
        wake: Wake | None = None,
        now: Clock = utc_now,
        push_port: int = 0,
        control_port: int = 0,
    ) -> None:
        self._authority = authority
        self._wake = wake
        self._now = now
        self._push_port = push_port
        self._desk = Desk(now)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads: list[threading.Thread] = []
        self._control = ControlServer(_control_app(self), control_port)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def push_url(self) -> str:
        """Where pushes go; known after the first start."""
        if not self._push_port:
            raise RuntimeError("the port is known only after start()")
        return f"https://{LOOPBACK}:{self._push_port}"

    @property
    def control_url(self) -> str:
        """Where the control API listens; known after the first start."""
        return self._control.url

    def start(self) -> None:
        """Listen on both ports; does nothing when it already does.

        Raises:
            OSError: a port is taken.
        """
        if self._loop is not None:
            return
        self._control.start()
        loop = asyncio.new_event_loop()
        try:
            server = loop.run_until_complete(self._listen())
        except OSError:
            loop.close()
            self._control.stop()
            raise
        self._push_port = server.sockets[0].getsockname()[1]
        self._loop = loop
        self._start_threads(loop, server)

    def stop(self) -> None:
        """Cut every connection and end the threads; does nothing when already stopped."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        self._control.stop()
        loop.call_soon_threadsafe(loop.stop)
        self._desk.accepted.put(None)
        for thread in self._threads:
            thread.join(STOP_WITHIN_S)
        self._threads = []

    def control(self, body: Mapping[str, object]) -> None:
        """Obey what `POST /control` would; its effect is in place on return.

        Raises:
            ControlRefused: the body means nothing.
        """
        order = read_order(body, self._now)
        self._in_loop(lambda: self._desk.obey(order))

    def pushes(self, token: str | None = None) -> list[Push]:
        """Return the last 10,000 pushes, newest last; `token` keeps one device's."""
        pushes = self._in_loop(lambda: list(self._desk.pushes))
        return [push for push in pushes if token is None or push.token == token.lower()]

    @property
    def count(self) -> int:
        """How many pushes were answered so far, forgotten ones included."""
        return self._desk.count

    @property
    def connections(self) -> int:
        """How many connections were opened so far."""
        return self._desk.opened

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: ApnsConnection(self._desk),
            LOOPBACK,
            self._push_port,
            ssl=_server_tls(self._authority),
            backlog=BACKLOG,
            ssl_shutdown_timeout=TLS_GOODBYE_S,
        )

    def _start_threads(self, loop: asyncio.AbstractEventLoop, server: asyncio.Server) -> None:
        self._threads = [
            threading.Thread(target=self._serve, args=(loop, server), name="apns", daemon=True),
            threading.Thread(target=self._hand_over, name="apns-wake", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _serve(self, loop: asyncio.AbstractEventLoop, server: asyncio.Server) -> None:
        loop.set_exception_handler(_quietly)
        loop.run_forever()
        server.close()
        for connection in list(self._desk.connections):
            connection.cut()
        # The aborted transports close their sockets in the next turns of the loop.
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    def _hand_over(self) -> None:
        while (accepted := self._desk.accepted.get()) is not None:
            if self._wake is None:
                continue
            try:
                self._wake(*accepted)
            except Exception:
                log.exception("a phone could not be woken")

    def _in_loop(self, work: Callable[[], Result]) -> Result:
        if self._loop is None:
            return work()

        async def run() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(CONTROL_WITHIN_S)


def _quietly(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    # Refused handshakes and vanished clients are everyday business for a push server.
    if not isinstance(context.get("exception"), OSError):
        loop.default_exception_handler(context)


def _server_tls(authority: Authority) -> ssl.SSLContext:
    # The system's clock, not the emulator's: the client's TLS judges by it.
    issued = authority.server_certificate([LOOPBACK, "localhost"], now=utc_now())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL reads a key only from a file; this one exists for a moment, for its owner alone.
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "server.pem"
        chain.write_bytes(issued.certificate_pem + issued.key_pem)
        context.load_cert_chain(chain)
    context.load_verify_locations(cadata=(authority.root_pem + authority.wwdr_pem).decode())
    # Whoever has none is sent away later, unless provider tokens are taken.
    context.verify_mode = ssl.CERT_OPTIONAL
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    return context


def _control_app(emulator: ApnsEmulator) -> Flask:
    app = control_app("apns", GUIDE)

    @app.post("/control")
    def control() -> ResponseReturnValue:
        body = json_object(KEYS)
        emulator.control(body)
        return {"obeyed": sorted(body)}

    @app.get("/pushes")
    def pushes() -> ResponseReturnValue:
        listed = emulator.pushes(request.args.get("token"))
        return {
            "pushes": [{**asdict(push), "at": push.at.isoformat()} for push in listed],
            "connections": emulator.connections,
            "count": emulator.count,
        }

    return app
