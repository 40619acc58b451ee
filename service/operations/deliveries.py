"""Deliveries: taken by a worker, concluded with what the wallet said, shown as proof."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.deliveries import Delivery
from service.domain.errors import SetupError
from service.domain.history import Actor, Record, Settled
from service.domain.installations import Proof
from service.domain.passes import Pass
from service.operations import installations as devices
from service.storage import cards, deliveries, history, installations, passes
from service.storage.database import Transaction
from service.wallets.interface import PushOutcome, PushResult, Wallet

APPLE = "apple"


@dataclass(frozen=True)
class Batch:
    """Leased deliveries of one wallet of one brand. Without a wallet, `fault` says why."""

    deliveries: list[Delivery]
    wallet: Wallet | None
    fault: str | None = None


def claim(context: Context) -> list[Batch]:
    """Lease the deliveries that are due, grouped by who must make them; empty if none is."""
    with context.transaction() as transaction:
        leased = deliveries.claim(transaction, uuid7(), context.now())
    groups: dict[tuple[UUID, str], list[Delivery]] = {}
    for each in leased:
        groups.setdefault((each.brand_id, each.type_id), []).append(each)
    return [_batch(context, *key, group) for key, group in groups.items()]


def _batch(context: Context, brand_id: UUID, type_id: str, leased: list[Delivery]) -> Batch:
    try:
        with context.reading() as transaction:
            wallet = context.apple_wallet(transaction, brand_id, type_id)
    except SetupError as error:
        return Batch(leased, None, error.detail)
    return Batch(leased, wallet, None if wallet else f"There is no certificate for {type_id}.")


def reclaim(context: Context) -> None:
    """Make due at once what a process that died had leased.

    Only for the one process on SQLite; on PostgreSQL the lease of another worker may be alive,
    there it ends by itself.
    """
    with context.transaction() as transaction:
        deliveries.end_leases(transaction, context.now())


def idle_s(context: Context, at_most: float) -> float:
    """Return how many seconds may pass before a delivery that is known now becomes due."""
    with context.reading() as transaction:
        due_at = deliveries.next_due(transaction)
    if due_at is None:
        return at_most
    return max(0.0, min(at_most, (due_at - context.now()).total_seconds()))


def conclude(context: Context, results: Iterable[tuple[Delivery, PushResult]]) -> None:
    """Record what a wallet said of these deliveries.

    A result under a lost lease changes nothing.
    """
    gone = []
    with context.transaction() as transaction:
        for delivery, result in sorted(results, key=lambda pair: pair[0].id):
            if result.outcome is PushOutcome.GONE:
                gone.append((delivery, result))
            elif result.outcome is PushOutcome.ACCEPTED:
                deliveries.finish(transaction, delivery, context.now())
            else:
                _give_back(context, transaction, delivery, result)
    for delivery, result in gone:
        devices.forget(context, delivery, result.gone_since)
        # What is left was registered anew, with a token that has yet to be told.
        with context.transaction() as transaction:
            _give_back(context, transaction, delivery, result)


def _give_back(
    context: Context, transaction: Transaction, delivery: Delivery, result: PushResult
) -> None:
    now = context.now()
    until = now + result.wait if result.wait else None
    why = result.reason or result.outcome
    deliveries.give_back(transaction, delivery, why, now, until)


def proof(context: Context, actor: Actor, card_id: UUID) -> list[tuple[Pass, list[Proof]]]:
    """Return, per pass of the card, what each installation was given.

    Raises:
        CardNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        card = cards.get(transaction, actor.brand_id, card_id)
        shown = passes.of_card(transaction, card.id, APPLE)
        return [] if shown is None else [(shown, installations.proofs(transaction, shown))]


def action(context: Context, actor: Actor, action_id: UUID) -> tuple[Record, dict[str, Settled]]:
    """Return an act on a card and how far each surface has followed it.

    Raises:
        ActionNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        record = history.get(transaction, actor.brand_id, action_id)
        surfaces = dict.fromkeys(
            ("google", "plastic", "links", "loyalty_system"), Settled.NOT_CONNECTED
        )
        # The till and the links read the card itself, so they follow with the commit.
        surfaces |= {"lookup": Settled.DONE, "links": Settled.DONE}
        return record, {**surfaces, APPLE: _apple(transaction, record)}


def _apple(transaction: Transaction, record: Record) -> Settled:
    pass_ids = [UUID(pass_id) for pass_id in record.pass_versions]
    targets: Sequence[tuple[UUID, int, int]] = deliveries.of_passes(transaction, pass_ids)
    if not targets:
        return Settled.NOT_CONNECTED
    late = [t for t in targets if t[1] < record.pass_versions[str(t[0])]]
    if not late:
        return Settled.DONE
    return Settled.FAILING if any(attempts for _, _, attempts in late) else Settled.PENDING
