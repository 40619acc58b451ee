"""The web server of the embedded process: waitress, stopped without dropping a request.

Its access log is off: addresses hold tokens.
"""

import logging
import socket
import threading
import time
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore

from service.domain.errors import SetupError

THREADS = 8
CONNECTIONS = 1000  # the default of 100 is used up by slow clients
DRAIN_S = 10.0
CURE = "make run PORT=8081, or TESSERA_PORT"

log = logging.getLogger(__name__)


def bind(host: str, port: int, cure: str = CURE) -> socket.socket:
    """Return a listening socket; `cure` is how another port is chosen.

    Raises:
        SetupError: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(1024)
    except OSError as error:
        bound.close()
        raise SetupError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Stop what uses the port, or choose "
            f"another one ({cure})."
        ) from error
    return bound


class WebServer:
    """Serves an app on a bound socket until `drain` is called from another thread."""

    def __init__(self, app: Flask, bound: socket.socket) -> None:
        self._woken = threading.Lock()
        self._server: Any = waitress.create_server(
            app,
            sockets=[bound],
            threads=THREADS,
            connection_limit=CONNECTIONS,
            ident=None,
            clear_untrusted_proxy_headers=False,  # TESSERA_PROXIES says which ones count
        )

    def run(self) -> None:
        """Serve; returns after `drain`."""
        self._server.run()

    def drain(self) -> None:
        """Take no new connections, answer what was asked, then stop; at most 10 s."""
        self._server.trigger.pull_trigger(self._stop_accepting)
        end = time.monotonic() + DRAIN_S
        while self._busy() and time.monotonic() < end:
            time.sleep(0.02)
        self._server.task_dispatcher.shutdown()
        with self._woken:
            self._server.trigger.pull_trigger(self._close_all)

    def _stop_accepting(self) -> None:
        self._server.accepting = False
        self._server.del_channel()
        self._server.socket.close()

    def _busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)

    def _close_all(self) -> None:
        with self._woken:  # the wake-up byte is written: its file descriptor may go now
            wasyncore.close_all(self._server._map)
