"""The listener of /metrics on a port of its own, beside `tessera run` and `tessera worker`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.app import create_metrics_app
from service.cli.web import WebServer, bind
from service.context import Context


@contextmanager
def measured(context: Context) -> Iterator[None]:
    """Serve the figures during the block, if they have a port that is not the service's.

    Raises:
        SetupError: the port is taken.
    """
    settings = context.settings
    if settings.metrics_port in (None, settings.port):
        yield
        return
    with bind(settings.host, settings.metrics_port, "TESSERA_METRICS_PORT") as bound:
        server = WebServer(create_metrics_app(context), bound)
        thread = threading.Thread(target=server.run, name="metrics")
        thread.start()
        try:
            yield
        finally:
            server.drain()
            thread.join()
