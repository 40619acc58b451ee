"""Halts: begun by a vendor's refusal of our set-up, ended by a probe that proves it right."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from service.context import Context
from service.domain.deliveries import Delivery
from service.domain.halts import Halt
from service.storage import halts
from service.storage.database import Transaction
from service.wallets.interface import PushOutcome, PushResult

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """A halt that began for a reason, or one that has ended after some time."""

    wallet: str
    type_id: str
    reason: str = ""
    lasted: timedelta | None = None

    def tell(self) -> None:
        """Write the one line that an operator is to see; call it after the commit."""
        named = (self.wallet.capitalize(), self.type_id)
        if self.lasted is None:
            log.error("%s pushes of %s are stopped: %s", *named, self.reason)
        else:
            log.warning("%s pushes of %s go on, after %s", *named, self.lasted)


def told(halt: Halt) -> str:
    """Return a halt in words for an operator."""
    since = f"{halt.since:%Y-%m-%d %H:%M} UTC"
    vendor = halt.wallet.capitalize()
    return f"{vendor} pushes of {halt.type_id} are stopped since {since}: {halt.reason}."


def note(
    context: Context, transaction: Transaction, results: Sequence[tuple[Delivery, PushResult]]
) -> News | None:
    """Note what a batch of one pass type tells of our set-up; return it if nobody knew before."""
    halting = [pair for pair in results if pair[1].outcome is PushOutcome.HALT]
    if halting:
        return _begun(context, transaction, *halting[0])
    proofs = [delivery for delivery, result in results if delivery.is_probe and _proves(result)]
    return _ended(context, transaction, proofs[0]) if proofs else None


def end_needless(context: Context) -> None:
    """End the halts of which nobody can tell any more whether they are over: nothing is owed."""
    with context.transaction() as transaction:
        now = context.now()
        ended = halts.end_needless(transaction, now)
    for (wallet, type_id), since in ended:
        News(wallet, type_id, lasted=now - since).tell()


def _proves(result: PushResult) -> bool:
    return result.is_proof or result.outcome is PushOutcome.ACCEPTED


def _begun(
    context: Context, transaction: Transaction, delivery: Delivery, result: PushResult
) -> News | None:
    reason = result.reason or str(result.outcome)
    is_news = halts.begin(
        transaction,
        (delivery.wallet, delivery.type_id),
        reason,
        context.now(),
        is_probe=delivery.is_probe,
        at_most=result.pause,
    )
    return News(delivery.wallet, delivery.type_id, reason) if is_news else None


def _ended(context: Context, transaction: Transaction, delivery: Delivery) -> News | None:
    since = halts.end(transaction, (delivery.wallet, delivery.type_id))
    if since is None:
        return None
    transaction.owes_push = True
    return News(delivery.wallet, delivery.type_id, lasted=context.now() - since)
