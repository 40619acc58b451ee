"""Cards in lists, and the history of a card."""

from service.domain.cards import CardFilter
from service.domain.errors import CardNotFound, Forbidden
from service.domain.history import Record
from service.http.contract import Call, answer, api
from service.http.lists import CardsIn, CardsOut, HistoryOut, RecordOut
from service.http.query import Listing, cursor
from service.http.views import action_url, card_out
from service.operations import card_lists
from service.operations.runner import Answer

CARDS = "cards"


@api.operation("GET", "/v1/cards", scope="cards:read", query=CardsIn, answers={200: CardsOut})
def list_cards(call: Call) -> Answer:
    """List the brand's cards that fit all filters, newest first."""
    asked: CardsIn = call.query
    if asked.phone is not None and "lookup:phone" not in call.actor.scopes:
        raise Forbidden("This API key lacks the scope lookup:phone.")
    wanted = CardFilter(asked.number, asked.member, asked.phone, asked.status, asked.program)
    page = card_lists.listed(call.context, call.actor, wanted, asked.cut(CARDS))
    shown = [card_out(each, call.context.settings.base_url) for each in page.items]
    return answer(CardsOut(cards=shown, next_cursor=cursor(CARDS, page.last)))


@api.operation(
    "GET",
    "/v1/cards/{card_id}/history",
    scope="cards:read",
    query=Listing,
    answers={200: HistoryOut},
    problems=(CardNotFound,),
)
def read_history(call: Call) -> Answer:
    """Read what was done to a card, by whom and why, newest first."""
    asked: Listing = call.query
    card_id = call.uuid("card_id")
    name = f"history of {card_id}"
    page = card_lists.history_of(call.context, call.actor, card_id, asked.cut(name))
    base_url = call.context.settings.base_url
    shown = [_record(each, base_url) for each in page.items]
    return answer(HistoryOut(history=shown, next_cursor=cursor(name, page.last)))


def _record(record: Record, base_url: str) -> RecordOut:
    return RecordOut(
        id=record.id,
        action=record.action,
        reason=record.reason,
        comment=record.comment,
        from_status=record.from_status,
        to_status=record.to_status,
        actor=record.actor,
        channel=record.channel,
        request_id=record.request_id,
        store=record.store,
        created_at=record.created_at,
        url=action_url(record, base_url),
    )
