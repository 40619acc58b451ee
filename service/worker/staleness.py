"""Looks after what nobody comes for, every minute: phones that were told, and halts."""

import logging
import threading

from service.context import Context
from service.operations import halting, staleness

log = logging.getLogger(__name__)
EVERY_S = 60.0


def work(context: Context, stopping: threading.Event) -> None:
    """Sweep until `stopping` is set; several processes doing so do no harm.

    Whatever goes wrong is logged and tried again: when to look stands in the database.
    """
    while not stopping.wait(EVERY_S):
        try:
            halting.end_needless(context)
            pushed = staleness.sweep(context)
            if pushed:
                log.info("%d phones that had not come are pushed again", pushed)
        except Exception:
            log.exception("stale phones and halts are not looked after")
