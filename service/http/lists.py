"""The shapes of lists: what may be asked for, and a part of each list."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import WithJsonSchema

from service.domain.cards import CardStatus
from service.http.models import CardOut, Code, Shown
from service.http.query import Listing
from service.http.texts import Word

Status = Annotated[CardStatus, WithJsonSchema({"type": "string", "enum": list(CardStatus)})]


class CardsIn(Listing):
    number: Word | None = None
    member: Word | None = None
    phone: Word | None = None
    status: Status | None = None
    program: UUID | None = None


class CardsOut(Shown):
    """Cards, newest first."""

    cards: list[CardOut]
    next_cursor: str | None


class EntriesIn(Listing):
    balance: Code | None = None


class EntryOut(Shown):
    id: UUID
    balance: str
    operator: str
    amount: int
    balance_after: int
    event_id: str | None
    source: str | None
    version: int | None
    occurred_at: datetime | None
    store: str | None
    reason: str | None
    message: str | None
    created_at: datetime


class EntriesOut(Shown):
    """The account's statement, newest first."""

    entries: list[EntryOut]
    next_cursor: str | None


class RecordOut(Shown):
    id: UUID
    action: str
    reason: str | None
    comment: str | None
    from_status: str | None
    to_status: str
    actor: str
    channel: str
    request_id: str
    store: str | None
    created_at: datetime
    url: str


class HistoryOut(Shown):
    """What was done to the card, newest first."""

    history: list[RecordOut]
    next_cursor: str | None
