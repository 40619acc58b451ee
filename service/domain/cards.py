"""The life of a card: statuses, actions, reasons, and what a till may do with it.

One table (`RULES`) feeds the code, `allowed_actions`, docs/card-states.md and the tests.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.domain.errors import IllegalTransition, InvalidInput, StaleCard


class CardStatus(StrEnum):
    UNASSIGNED = "unassigned"  # plastic without an account
    INACTIVE = "inactive"
    ACTIVE = "active"
    BLOCKED = "blocked"
    REPLACED = "replaced"
    EXPIRED = "expired"
    CLOSED = "closed"


LIVE = frozenset({CardStatus.INACTIVE, CardStatus.ACTIVE, CardStatus.BLOCKED})
FINAL = frozenset({CardStatus.REPLACED, CardStatus.EXPIRED, CardStatus.CLOSED})


class CardAction(StrEnum):
    ACTIVATE = "activate"
    BLOCK = "block"
    UNBLOCK = "unblock"
    CLOSE = "close"


class Reason(StrEnum):
    FIRST_USE = "first_use"
    CUSTOMER_REQUEST = "customer_request"
    LOST = "lost"
    STOLEN = "stolen"
    FRAUD = "fraud"
    COMPLIANCE = "compliance"
    FOUND = "found"
    CLEARED = "cleared"
    ACCOUNT_CLOSURE = "account_closure"
    DUPLICATE = "duplicate"
    OTHER = "other"


@dataclass(frozen=True)
class Rule:
    """Where an action may start, where it leads, and which reasons it takes."""

    sources: frozenset[CardStatus]
    target: CardStatus
    reasons: frozenset[Reason]


RULES = {
    CardAction.ACTIVATE: Rule(
        frozenset({CardStatus.INACTIVE}),
        CardStatus.ACTIVE,
        frozenset({Reason.FIRST_USE, Reason.CUSTOMER_REQUEST, Reason.OTHER}),
    ),
    CardAction.BLOCK: Rule(
        frozenset({CardStatus.INACTIVE, CardStatus.ACTIVE}),
        CardStatus.BLOCKED,
        frozenset(
            {
                Reason.CUSTOMER_REQUEST,
                Reason.LOST,
                Reason.STOLEN,
                Reason.FRAUD,
                Reason.COMPLIANCE,
                Reason.OTHER,
            }
        ),
    ),
    CardAction.UNBLOCK: Rule(
        frozenset({CardStatus.BLOCKED}),
        CardStatus.ACTIVE,
        frozenset({Reason.CUSTOMER_REQUEST, Reason.FOUND, Reason.CLEARED, Reason.OTHER}),
    ),
    CardAction.CLOSE: Rule(
        LIVE,
        CardStatus.CLOSED,
        frozenset(
            {
                Reason.ACCOUNT_CLOSURE,
                Reason.CUSTOMER_REQUEST,
                Reason.DUPLICATE,
                Reason.OTHER,
            }
        ),
    ),
}

# A block may be given a graver reason, never a lighter one.
GRAVITY = {
    Reason.OTHER: 0,
    Reason.CUSTOMER_REQUEST: 0,
    Reason.LOST: 1,
    Reason.STOLEN: 2,
    Reason.FRAUD: 3,
    Reason.COMPLIANCE: 3,
}
NEEDS_COMMENT = frozenset({Reason.OTHER, Reason.FRAUD, Reason.COMPLIANCE, Reason.CLEARED})
# Who holds a stolen card must learn nothing from its pass; a fraud check must not tip anyone off.
CONCEALED = frozenset({Reason.STOLEN, Reason.FRAUD, Reason.COMPLIANCE})


@dataclass(frozen=True)
class Card:
    """A credential that points at an account. `version` counts changes of the card itself."""

    id: UUID
    brand_id: UUID
    program_id: UUID
    account_id: UUID
    number: str
    status: CardStatus
    created_at: datetime
    version: int = 1
    status_reason: Reason | None = None
    blocked_by: str | None = None
    activated_at: datetime | None = None
    expires_at: datetime | None = None
    replaces: UUID | None = None
    replaced_by: UUID | None = None
    reference: str | None = None

    @property
    def is_concealed(self) -> bool:
        return self.status is CardStatus.BLOCKED and self.status_reason in CONCEALED


@dataclass(frozen=True)
class Act:
    """What somebody asks to be done to a card, why, and through which channel.

    With `if_version` it is done only if the card has that version.
    """

    action: CardAction
    reason: Reason
    comment: str | None = None
    channel: str = "api"
    if_version: int | None = None


@dataclass(frozen=True)
class CardFilter:
    """Which cards are wanted: those that fit all that is given. `member` is the external id."""

    number: str | None = None
    member: str | None = None
    phone: str | None = None
    status: CardStatus | None = None
    program_id: UUID | None = None


def check_reason(act: Act) -> None:
    """Raise InvalidInput unless the action takes this reason, with a comment where one is due."""
    rule = RULES[act.action]
    if act.reason not in rule.reasons:
        choices = ", ".join(sorted(rule.reasons))
        raise InvalidInput(
            f"{act.action} takes one of: {choices}.", [("reason", "not for this action")]
        )
    if act.reason in NEEDS_COMMENT and not act.comment:
        raise InvalidInput(f"The reason {act.reason} needs a comment.", [("comment", "is missing")])


def apply(card: Card, act: Act, now: datetime) -> Card:
    """Return the card after the act, with its version raised.

    Raises:
        StaleCard: the card has another version than the act is meant for.
        IllegalTransition: the card's status does not allow it.
    """
    if act.if_version not in (None, card.version):
        raise StaleCard(f"The card is at version {card.version}, not {act.if_version}.")
    seen = seen_at(card, now)
    if not _is_legal(seen, act):
        why = f"A card that is {seen.status}"
        why += f" ({seen.status_reason})" if seen.status_reason else ""
        raise IllegalTransition(f"{why} cannot take {act.action} for reason {act.reason}.")
    status = _target(card, act)
    return replace(
        card,
        status=status,
        status_reason=act.reason if status in (CardStatus.BLOCKED, CardStatus.CLOSED) else None,
        blocked_by=act.channel if status is CardStatus.BLOCKED else None,
        activated_at=now if act.action is CardAction.ACTIVATE else card.activated_at,
        version=card.version + 1,
    )


def _is_legal(card: Card, act: Act) -> bool:
    if act.action is CardAction.BLOCK and card.status is CardStatus.BLOCKED:
        return GRAVITY[act.reason] > GRAVITY[card.status_reason or Reason.OTHER]
    return card.status in RULES[act.action].sources and act.action in allowed_actions(card)


def _target(card: Card, act: Act) -> CardStatus:
    if act.action is CardAction.UNBLOCK and card.activated_at is None:
        return CardStatus.INACTIVE
    return RULES[act.action].target


def allowed_actions(card: Card) -> list[CardAction]:
    """Return the actions that lead a card, as `seen_at` shows it, out of its present status.

    A stolen card is never unblocked. Giving a block a graver reason is a repeat of `block` and is
    not listed.
    """
    stolen = card.status is CardStatus.BLOCKED and card.status_reason is Reason.STOLEN
    return [
        action
        for action, rule in RULES.items()
        if card.status in rule.sources and not (stolen and action is CardAction.UNBLOCK)
    ]


@dataclass(frozen=True)
class Verdict:
    """What a till may do now; `decline_code` is None when nothing is refused."""

    can_earn: bool
    can_redeem: bool
    decline_code: str | None


UNKNOWN_CARD = Verdict(can_earn=False, can_redeem=False, decline_code="unknown_card")
AMBIGUOUS_PHONE = Verdict(can_earn=False, can_redeem=False, decline_code="several_cards")
# Points are the account's, so a blocked card still earns; redeeming stops at once.
VERDICTS = {
    CardStatus.ACTIVE: Verdict(True, True, None),
    CardStatus.INACTIVE: Verdict(True, False, "card_inactive"),
    CardStatus.BLOCKED: Verdict(True, False, "card_blocked"),
    CardStatus.UNASSIGNED: Verdict(False, False, "card_unassigned"),
    CardStatus.REPLACED: Verdict(False, False, "card_replaced"),
    CardStatus.EXPIRED: Verdict(False, False, "card_expired"),
    CardStatus.CLOSED: Verdict(False, False, "card_closed"),
}


def refusal(status: CardStatus, amount: int) -> str | None:
    """Return why points may not be added (or, below zero, spent) by a card of this status."""
    judged = VERDICTS[status]
    is_allowed = judged.can_redeem if amount < 0 else judged.can_earn
    return None if is_allowed else judged.decline_code


def verdict(card: Card, now: datetime) -> Verdict:
    """Say what a till may do with the card at `now` (aware UTC)."""
    return VERDICTS[status_at(card.status, card.expires_at, now)]


def status_at(status: CardStatus, expires_at: datetime | None, now: datetime) -> CardStatus:
    """Return the status that all go by: a card past its date is expired, whoever noted it."""
    is_over = expires_at is not None and expires_at <= now
    return CardStatus.EXPIRED if is_over and status in LIVE else status


def seen_at(card: Card, now: datetime) -> Card:
    """Return the card as everybody sees it at `now`: expired from its date on."""
    status = status_at(card.status, card.expires_at, now)
    if status is card.status:
        return card
    return replace(card, status=status, status_reason=None, blocked_by=None)
