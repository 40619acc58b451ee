"""`tessera run`: the whole service in one process; `tessera worker`: deliveries alone."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from service.app import create_app
from service.cli import control_socket
from service.cli.metrics import measured
from service.cli.web import WebServer, bind
from service.domain.passes import WalletName
from service.operations.deliveries import reclaim
from service.settings import Settings
from service.storage.opening import exclusive
from service.wiring import System, opened
from service.worker import roll_outs, staleness
from service.worker.loop import work
from service.worker.watching import watch

# One pushes while the other records and claims. Apple: both may wait for one brand's connection,
# and two hanging batches (20 s each) stay within a lease of 60 s, more would not.
WORKERS_PER_WALLET = 2
ALIVE_EVERY_S = 1.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(settings: Settings, ready: Callable[[System], None]) -> None:
    """Serve and deliver until SIGINT or SIGTERM, then finish what is in flight.

    `ready` is called once the service answers.

    Raises:
        SetupError: the port or the database is taken, or cannot be used.
    """
    stopping = stopped_by_signal()
    bound = bind(settings.host, settings.port)
    with (
        bound,
        opened(settings) as system,
        reachable(system),
        measured(system.context),
        delivering(system, stopping),
    ):
        server = WebServer(create_app(system.context), bound)
        thread = threading.Thread(target=server.run, name="web")
        thread.start()
        try:
            ready(system)
            while thread.is_alive() and not stopping.wait(ALIVE_EVERY_S):
                pass
        finally:
            server.drain()
            thread.join()


def run_worker(settings: Settings, ready: Callable[[System], None]) -> None:
    """Deliver until SIGINT or SIGTERM, then finish the batches in hand."""
    stopping = stopped_by_signal()
    with (
        opened(settings) as system,
        measured(system.context),
        delivering(system, stopping),
    ):
        ready(system)
        stopping.wait()


def stopped_by_signal() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set; must be called in the main thread."""
    stopping = threading.Event()
    for number in SIGNALS:
        signal.signal(number, lambda *_: stopping.set())
    return stopping


@contextmanager
def delivering(system: System, stopping: threading.Event) -> Iterator[None]:
    """Run worker threads during the block; at its end they finish the calls in hand.

    What is not sent by then stays owed.
    """
    if system.context.settings.is_sqlite:
        reclaim(system.context)
    threads = [
        threading.Thread(
            target=work,
            args=(system.context, wallet, system.doorbell, stopping),
            name=f"worker-{wallet}-{n}",
        )
        for wallet in WalletName
        for n in range(WORKERS_PER_WALLET)
    ]
    others = {"watcher": watch, "roll-outs": roll_outs.work, "staleness": staleness.work}
    threads += [
        threading.Thread(target=other, args=(system.context, stopping), name=name)
        for name, other in others.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        system.doorbell.set()
        system.context.wallets.close()
        for thread in threads:
            thread.join()


@contextmanager
def reachable(system: System) -> Iterator[None]:
    """On SQLite, take commands of `tessera` for the database that this process holds."""
    context = system.context
    with (
        control_socket.listening(context, database_file(context.settings))
        if (context.settings.is_sqlite)
        else nullcontext()
    ):
        yield


def database_file(settings: Settings) -> Path:
    """Return the SQLite file that the settings name, whatever links lead to it."""
    return Path(settings.database_url.removeprefix("sqlite:///")).resolve()


@contextmanager
def database_held(settings: Settings, wait_s: float = exclusive.WAIT_S) -> Iterator[None]:
    """On SQLite, keep other processes off the database during the block.

    Raises:
        DatabaseInUse: another process still has it after `wait_s`.
    """
    with exclusive.held(database_file(settings), wait_s) if settings.is_sqlite else nullcontext():
        yield
