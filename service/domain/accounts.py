"""What an account holds and how statements change it, in whatever order they arrive.

A `set` says how much there is, an `add` how much changed. Each may carry one ordering key: the
sender's `version` or `occurred_at`. The rule (docs/decisions/0008): a `set` wins if its key is
newer than that of the last `set`, and keeps the adds that are later than it; an `add` not later
than the last `set` is superseded, because that `set` already counted it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from service.domain.errors import InvalidInput, OrderingMixed

LARGEST_AMOUNT = 2**53 - 1  # what every JSON reader holds exactly (RFC 8259 section 6)
CLOCK_TOLERANCE = timedelta(minutes=5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OrderKind(StrEnum):
    VERSION = "version"
    OCCURRED_AT = "occurred_at"


@dataclass(frozen=True)
class Order:
    """Where a statement stands among its sender's: `position` is the version, or microseconds."""

    kind: OrderKind
    position: int

    @property
    def version(self) -> int | None:
        return self.position if self.kind is OrderKind.VERSION else None

    @property
    def occurred_at(self) -> datetime | None:
        if self.kind is not OrderKind.OCCURRED_AT:
            return None
        return EPOCH + timedelta(microseconds=self.position)


def order_of(version: int | None, occurred_at: datetime | None, now: datetime) -> Order | None:
    """Return the ordering key of a statement, or None if it carries none.

    Raises:
        InvalidInput: both keys are given, or `occurred_at` is over 5 minutes ahead of `now`.
    """
    if version is not None and occurred_at is not None:
        raise InvalidInput("Give version or occurred_at, not both.", [("version", "one key only")])
    if version is not None:
        return Order(OrderKind.VERSION, version)
    if occurred_at is None:
        return None
    if occurred_at > now + CLOCK_TOLERANCE:
        raise InvalidInput(
            "occurred_at lies in the future.", [("occurred_at", "more than 5 minutes ahead")]
        )
    return Order(OrderKind.OCCURRED_AT, (occurred_at - EPOCH) // timedelta(microseconds=1))


class Outcome(StrEnum):
    APPLIED = "applied"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    REFUSED = "refused"


class Operator(StrEnum):
    SET = "set"
    ADD = "add"


@dataclass(frozen=True)
class Statement:
    """One thing said about one balance, in its smallest unit.

    `pending` and `expiring` come with a `set` only; None leaves them as they are.
    """

    balance: str
    operator: Operator
    amount: int
    order: Order | None = None
    pending: int | None = None
    expiring: tuple[dict[str, Any], ...] | None = None


@dataclass(frozen=True)
class Balance:
    """An amount of one kind in an account, in the smallest unit, with what ordering needs.

    `order_kind` is fixed by the first `set` that carries a key; `set_position` is that of the
    newest `set`, `add_position` the highest of any `add`.
    """

    account_id: UUID
    code: str
    amount: int = 0
    pending: int = 0
    expiring: tuple[dict[str, Any], ...] = ()
    order_kind: OrderKind | None = None
    set_position: int | None = None
    add_position: int | None = None

    @property
    def next_expiring(self) -> tuple[int, datetime] | None:
        """Return how much expires next, and when; None if nothing does."""
        dated = [(datetime.fromisoformat(part["at"]), part["amount"]) for part in self.expiring]
        if not dated:
            return None
        soonest = min(at for at, _ in dated)
        return sum(amount for at, amount in dated if at == soonest), soonest


@dataclass(frozen=True)
class Decision:
    """What a statement does: the outcome, why it is refused, and the balance after."""

    outcome: Outcome
    balance: Balance
    why: str | None = None


def needs_later_adds(balance: Balance, statement: Statement) -> bool:
    """Say whether deciding a `set` needs the sum of adds that are later than it."""
    return (
        statement.operator is Operator.SET
        and statement.order is not None
        and balance.add_position is not None
        and balance.add_position > statement.order.position
    )


def decide(
    balance: Balance, statement: Statement, *, later_adds: int = 0, below_zero: bool = False
) -> Decision:
    """Return what `statement` makes of `balance`.

    `later_adds` is the sum of applied adds of the same ordering kind later than a `set`;
    `below_zero` says whether the program lets an `add` overdraw.
    """
    order = statement.order
    if balance.order_kind is not None and (order is None or order.kind is not balance.order_kind):
        return Decision(Outcome.REFUSED, balance, "ordering_mixed")
    if order is not None and balance.order_kind is not None and _is_old(balance, order):
        return Decision(Outcome.SUPERSEDED, balance)
    if statement.operator is Operator.SET:
        return _in_range(balance, _after_set(balance, statement, later_adds))
    if balance.amount + statement.amount < min(0, balance.amount) and not below_zero:
        return Decision(Outcome.REFUSED, balance, "insufficient_points")
    return _in_range(balance, _after_add(balance, statement))


def _is_old(balance: Balance, order: Order) -> bool:
    return balance.set_position is not None and order.position <= balance.set_position


def _after_set(balance: Balance, statement: Statement, later_adds: int) -> Balance:
    order = statement.order
    return replace(
        balance,
        amount=statement.amount + later_adds,
        pending=balance.pending if statement.pending is None else statement.pending,
        expiring=balance.expiring if statement.expiring is None else statement.expiring,
        order_kind=order.kind if order else None,
        set_position=order.position if order else None,
    )


def _after_add(balance: Balance, statement: Statement) -> Balance:
    new = statement.order.position if statement.order else None
    known = [position for position in (balance.add_position, new) if position is not None]
    return replace(
        balance,
        amount=balance.amount + statement.amount,
        add_position=max(known, default=None),
    )


def _in_range(before: Balance, after: Balance) -> Decision:
    if abs(after.amount) > LARGEST_AMOUNT:
        return Decision(Outcome.REFUSED, before, "amount_out_of_range")
    return Decision(Outcome.APPLIED, after)


@dataclass(frozen=True)
class Entry:
    """One line of an account's statement: what was applied, and the balance after it.

    `event_id` is the sender's own; it and `source` are None for a snapshot.
    """

    id: UUID
    balance: str
    operator: Operator
    amount: int
    balance_after: int
    order: Order | None
    event_id: str | None
    source: str | None
    store: str | None
    reason: str | None
    message: str | None
    created_at: datetime


@dataclass(frozen=True)
class Tier:
    code: str
    name: str


@dataclass(frozen=True)
class Account:
    """The standing in one program. `tier_order` is the key of the newest tier statement."""

    id: UUID
    brand_id: UUID
    program_id: UUID
    tier: Tier | None = None
    tier_order: Order | None = None
    balances: tuple[Balance, ...] = ()

    def balance(self, code: str) -> Balance:
        """Return the balance called `code`; an account has every balance of its program."""
        return next(balance for balance in self.balances if balance.code == code)


def is_news(last: Order | None, new: Order | None) -> bool:
    """Say whether a statement replaces the last one of its kind (tier, member data).

    Without keys the one that arrives later wins; once a key was given, it takes one of the same
    kind that is newer.

    Raises:
        OrderingMixed: the new one has no key, or one of the other kind.
    """
    if last is None:
        return True
    if new is None or new.kind is not last.kind:
        raise OrderingMixed(f"What is known is ordered by {last.kind}: give one that is newer.")
    return new.position > last.position
