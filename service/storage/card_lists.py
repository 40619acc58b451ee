"""Cards in lists: which ones are wanted, and what a page of them needs."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from service.domain.cards import LIVE, CardFilter, CardStatus
from service.domain.pages import Cut, Page
from service.storage import members
from service.storage.cards import StoredCard, stored_from
from service.storage.database import Transaction
from service.storage.pages import newest_first, unindexed
from service.storage.tables import CardRow


def page(
    transaction: Transaction,
    brand_id: UUID,
    wanted: CardFilter,
    phones: Iterable[str],
    cut: Cut,
    now: datetime,
) -> Page[StoredCard]:
    """Return a part of the brand's cards that fit at `now`, newest first.

    `phones` are the numbers in E.164 that `wanted.phone` can be.
    """
    accounts = _accounts(transaction, brand_id, wanted, phones)
    # A person has a few cards. SQLite would rather walk all cards of the brand, which come sorted.
    brand = unindexed(CardRow.brand_id) if accounts else CardRow.brand_id
    query = select(CardRow).where(brand == brand_id, *accounts, *_conditions(wanted, now))
    found = newest_first(transaction, query, CardRow, cut, is_narrow=bool(accounts))
    return found.mapped(lambda row: stored_from(row[0]))


def _accounts(
    transaction: Transaction, brand_id: UUID, wanted: CardFilter, phones: Iterable[str]
) -> list[ColumnElement[bool]]:
    """Return the conditions that name accounts."""
    fits: list[ColumnElement[bool]] = []
    if wanted.member is not None:
        fits.append(CardRow.account_id.in_(members.accounts_of(brand_id, wanted.member)))
    if wanted.phone is not None:
        owned = members.accounts_with_phone(transaction, brand_id, phones)
        fits.append(CardRow.account_id.in_(owned))
    return fits


def _conditions(wanted: CardFilter, now: datetime) -> list[ColumnElement[bool]]:
    asked = ((CardRow.number, wanted.number), (CardRow.program_id, wanted.program_id))
    fits = [column == value for column, value in asked if value is not None]
    return fits if wanted.status is None else [*fits, _has_status(wanted.status, now)]


def _has_status(status: CardStatus, now: datetime) -> ColumnElement[bool]:
    """Return the condition that `domain.cards.status_at` gives this status."""
    is_stored = CardRow.status == status
    if status in LIVE:
        return and_(is_stored, or_(CardRow.expires_at.is_(None), CardRow.expires_at > now))
    if status is CardStatus.EXPIRED:
        # No index helps here. Nothing sets `expires_at` yet; what will may also note the expiry.
        return or_(is_stored, and_(CardRow.status.in_(LIVE), CardRow.expires_at <= now))
    return is_stored
