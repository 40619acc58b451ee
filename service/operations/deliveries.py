"""Deliveries: taken by a worker, concluded with what the wallet said, shown as proof."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.deliveries import Delivery, Progress
from service.domain.errors import PassUnavailable, ServiceError, SetupError
from service.domain.halts import Halt
from service.domain.history import Actor, Record, Settled
from service.domain.installations import Proof
from service.domain.passes import Pass, WalletName
from service.operations import halting
from service.operations import installations as devices
from service.operations.passes import drawn
from service.storage import cards, claims, deliveries, history, installations, passes
from service.storage.database import Transaction
from service.storage.halts import listed as halts_now
from service.wallets.interface import PushOutcome, PushResult, Wallet


@dataclass(frozen=True)
class Batch:
    """Leased deliveries of one wallet and pass type. Without a wallet, `fault` says why.

    `refused`: whether that is so for the whole pass type, or for these deliveries alone.
    """

    deliveries: list[Delivery]
    wallet: Wallet | None
    fault: str | None = None
    refused: PushOutcome = PushOutcome.HALT

    @property
    def record_every_s(self) -> float:
        """Return how long an outcome may wait to be recorded with others by one commit.

        Where the pass itself is sent, a block waits for the call in hand: it must end at once.
        """
        return 0.0 if self.deliveries and self.deliveries[0].wallet.keeps_passes else 0.2


def claim(context: Context, name: WalletName) -> list[Batch]:
    """Lease a wallet's due deliveries of one pass type; empty if none is due."""
    resting = context.wallets.resting()
    with context.transaction() as transaction:
        leased = claims.claim(transaction, name, uuid7(), context.now(), resting)
    return _batches(context, name, leased) if leased else []


def _batches(context: Context, name: WalletName, leased: list[Delivery]) -> list[Batch]:
    brand_id, type_id = leased[0].brand_id, leased[0].type_id  # a type is one brand's
    with context.reading() as transaction:
        try:
            wallet = context.wallet(transaction, brand_id, name, type_id)
        except (SetupError, PassUnavailable) as error:
            return [Batch(leased, None, error.detail)]
        if wallet is None:
            return [Batch(leased, None, f"There is no credential for {type_id}.")]
        if not name.keeps_passes:
            return [Batch(leased, wallet)]
        return _with_contents(context, transaction, wallet, leased)


def _with_contents(
    context: Context, transaction: Transaction, wallet: Wallet, leased: list[Delivery]
) -> list[Batch]:
    """Return the deliveries with their passes as they are now, maybe newer than what was owed.

    One that cannot be drawn is a batch of its own: it must not hold up the others.
    """
    good, spoiled = [], []
    for each in leased:
        shown = passes.get(transaction, each.pass_id)
        assert shown is not None
        try:
            content, design = drawn(context, transaction, shown)
        except ServiceError as error:
            spoiled.append(Batch([each], None, error.detail, PushOutcome.REFUSED))
        else:
            good.append(replace(each, version=shown.version, content=content, design=design))
    return [Batch(good, wallet), *spoiled]


def reclaim(context: Context) -> None:
    """Make due at once what a process that died had leased.

    Only for the one process on SQLite; on PostgreSQL the lease of another worker may be alive,
    there it ends by itself.
    """
    with context.transaction() as transaction:
        deliveries.end_leases(transaction, context.now())


def idle_s(context: Context, name: WalletName, at_most: float) -> float:
    """Return how many seconds may pass before a delivery that is known now becomes due."""
    since = context.now() - timedelta(seconds=at_most)
    with context.reading() as transaction:
        due_at = deliveries.next_due(transaction, name, since)
    if due_at is None:
        return at_most
    return max(0.0, min(at_most, (due_at - context.now()).total_seconds()))


def conclude(context: Context, results: Iterable[tuple[Delivery, PushResult]]) -> None:
    """Record what a wallet said of these deliveries, which are of one pass type.

    A result under a lost lease changes nothing.
    """
    sorted_results = sorted(results, key=lambda pair: pair[0].id)
    with context.transaction() as transaction:
        for delivery, result in sorted_results:
            _record(context, transaction, delivery, result)
        news = halting.note(context, transaction, sorted_results)
    if news is not None:
        news.tell()
    for delivery, result in sorted_results:
        if result.outcome is PushOutcome.GONE:
            devices.forget(context, delivery, result.gone_since)
            # What is left was registered anew, with a token that has yet to be told.
            with context.transaction() as transaction:
                _give_back(context, transaction, delivery, result)


def _record(
    context: Context, transaction: Transaction, delivery: Delivery, result: PushResult
) -> None:
    now, wait = context.now(), result.wait or timedelta(0)
    match result.outcome:
        case PushOutcome.ACCEPTED:
            if deliveries.finish(transaction, delivery, now):
                _note_design(transaction, delivery)
        case PushOutcome.NOT_YET:
            deliveries.put_back(transaction, delivery, now + wait)
        case PushOutcome.HALT if result.wait is None:
            deliveries.put_back(transaction, delivery, now, result.reason)
        case PushOutcome.HALT | PushOutcome.TRY_LATER | PushOutcome.REFUSED:
            _give_back(context, transaction, delivery, result)
            if result.wait and delivery.device_id:
                deliveries.spare(transaction, delivery.device_id, now + result.wait)


def _note_design(transaction: Transaction, delivery: Delivery) -> None:
    """Remember in which design the vendor keeps the pass now, so that a roll-back reaches it."""
    if delivery.design is not None:
        passes.note_design(transaction, delivery.pass_id, delivery.design.id)


def _give_back(
    context: Context, transaction: Transaction, delivery: Delivery, result: PushResult
) -> None:
    now = context.now()
    until = now + result.wait if result.wait else None
    why = result.reason or result.outcome
    is_doubtful = result.is_doubtful
    deliveries.give_back(transaction, delivery, why, now, until, is_doubtful=is_doubtful)


def halts(context: Context, brand_id: UUID | None = None) -> list[Halt]:
    """Return what is not sent because a vendor refuses our set-up, of a brand (None: of all)."""
    with context.reading() as transaction:
        return halts_now(transaction, context.now(), brand_id)


@dataclass(frozen=True)
class PassProof:
    """What is known of one pass of a card: per installation, or of the object its vendor keeps."""

    shown: Pass
    installations: list[Proof]
    kept: Progress | None = None


def owe_again(context: Context, brand_id: UUID, name: WalletName) -> int:
    """Make every pass of a brand in a wallet due once more; return how many there are.

    For after a restored backup: what the vendor keeps may be newer than what is known here.
    """
    with context.transaction() as transaction:
        transaction.owes_push = True
        return deliveries.owe_again(transaction, brand_id, name, context.now())


def proof(context: Context, actor: Actor, card_id: UUID) -> list[PassProof]:
    """Return, per pass of the card, what was given to each installation or to the vendor.

    Raises:
        CardNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        card = cards.get(transaction, actor.brand_id, card_id)
        return [_proof(transaction, each) for each in passes.all_of_card(transaction, card.id)]


def _proof(transaction: Transaction, shown: Pass) -> PassProof:
    if shown.wallet is WalletName.APPLE:
        return PassProof(shown, installations.proofs(transaction, shown))
    (kept,) = deliveries.of_passes(transaction, [shown.id])
    return PassProof(shown, [], kept)


def action(context: Context, actor: Actor, action_id: UUID) -> tuple[Record, dict[str, Settled]]:
    """Return an act on a card and how far each surface has followed it.

    Raises:
        ActionNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        record = history.get(transaction, actor.brand_id, action_id)
        # The till and the links read the card itself, so they follow with the commit.
        surfaces = {"lookup": Settled.DONE, "links": Settled.DONE}
        surfaces |= dict.fromkeys(("plastic", "loyalty_system"), Settled.NOT_CONNECTED)
        pass_ids = [UUID(pass_id) for pass_id in record.pass_versions]
        targets = deliveries.of_passes(transaction, pass_ids)
    for name in WalletName:
        theirs = [target for target in targets if target.wallet is name]
        surfaces[name] = _settled(theirs, record)
    return record, surfaces


def _settled(targets: Sequence[Progress], record: Record) -> Settled:
    if not targets:
        return Settled.NOT_CONNECTED
    late = [t for t in targets if t.sent_version < record.pass_versions[str(t.pass_id)]]
    if not late:
        return Settled.DONE
    is_failing = any(target.attempts or target.last_error for target in late)
    return Settled.FAILING if is_failing else Settled.PENDING
