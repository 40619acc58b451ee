"""Points: one event changes one balance, exactly once."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.accounts import (
    Account,
    Balance,
    Decision,
    Operator,
    Outcome,
    Statement,
    decide,
    needs_later_adds,
    order_of,
)
from service.domain.cards import CardStatus, refusal
from service.domain.errors import CardNotFound, EventConflict, InvalidInput
from service.domain.history import Actor
from service.domain.programs import Program
from service.storage import accounts, events, passes
from service.storage.database import Transaction
from service.storage.events import Aim, Claimed, KeptEvent, NewEvent, Target
from service.storage.passes import Scope
from service.storage.rounds import in_one_round


@dataclass(frozen=True)
class PointsEvent:
    """What a sender says about one balance of one account; exactly one way to name the account.

    `digest` is the same for the same body, so that a repeat is told from another body.
    """

    event_id: str
    digest: bytes
    operator: Operator
    amount: int
    balance: str = "points"
    card_number: str | None = None
    card_id: UUID | None = None
    account_id: UUID | None = None
    member: str | None = None
    program_id: UUID | None = None
    version: int | None = None
    occurred_at: datetime | None = None
    store: str | None = None
    reason: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class PointsResult:
    """What became of an event, and the account as it is now. `first`: the outcome it had."""

    outcome: Outcome
    account: Account | None
    program: Program | None = None
    why: str | None = None
    first: str | None = None

    @classmethod
    def refused(cls, why: str) -> Self:
        return cls(Outcome.REFUSED, None, why=why)


def record(context: Context, actor: Actor, source: str, event: PointsEvent) -> PointsResult:
    """Apply an event once, and make the deliveries due that it causes, in one transaction.

    A repeat changes nothing and answers `duplicate`. A statement older than what is known is
    `superseded`; one against the rules is `refused`; both are remembered too.

    Raises:
        CardNotFound: the brand has no such card, account or member; nothing is remembered.
        EventConflict: the event id was used for another body.
        InvalidInput: the program has no such balance, or `occurred_at` lies ahead.
    """
    now = context.now()
    order = order_of(event.version, event.occurred_at, now)
    new = NewEvent(uuid7(), actor.brand_id, source, event.event_id, event.digest, now)
    with context.transaction() as transaction:
        claimed = events.claim(transaction, new, _target(event))
        if claimed is None:
            raise CardNotFound("No card, account or member of this brand matches the event.")
        if not claimed.is_new:
            kept = events.find(transaction, new.brand_id, new.source, new.event_id)
            assert kept is not None
            if not kept.is_dead_letter:
                return _repeat(new, claimed, kept)
            events.revive(transaction, kept.id, new, claimed.account.id)
            new = replace(new, id=kept.id)
        statement = Statement(event.balance, event.operator, event.amount, order)
        return _apply(transaction, new, event, claimed, statement)


def _target(event: PointsEvent) -> Target:
    aim = next(aim for aim in Aim if getattr(event, aim) is not None)
    return Target(aim, getattr(event, aim), event.program_id)


def _repeat(new: NewEvent, claimed: Claimed, kept: KeptEvent) -> PointsResult:
    if kept.digest != new.digest:
        raise EventConflict(f"The event id {new.event_id} was used for another body.")
    return PointsResult(
        Outcome.DUPLICATE, claimed.account, claimed.program, why=kept.why, first=kept.outcome
    )


def _apply(
    transaction: Transaction,
    new: NewEvent,
    event: PointsEvent,
    claimed: Claimed,
    statement: Statement,
) -> PointsResult:
    account, program = claimed.account, claimed.program
    known = {balance.code: balance for balance in account.balances}
    if statement.balance not in known:
        raise InvalidInput(
            f"The program has the balances {', '.join(known)}.", [("balance", "is not one of them")]
        )
    before = known[statement.balance]
    decision = _by_card(claimed.card_status, before, statement) or decided(
        transaction, program, before, statement
    )
    if decision.outcome is not Outcome.APPLIED:
        events.conclude(transaction, new.id, decision.outcome, decision.why)
        return PointsResult(decision.outcome, account, program, why=decision.why)
    _write(transaction, new, event, account, statement, before, decision.balance)
    known[before.code] = decision.balance
    return PointsResult(Outcome.APPLIED, replace(account, balances=tuple(known.values())), program)


def _by_card(status: CardStatus | None, before: Balance, statement: Statement) -> Decision | None:
    """Return the refusal of an add by a card that may not earn or not spend; None if it may."""
    if status is None or statement.operator is Operator.SET:
        return None
    why = refusal(status, statement.amount)
    return None if why is None else Decision(Outcome.REFUSED, before, why)


def decided(
    transaction: Transaction, program: Program, balance: Balance, statement: Statement
) -> Decision:
    """Return what a statement makes of a locked balance."""
    later = 0
    if needs_later_adds(balance, statement) and statement.order is not None:
        later = accounts.later_adds(transaction, balance, statement.order)
    return decide(balance, statement, later_adds=later, below_zero=program.below_zero)


def shows_more(before: Balance, after: Balance) -> bool:
    """Say whether a pass shows the two balances differently."""
    return (before.amount, before.pending, before.expiring) != (
        after.amount,
        after.pending,
        after.expiring,
    )


def _write(
    transaction: Transaction,
    new: NewEvent,
    event: PointsEvent,
    account: Account,
    statement: Statement,
    before: Balance,
    after: Balance,
) -> None:
    now = new.received_at
    entry = accounts.insert_entry(
        uuid7(),
        account,
        statement,
        after.amount,
        now,
        event_id=new.id,
        store=event.store,
        reason=event.reason,
        message=event.message,
    )
    writes = [accounts.save_balance(after), entry]
    if shows_more(before, after):
        passes.raise_versions(transaction, Scope.ACCOUNT, account.id, now, also=writes)
    else:
        in_one_round(transaction, writes)


def keep_dead_letter(
    context: Context, actor: Actor, source: str, event: tuple[str, bytes], why: str, body: str
) -> PointsResult:
    """Keep a signed event that cannot be applied, so that staff can see it.

    `event` is its id and digest. A repeat is a duplicate. The id stays free: once the card exists
    or the body is right, the event may be sent again and is applied.
    """
    event_id, digest = event
    new = NewEvent(uuid7(), actor.brand_id, source, event_id, digest, context.now())
    with context.transaction() as transaction:
        if events.keep_dead_letter(transaction, new, why, body):
            return PointsResult.refused(why)
        kept = events.find(transaction, actor.brand_id, source, event_id)
        assert kept is not None
        if kept.digest == digest:
            return PointsResult(Outcome.DUPLICATE, None, why=kept.why, first=kept.outcome)
        if not kept.is_dead_letter:
            return PointsResult.refused(EventConflict.code)
        events.replace_dead_letter(transaction, kept.id, new, why, body)
        return PointsResult.refused(why)
