"""Looks after phones that were told of a change and have not come for it; every minute."""

import logging
import threading

from service.context import Context
from service.operations import staleness

log = logging.getLogger(__name__)
EVERY_S = 60.0


def work(context: Context, stopping: threading.Event) -> None:
    """Sweep until `stopping` is set; several processes doing so do no harm.

    Whatever goes wrong is logged and tried again: when to look stands in the database.
    """
    while not stopping.wait(EVERY_S):
        try:
            pushed = staleness.sweep(context)
            if pushed:
                log.info("%d phones that had not come are pushed again", pushed)
        except Exception:
            log.exception("stale phones are not looked after")
