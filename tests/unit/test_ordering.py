"""Statements in any order end in one balance; what cannot be ordered is refused."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, strategies

from service.domain.accounts import (
    LARGEST_AMOUNT,
    Balance,
    Decision,
    Operator,
    Order,
    OrderKind,
    Outcome,
    Statement,
    decide,
    is_news,
    needs_later_adds,
    order_of,
)
from service.domain.errors import InvalidInput, OrderingMixed

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EMPTY = Balance(UUID(int=1), "points")


def at(position: int, kind: OrderKind = OrderKind.VERSION) -> Order:
    return Order(kind, position)


def a_set(amount: int, order: Order | None = None, **more: int) -> Statement:
    return Statement("points", Operator.SET, amount, order, **more)


def an_add(amount: int, order: Order | None = None) -> Statement:
    return Statement("points", Operator.ADD, amount, order)


class Ledger:
    """Decides one statement after another, as operations do; remembers the adds it applied."""

    def __init__(self, below_zero: bool = True) -> None:
        self.balance = EMPTY
        self.below_zero = below_zero
        self._adds: list[Statement] = []
        self._seen: dict[int, Outcome] = {}

    def take(self, statement: Statement, event_id: int | None = None) -> Decision:
        if event_id is not None and event_id in self._seen:
            return Decision(Outcome.DUPLICATE, self.balance)
        later = self._later(statement) if needs_later_adds(self.balance, statement) else 0
        made = decide(self.balance, statement, later_adds=later, below_zero=self.below_zero)
        self.balance = made.balance
        if made.outcome is Outcome.APPLIED and statement.operator is Operator.ADD:
            self._adds.append(statement)
        if event_id is not None:
            self._seen[event_id] = made.outcome
        return made

    def _later(self, statement: Statement) -> int:
        order = statement.order
        assert order is not None
        return sum(
            add.amount
            for add in self._adds
            if add.order and add.order.kind is order.kind and add.order.position > order.position
        )


def by_the_book(statements: Sequence[Statement]) -> int:
    """The newest set, and every add that is later than it."""
    sets = [s for s in statements if s.operator is Operator.SET]
    newest = max(sets, key=lambda s: s.order.position, default=None)
    since = newest.order.position if newest else None
    adds = [
        s.amount
        for s in statements
        if s.operator is Operator.ADD and (since is None or s.order.position > since)
    ]
    return (newest.amount if newest else 0) + sum(adds)


@strategies.composite
def histories(draw: strategies.DrawFn) -> tuple[list[Statement], list[int]]:
    """Statements of one kind of key, and an order of arrival that repeats some of them."""
    kind = draw(strategies.sampled_from(OrderKind))
    amounts = strategies.integers(-1000, 1000)
    sets = draw(strategies.dictionaries(strategies.integers(0, 30), amounts, max_size=6))
    adds = draw(
        strategies.lists(strategies.tuples(strategies.integers(0, 30), amounts), max_size=8)
    )
    told = [a_set(amount, at(position, kind)) for position, amount in sets.items()]
    told += [an_add(amount, at(position, kind)) for position, amount in adds]
    ids = list(range(len(told)))
    again = draw(strategies.lists(strategies.sampled_from(ids), max_size=5)) if ids else []
    return told, draw(strategies.permutations(ids + again))


@given(history=histories())
def test_keyed_statements_in_any_order_end_in_one_balance(
    history: tuple[list[Statement], list[int]],
) -> None:
    told, arrival = history
    ledger = Ledger()

    outcomes = {ledger.take(told[number], number).outcome for number in arrival}

    assert ledger.balance.amount == by_the_book(told)
    assert Outcome.REFUSED not in outcomes


@given(
    amounts=strategies.lists(strategies.integers(-50, 50)),
    arrival=strategies.randoms(use_true_random=False),
)
def test_adds_without_a_key_need_no_order(amounts: list[int], arrival: object) -> None:
    shuffled = list(amounts)
    arrival.shuffle(shuffled)
    ledger = Ledger()

    for amount in shuffled:
        ledger.take(an_add(amount))

    assert ledger.balance.amount == sum(amounts)


@pytest.mark.parametrize("kind", OrderKind)
def test_a_late_set_keeps_the_adds_that_came_after_it(kind: OrderKind) -> None:
    ledger = Ledger()
    ledger.take(an_add(5, at(10, kind)))
    ledger.take(an_add(7, at(20, kind)))

    late = ledger.take(a_set(100, at(15, kind)))

    assert (late.outcome, late.balance.amount) == (Outcome.APPLIED, 107)


@pytest.mark.parametrize("statement", [a_set(1, at(9)), an_add(1, at(9)), an_add(1, at(10))])
def test_a_statement_not_later_than_the_last_set_is_superseded(statement: Statement) -> None:
    ledger = Ledger()
    ledger.take(a_set(100, at(10)))

    late = ledger.take(statement)

    assert late.outcome is Outcome.SUPERSEDED
    assert ledger.balance.amount == 100


@pytest.mark.parametrize(
    "other", [None, at(99, OrderKind.OCCURRED_AT)], ids=["no key", "the other kind"]
)
@pytest.mark.parametrize("operator", Operator)
def test_after_a_keyed_set_anything_without_that_kind_of_key_is_refused(
    other: Order | None, operator: Operator
) -> None:
    ledger = Ledger()
    ledger.take(a_set(100, at(10)))

    refused = ledger.take(Statement("points", operator, 1, other))

    assert (refused.outcome, refused.why) == (Outcome.REFUSED, "ordering_mixed")
    assert ledger.balance.amount == 100


def test_a_balance_never_set_takes_adds_with_any_key_or_none() -> None:
    ledger = Ledger()

    for order in (at(1), None, at(5, OrderKind.OCCURRED_AT), at(0)):
        assert ledger.take(an_add(10, order)).outcome is Outcome.APPLIED

    assert ledger.balance.amount == 40


def test_an_add_may_not_overdraw_unless_the_program_allows_it() -> None:
    holding = replace(EMPTY, amount=100)

    refused = decide(holding, an_add(-101))
    allowed = decide(holding, an_add(-101), below_zero=True)
    exact = decide(holding, an_add(-100))

    assert (refused.outcome, refused.why) == (Outcome.REFUSED, "insufficient_points")
    assert refused.balance == holding
    assert allowed.balance.amount == -1
    assert exact.balance.amount == 0


def test_an_account_in_debt_may_earn_but_not_sink_further() -> None:
    in_debt = replace(EMPTY, amount=-50)

    earned = decide(in_debt, an_add(10))
    sunk = decide(in_debt, an_add(-1))

    assert earned.balance.amount == -40
    assert sunk.why == "insufficient_points"


@pytest.mark.parametrize(
    ("amount", "statement"),
    [(LARGEST_AMOUNT, an_add(1)), (-LARGEST_AMOUNT, an_add(-1)), (0, a_set(LARGEST_AMOUNT + 1))],
)
def test_an_amount_beyond_what_json_holds_is_refused(amount: int, statement: Statement) -> None:
    holding = replace(EMPTY, amount=amount)

    refused = decide(holding, statement, below_zero=True)

    assert (refused.outcome, refused.why) == (Outcome.REFUSED, "amount_out_of_range")
    assert refused.balance == holding


def test_a_set_leaves_pending_as_it_is_unless_it_speaks_of_it() -> None:
    holding = replace(EMPTY, amount=1, pending=9, expiring=({"amount": 1},))

    silent = decide(holding, a_set(5)).balance
    spoken = decide(holding, replace(a_set(5), pending=0, expiring=())).balance

    assert (silent.pending, silent.expiring) == (9, ({"amount": 1},))
    assert (spoken.pending, spoken.expiring) == (0, ())


def test_a_time_over_five_minutes_ahead_is_refused() -> None:
    at_the_limit = order_of(None, NOON + timedelta(minutes=5), NOON)

    assert at_the_limit is not None
    with pytest.raises(InvalidInput) as refused:
        order_of(None, NOON + timedelta(minutes=5, microseconds=1), NOON)
    assert refused.value.faults[0][0] == "occurred_at"


def test_two_keys_at_once_are_refused() -> None:
    with pytest.raises(InvalidInput):
        order_of(1, NOON, NOON)


@given(seconds=strategies.tuples(*[strategies.floats(-3e9, 0)] * 2))
def test_times_stand_in_the_order_of_their_microseconds(seconds: tuple[float, float]) -> None:
    first, second = (NOON + timedelta(seconds=each) for each in seconds)

    one, two = order_of(None, first, NOON), order_of(None, second, NOON)

    assert one is not None
    assert two is not None
    assert (one.position < two.position) == (first < second)


def test_without_any_key_there_is_no_order() -> None:
    assert order_of(None, None, NOON) is None


@pytest.mark.parametrize(
    ("last", "new", "is_newer"),
    [
        (None, None, True),
        (None, at(1), True),
        (at(1), at(1), False),
        (at(1), at(2), True),
        (at(2), at(1), False),
    ],
)
def test_a_tier_or_member_statement_replaces_only_an_older_one(
    last: Order | None, new: Order | None, is_newer: bool
) -> None:
    assert is_news(last, new) is is_newer


def test_a_tier_or_member_statement_without_the_known_ordering_kind_is_refused() -> None:
    for new in (None, at(9, OrderKind.OCCURRED_AT)):
        with pytest.raises(OrderingMixed):
            is_news(at(1), new)
