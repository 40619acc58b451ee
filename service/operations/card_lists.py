"""Cards found by what is known of them, and what was done to a card."""

from uuid import UUID

from service.context import Context
from service.domain.cards import CardFilter
from service.domain.history import Actor, Record
from service.domain.pages import Cut, Page
from service.operations.cards import CardDetails, details_of_all
from service.operations.members import numbers_of
from service.storage import card_lists, cards, history


def listed(context: Context, actor: Actor, wanted: CardFilter, cut: Cut) -> Page[CardDetails]:
    """Return a part of the brand's cards that fit all that is wanted, newest first.

    What nobody has, and what can be no phone number, fits no card.
    """
    with context.reading() as transaction:
        phones: set[str] = set()
        if wanted.phone is not None:
            phones = numbers_of(transaction, actor.brand_id, wanted.phone)
        page = card_lists.page(transaction, actor.brand_id, wanted, phones, cut, context.now())
        return Page(details_of_all(context, transaction, page.items), page.last)


def history_of(context: Context, actor: Actor, card_id: UUID, cut: Cut) -> Page[Record]:
    """Return a part of what was done to a card, newest first.

    Raises:
        CardNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        card = cards.get(transaction, actor.brand_id, card_id)
        return history.page(transaction, card.id, cut)
