"""The snapshot upsert: "here is the account as it is now; make it so"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.accounts import (
    Account,
    Operator,
    Order,
    Outcome,
    Statement,
    Tier,
    is_news,
    order_of,
)
from service.domain.cards import FINAL, seen_at
from service.domain.errors import InvalidInput, NumberTaken, OrderingMixed, ServiceError
from service.domain.history import Actor
from service.domain.programs import Program
from service.operations.accounts import opened_for
from service.operations.cards import CardDetails, IssueRequest, add_card, details_of
from service.operations.members import MemberData, tell
from service.operations.points import decided, shows_more
from service.storage import accounts, cards, passes, programs
from service.storage.cards import StoredCard
from service.storage.database import Transaction
from service.storage.passes import Scope
from service.storage.rounds import Write, in_one_round


@dataclass(frozen=True)
class BalanceData:
    """A balance as the loyalty system sees it, in the smallest unit."""

    amount: int
    pending: int | None = None
    expiring: tuple[dict[str, Any], ...] | None = None


@dataclass(frozen=True)
class Snapshot:
    """An account as it is now, as the loyalty system sees it.

    `says_tier` tells a tier of None (there is none) from one not spoken of.
    """

    program_id: UUID
    member: MemberData
    number: str | None = None
    balances: Mapping[str, BalanceData] = field(default_factory=dict)
    tier: Tier | None = None
    says_tier: bool = False
    version: int | None = None
    occurred_at: datetime | None = None
    store: str | None = None


def upsert(context: Context, actor: Actor, snapshot: Snapshot) -> tuple[CardDetails, bool]:
    """Make the account what the snapshot says and return its card; True if the card is new.

    A card is issued only if the account never had one: a snapshot does not revive a blocked or
    closed card. Parts that are older than what is known change nothing, nor does a repeat.

    Raises:
        ProgramNotFound: the brand has no such program.
        InvalidInput: a balance is unknown, the phone is no phone number, the key lies ahead.
        NumberTaken: `number` is another account's, or the account's cards have other ones.
        OrderingMixed: a balance takes the other kind of ordering key.
    """
    order = order_of(snapshot.version, snapshot.occurred_at, context.now())
    with context.transaction() as transaction:
        program = programs.get(transaction, actor.brand_id, snapshot.program_id)
        member = tell(context, transaction, program, snapshot.member, order)
        account = opened_for(context, transaction, program, member)
        writes, is_shown = _balances(context, transaction, program, account, snapshot, order)
        if snapshot.says_tier and is_news(account.tier_order, order):
            writes.append(accounts.save_tier(account.id, snapshot.tier, order))
            is_shown |= snapshot.tier != account.tier
        if is_shown:
            now = context.now()
            passes.raise_versions(transaction, Scope.ACCOUNT, account.id, now, also=writes)
        elif writes:
            in_one_round(transaction, writes)
        card, is_new = _card(context, transaction, actor, program, account, snapshot)
        return details_of(context, transaction, card), is_new


def _balances(
    context: Context,
    transaction: Transaction,
    program: Program,
    account: Account,
    snapshot: Snapshot,
    order: Order | None,
) -> tuple[list[Write], bool]:
    writes: list[Write] = []
    is_shown = False
    known = {balance.code for balance in account.balances}
    if unknown := sorted(snapshot.balances.keys() - known):
        faults = [(f"balances.{code}", "is not a balance of the program") for code in unknown]
        raise InvalidInput(f"The program has the balances {', '.join(sorted(known))}.", faults)
    for code, said in snapshot.balances.items():
        statement = Statement(
            code, Operator.SET, said.amount, order, pending=said.pending, expiring=said.expiring
        )
        before = account.balance(code)
        decision = decided(transaction, program, before, statement)
        if decision.outcome is Outcome.REFUSED:
            raise _refusal(code, decision.why)
        if decision.balance == before:
            continue
        writes.append(accounts.save_balance(decision.balance))
        if decision.balance.amount != before.amount:
            writes.append(
                accounts.insert_entry(
                    uuid7(),
                    account,
                    statement,
                    decision.balance.amount,
                    context.now(),
                    store=snapshot.store,
                )
            )
        is_shown |= shows_more(before, decision.balance)
    return writes, is_shown


def _refusal(code: str, why: str | None) -> ServiceError:
    if why == OrderingMixed.code:
        return OrderingMixed(f"{code} takes the other ordering key: version, or occurred_at.")
    return InvalidInput("A balance cannot be taken.", [(f"balances.{code}", str(why))])


def _card(
    context: Context,
    transaction: Transaction,
    actor: Actor,
    program: Program,
    account: Account,
    snapshot: Snapshot,
) -> tuple[StoredCard, bool]:
    known = cards.of_accounts(transaction, [account.id])
    if not known:
        request = IssueRequest(program.id, number=snapshot.number, store=snapshot.store)
        return add_card(context, transaction, actor, program, account, request), True
    if snapshot.number is not None and snapshot.number not in {k.card.number for k in known}:
        raise NumberTaken(
            f"The account's card has another number than {snapshot.number}; leave `number` out."
        )
    now = context.now()
    usable = [each for each in known if seen_at(each.card, now).status not in FINAL]
    return (usable or known)[0], False
