"""The life of a card: every status, action and reason against a table written by hand here."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from service.domain.cards import (
    CONCEALED,
    FINAL,
    LIVE,
    VERDICTS,
    Act,
    Card,
    CardAction,
    CardStatus,
    Reason,
    allowed_actions,
    apply,
    check_reason,
    verdict,
)
from service.domain.errors import IllegalTransition, InvalidInput

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

# Independent of the code's own table: design section 5 and reference/reliability.md C.
REASONS = {
    "activate": "first_use customer_request other",
    "block": "customer_request lost stolen fraud compliance other",
    "unblock": "customer_request found cleared other",
    "close": "account_closure customer_request duplicate other",
}
NEEDS_COMMENT = {"other", "fraud", "compliance", "cleared"}
LEGAL = {
    ("inactive", "activate"): "active",
    ("inactive", "block"): "blocked",
    ("inactive", "close"): "closed",
    ("active", "block"): "blocked",
    ("active", "close"): "closed",
    ("blocked", "unblock"): "active",
    ("blocked", "close"): "closed",
}
GRAVER = {
    ("customer_request", "lost"),
    ("customer_request", "stolen"),
    ("customer_request", "fraud"),
    ("customer_request", "compliance"),
    ("other", "lost"),
    ("other", "stolen"),
    ("other", "fraud"),
    ("other", "compliance"),
    ("lost", "stolen"),
    ("lost", "fraud"),
    ("lost", "compliance"),
    ("stolen", "fraud"),
    ("stolen", "compliance"),
}
BLOCKS = REASONS["block"].split()
STATES = [(status, None) for status in CardStatus if status is not CardStatus.BLOCKED] + [
    (CardStatus.BLOCKED, Reason(reason)) for reason in BLOCKS
]


def a_card(status: CardStatus = CardStatus.ACTIVE, reason: Reason | None = None) -> Card:
    was_active = status not in (CardStatus.INACTIVE, CardStatus.UNASSIGNED)
    return Card(
        id=UUID(int=1),
        brand_id=UUID(int=2),
        program_id=UUID(int=3),
        account_id=UUID(int=4),
        number="9001234",
        status=status,
        created_at=NOON,
        version=7,
        status_reason=reason,
        activated_at=NOON if was_active else None,
    )


def done(card: Card, act: Act) -> Card:
    check_reason(act)
    return apply(card, act, NOON)


def expected(status: CardStatus, blocked_for: Reason | None, act: Act) -> str | None:
    """The status that follows, or None where the act is illegal."""
    if (status, act.action) == ("blocked", "block"):
        return "blocked" if (blocked_for, act.reason) in GRAVER else None
    if (blocked_for, act.action) == ("stolen", "unblock"):
        return None
    return LEGAL.get((status, act.action))


@pytest.mark.parametrize(("state", "action"), list(product(STATES, CardAction)))
def test_every_cell_of_the_table_lands_where_it_should_or_is_refused(
    state: tuple[CardStatus, Reason | None], action: CardAction
) -> None:
    card = a_card(*state)

    for reason in Reason:
        act = Act(action, reason, "because")
        target = expected(*state, act)
        if reason not in REASONS[action].split():
            with pytest.raises(InvalidInput):
                done(card, act)
        elif target is None:
            with pytest.raises(IllegalTransition):
                done(card, act)
        else:
            after = done(card, act)
            assert after.status == target, act
            assert after.version == card.version + 1
            assert (after.number, after.account_id) == (card.number, card.account_id)


@pytest.mark.parametrize(("action", "reason"), list(product(CardAction, Reason)))
def test_a_comment_is_asked_for_where_a_reason_needs_one(
    action: CardAction, reason: Reason
) -> None:
    takes_it = reason in REASONS[action].split()

    if takes_it and reason not in NEEDS_COMMENT:
        assert check_reason(Act(action, reason)) is None
        return
    for comment in (None, ""):
        with pytest.raises(InvalidInput) as refused:
            check_reason(Act(action, reason, comment))
        assert refused.value.faults[0][0] == ("comment" if takes_it else "reason")


@pytest.mark.parametrize("state", STATES)
def test_the_allowed_actions_are_those_that_some_reason_can_do(
    state: tuple[CardStatus, Reason | None],
) -> None:
    card = a_card(*state)

    for action in CardAction:
        leads_out = False
        for reason in REASONS[action].split():
            try:
                after = apply(card, Act(action, Reason(reason), "because"), NOON)
            except IllegalTransition:
                continue
            leads_out |= after.status is not card.status
        assert (action in allowed_actions(card)) == leads_out, action


def test_final_cards_allow_nothing_and_no_status_is_forgotten() -> None:
    assert all(allowed_actions(a_card(status)) == [] for status in FINAL)
    assert LIVE | FINAL | {CardStatus.UNASSIGNED} == set(CardStatus)
    assert not LIVE & FINAL


@pytest.mark.parametrize(("first", "second"), list(product(BLOCKS, BLOCKS)))
def test_a_block_takes_only_a_graver_reason(first: str, second: str) -> None:
    card = a_card(CardStatus.BLOCKED, Reason(first))
    act = Act(CardAction.BLOCK, Reason(second), "because", channel="console")

    if (first, second) in GRAVER:
        after = apply(card, act, NOON)
        assert (after.status_reason, after.blocked_by) == (second, "console")
    else:
        with pytest.raises(IllegalTransition):
            apply(card, act, NOON)


@pytest.mark.parametrize("reason", REASONS["unblock"].split())
def test_a_stolen_card_is_never_unblocked(reason: str) -> None:
    card = a_card(CardStatus.BLOCKED, Reason.STOLEN)

    with pytest.raises(IllegalTransition, match="stolen"):
        apply(card, Act(CardAction.UNBLOCK, Reason(reason), "because"), NOON)
    assert CardAction.UNBLOCK not in allowed_actions(card)


def test_an_unblocked_card_is_what_it_was_before() -> None:
    never_active = replace(a_card(CardStatus.INACTIVE))
    block = Act(CardAction.BLOCK, Reason.LOST)
    found = Act(CardAction.UNBLOCK, Reason.FOUND)

    again = apply(apply(never_active, block, NOON), found, NOON)
    active = apply(apply(a_card(), block, NOON), found, NOON)

    assert again.status is CardStatus.INACTIVE
    assert active.status is CardStatus.ACTIVE
    assert (active.status_reason, active.blocked_by) == (None, None)


def test_a_block_remembers_who_and_why_and_activation_remembers_when() -> None:
    block = Act(CardAction.BLOCK, Reason.LOST, channel="console")
    activate = Act(CardAction.ACTIVATE, Reason.FIRST_USE)

    blocked = apply(a_card(), block, NOON)
    activated = apply(a_card(CardStatus.INACTIVE), activate, NOON + timedelta(days=1))

    assert (blocked.status_reason, blocked.blocked_by) == ("lost", "console")
    assert activated.activated_at == NOON + timedelta(days=1)


@pytest.mark.parametrize("reason", BLOCKS)
def test_a_pass_tells_nothing_while_its_card_is_stolen_or_under_suspicion(reason: str) -> None:
    card = a_card(CardStatus.BLOCKED, Reason(reason))

    assert card.is_concealed == (reason in {"stolen", "fraud", "compliance"})
    assert {str(concealed) for concealed in CONCEALED} == {"stolen", "fraud", "compliance"}


@pytest.mark.parametrize(
    ("status", "can_earn", "can_redeem", "code"),
    [
        ("active", True, True, None),
        ("inactive", True, False, "card_inactive"),
        ("blocked", True, False, "card_blocked"),
        ("unassigned", False, False, "card_unassigned"),
        ("replaced", False, False, "card_replaced"),
        ("expired", False, False, "card_expired"),
        ("closed", False, False, "card_closed"),
    ],
)
def test_a_till_gets_a_verdict_for_every_status(
    status: str, can_earn: bool, can_redeem: bool, code: str | None
) -> None:
    judged = verdict(a_card(CardStatus(status)), NOON)

    assert (judged.can_earn, judged.can_redeem, judged.decline_code) == (can_earn, can_redeem, code)
    assert set(VERDICTS) == set(CardStatus)


@pytest.mark.parametrize("status", sorted(LIVE))
def test_a_live_card_past_its_date_is_expired_for_a_till(status: CardStatus) -> None:
    card = replace(a_card(status), expires_at=NOON)

    before = verdict(card, NOON - timedelta(microseconds=1))
    after = verdict(card, NOON)

    assert before == VERDICTS[status]
    assert after.decline_code == "card_expired"


def test_a_closed_card_past_its_date_stays_closed() -> None:
    card = replace(a_card(CardStatus.CLOSED), expires_at=NOON)

    assert verdict(card, NOON).decline_code == "card_closed"
