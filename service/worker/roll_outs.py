"""Moves passes to the designs that are rolled out, step by step; over and over."""

import logging
import threading
from functools import partial
from uuid import UUID

from service.context import Context
from service.operations import moving
from service.operations.runner import retrying

log = logging.getLogger(__name__)
POLL_S = 2.0  # how late a roll-out that another process began is noticed
SHORTEST_PAUSE_S = 0.05  # what is due may be another worker's
TROUBLE_PAUSE_S = 1.0


def work(context: Context, stopping: threading.Event) -> None:
    """Move passes until `stopping` is set; any number of workers keep one pace together.

    Whatever goes wrong is logged and tried again: how far a roll-out is stands in the database.
    """
    reached: dict[UUID, int] = {}
    while not stopping.is_set():
        try:
            if not retrying(partial(moving.step, context, reached)):
                stopping.wait(max(moving.idle_s(context, POLL_S), SHORTEST_PAUSE_S))
        except Exception:
            log.exception("roll-outs are held up")
            stopping.wait(TROUBLE_PAUSE_S)
