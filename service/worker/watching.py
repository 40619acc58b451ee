"""Looks at the brands' certificates every hour and has alarms raised before one ends."""

import logging
import threading

from service.context import Context
from service.operations import expiry

log = logging.getLogger(__name__)
LOOK_EVERY_S = 3600.0
TROUBLE_PAUSE_S = 60.0


def watch(context: Context, stopping: threading.Event) -> None:
    """Look at once and then every hour until `stopping` is set.

    Any number of processes may watch: a stage is told by the one that sees it first.
    """
    pause_s = 0.0
    while not stopping.wait(pause_s):
        pause_s = _look(context)


def _look(context: Context) -> float:
    try:
        expiry.raise_alarms(context)
    except Exception:
        log.exception("certificates could not be looked at")
        return TROUBLE_PAUSE_S
    return LOOK_EVERY_S
