"""`tessera serve`: several web processes on PostgreSQL, by granian."""

import ctypes
import os
import signal
from typing import Any

from granian import Granian
from granian.constants import Interfaces

from service.app import create_app
from service.cli import logs
from service.cli.web import bind
from service.domain.errors import SetupError
from service.settings import Settings, load
from service.wiring import keep_open, opened

PR_SET_PDEATHSIG = 1
THREADS = 8


def serve(settings: Settings, processes: int) -> None:
    """Serve with `processes` web processes until SIGINT or SIGTERM; deliveries are `worker`'s.

    Raises:
        SetupError: the database is SQLite or cannot be used, or the port is taken.
    """
    if settings.is_sqlite:
        raise SetupError(
            "`tessera serve` needs PostgreSQL (TESSERA_DATABASE_URL): SQLite takes one process. "
            "Use `tessera run`."
        )
    with opened(settings):
        pass  # what is wrong shows here once, not in every child
    bind(settings.host, settings.port).close()  # SO_REUSEPORT would hide that the port is taken
    Granian(
        target="service.cli.serve:application",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=15,
        log_access=False,
        websockets=False,
    ).serve()


def application() -> Any:
    """Build the WSGI application of one web process, which dies with its parent."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    logs.configure()
    return create_app(keep_open(load()).context)
