"""The till's question: may this card earn and redeem, now?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.context import Context
from service.domain.cards import (
    AMBIGUOUS_PHONE,
    FINAL,
    UNKNOWN_CARD,
    CardStatus,
    Verdict,
    seen_at,
    verdict,
)
from service.domain.history import Actor
from service.operations.cards import CardDetails, details_of
from service.operations.members import numbers_of
from service.storage import cards, members
from service.storage.cards import StoredCard
from service.storage.database import Transaction


class Key(StrEnum):
    BARCODE = "barcode"
    NUMBER = "number"
    PHONE = "phone"


@dataclass(frozen=True)
class LookupResult:
    """The verdict; the details only when nothing is refused."""

    verdict: Verdict
    details: CardDetails | None = None


def look_up(context: Context, actor: Actor, key: Key, value: str) -> LookupResult:
    """Say what a till may do with the card, from the database as it is now, never from a cache.

    A refusal carries its code and nothing else. What cannot be a number or phone is unknown.
    """
    with context.reading() as transaction:
        now = context.now()
        found = _found(transaction, actor, key, value, now)
        if not found:
            return LookupResult(UNKNOWN_CARD)
        if len(found) > 1:
            return LookupResult(AMBIGUOUS_PHONE)
        judged = verdict(found[0].card, now)
        if judged.decline_code is not None:
            return LookupResult(judged)
        return LookupResult(judged, details_of(context, transaction, found[0]))


def _found(
    transaction: Transaction, actor: Actor, key: Key, value: str, now: datetime
) -> list[StoredCard]:
    if key is Key.PHONE:
        return _by_phone(transaction, actor, value, now)
    by = cards.by_barcode if key is Key.BARCODE else cards.by_number
    known = by(transaction, actor.brand_id, value)
    return [] if known is None else [known]


def _by_phone(
    transaction: Transaction, actor: Actor, phone: str, now: datetime
) -> list[StoredCard]:
    """Return the active cards of this phone; else the one newest card that says why not."""
    account_ids = [
        account_id
        for number in numbers_of(transaction, actor.brand_id, phone)
        for account_id in members.accounts_by_phone(transaction, actor.brand_id, number)
    ]
    known = cards.of_accounts(transaction, account_ids)
    status_of = {each.card.id: seen_at(each.card, now).status for each in known}
    active = [each for each in known if status_of[each.card.id] is CardStatus.ACTIVE]
    usable = [each for each in known if status_of[each.card.id] not in FINAL]
    return active or usable[:1] or known[:1]
