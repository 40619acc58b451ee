"""Cards in lists: which ones are wanted, and what a page of them needs."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, select

from service.domain.cards import Card, CardFilter
from service.domain.pages import Cut, Page
from service.storage import members
from service.storage.cards import card_from
from service.storage.database import Transaction
from service.storage.pages import newest_first
from service.storage.tables import CardRow


def page(
    transaction: Transaction, brand_id: UUID, wanted: CardFilter, phones: Iterable[str], cut: Cut
) -> Page[Card]:
    """Return a part of the brand's cards that fit, newest first.

    `phones` are the numbers in E.164 that `wanted.phone` can be.
    """
    fits = _conditions(wanted)
    if wanted.member is not None:
        fits.append(CardRow.account_id.in_(members.accounts_of(brand_id, wanted.member)))
    if wanted.phone is not None:
        owned = members.accounts_with_phone(transaction, brand_id, phones)
        fits.append(CardRow.account_id.in_(owned))
    query = select(CardRow).where(CardRow.brand_id == brand_id, *fits)
    return newest_first(transaction, query, CardRow, cut).mapped(lambda row: card_from(row[0]))


def _conditions(wanted: CardFilter) -> list[ColumnElement[bool]]:
    asked = (
        (CardRow.number, wanted.number),
        (CardRow.status, wanted.status),
        (CardRow.program_id, wanted.program_id),
    )
    return [column == value for column, value in asked if value is not None]
