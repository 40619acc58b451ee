"""Takes due deliveries, tells the wallets, records what they said; over and over."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from service.context import Context
from service.domain.deliveries import Delivery
from service.domain.passes import WalletName
from service.operations import deliveries
from service.operations.deliveries import Batch
from service.operations.runner import retrying
from service.wallets.interface import PushOutcome, PushResult

log = logging.getLogger(__name__)
SHORTEST_PAUSE_S = 0.05  # what is due may be claimed by nobody now
POLL_S = 0.25  # how late a debt made by another process is noticed
TROUBLE_PAUSE_S = 1.0
LOOK_AGAIN = timedelta(minutes=1)  # whether a set-up can be used is asked of no vendor

Result = tuple[Delivery, PushResult]


def work(
    context: Context, wallet: WalletName, doorbell: threading.Event, stopping: threading.Event
) -> None:
    """Deliver for one wallet until `stopping` is set, then finish the batch in hand and return.

    Each wallet has workers of its own: a slow vendor holds up nobody else. Whatever goes wrong is
    logged and tried again: the debts stay in the database.
    """
    while not stopping.is_set():
        try:
            if not deliver_due(context, wallet):
                pause_s = deliveries.idle_s(context, wallet, POLL_S)
                doorbell.wait(max(pause_s, SHORTEST_PAUSE_S))
                doorbell.clear()
        except Exception:
            log.exception("deliveries are held up")
            stopping.wait(TROUBLE_PAUSE_S)


def deliver_due(context: Context, wallet: WalletName) -> bool:
    """Deliver one lease batch of a wallet; False if nothing was due."""
    batches = retrying(lambda: deliveries.claim(context, wallet))
    for batch in batches:
        try:
            _deliver(context, batch)
        except Exception:
            log.exception("a batch failed; it is due again when its lease ends")
    return bool(batches)


def _deliver(context: Context, batch: Batch) -> None:
    for group in _grouped(_results(batch), batch.record_every_s):
        retrying(partial(deliveries.conclude, context, group))


def _results(batch: Batch) -> Iterator[Result]:
    if batch.wallet is None:
        for delivery in batch.deliveries:
            yield delivery, PushResult(delivery.id, batch.refused, batch.fault, pause=LOOK_AGAIN)
        return
    by_id = {delivery.id: delivery for delivery in batch.deliveries}
    said = set()
    for result in batch.wallet.push(batch.deliveries):
        if result.outcome is PushOutcome.REFUSED and result.reason not in said:
            log.error("a wallet refuses a push: %s", result.reason)
            said.add(result.reason)
        yield by_id[result.delivery_id], result


def _grouped(results: Iterator[Result], every_s: float) -> Iterator[list[Result]]:
    """Yield results in groups, so that many are recorded by one commit, yet none waits long."""
    group: list[Result] = []
    started = time.monotonic()
    for result in results:
        group.append(result)
        if time.monotonic() - started >= every_s:
            yield group
            group, started = [], time.monotonic()
    if group:
        yield group
