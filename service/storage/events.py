"""Events: received once, remembered for ever, in the transaction of what they change."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    literal,
    select,
    update,
)

from service.domain.accounts import Account
from service.domain.cards import CardStatus, status_at
from service.domain.programs import Program
from service.storage.accounts import account_from
from service.storage.database import Transaction
from service.storage.programs import from_row
from service.storage.rounds import conflict_free_insert, insert_new, table_of
from service.storage.tables import (
    AccountMemberRow,
    AccountRow,
    BalanceRow,
    CardRow,
    EventRow,
    MemberRow,
    ProgramRow,
)


@dataclass(frozen=True)
class NewEvent:
    """An event as it came in; `digest` tells a repeat from another body under the same id."""

    id: UUID
    brand_id: UUID
    source: str
    event_id: str
    digest: bytes
    received_at: datetime


@dataclass(frozen=True)
class KeptEvent:
    """An event that came before; a dead letter changed nothing and may be sent again."""

    id: UUID
    digest: bytes
    outcome: str
    why: str | None
    is_dead_letter: bool


@dataclass(frozen=True)
class Claimed:
    """A locked account with its program; `is_new` unless the event was there already.

    `card_status` is what tills go by for the card by which the event names the account, locked too.
    """

    account: Account
    program: Program
    is_new: bool
    card_status: CardStatus | None


class Aim(StrEnum):
    """By what an event names its account."""

    CARD_NUMBER = "card_number"
    CARD_ID = "card_id"
    ACCOUNT_ID = "account_id"
    MEMBER = "member"


BY_CARD = frozenset({Aim.CARD_NUMBER, Aim.CARD_ID})


@dataclass(frozen=True)
class Target:
    """The account an event speaks of; `program_id` goes with a member."""

    aim: Aim
    value: str | UUID
    program_id: UUID | None = None


def claim(transaction: Transaction, new: NewEvent, target: Target) -> Claimed | None:
    """Keep the event, outcome `applied`, and lock its account: one round trip on PostgreSQL.

    Returns None, and keeps nothing, if the brand has no such account.
    """
    session = transaction.session
    values = {**vars(new), "aim": target.value, "aim_program": target.program_id}
    kept, locked = _claim(transaction.is_postgresql, target.aim)
    is_new = kept is not None and session.connection().execute(kept, values).first() is not None
    rows = session.execute(locked, values).all()
    if not rows:
        return None
    if kept is None:
        is_new = rows[0][3] is not None
    held = account_from(rows[0][0], (row[1] for row in rows))
    status = None
    if target.aim in BY_CARD:
        status = status_at(CardStatus(rows[0][4]), rows[0][5], new.received_at)
    return Claimed(held, from_row(rows[0][2]), is_new, status)


@cache
def _claim(is_postgresql: bool, aim: Aim) -> tuple[Any, Select[Any]]:
    """Return what keeps the event (None if the second does it too) and what locks its account."""
    account = select(AccountRow.id).where(AccountRow.brand_id == bindparam("brand_id"), _picks(aim))
    kept = _insert_for(is_postgresql, account)
    if not is_postgresql:
        return kept, _locked(account, literal(None), aim)
    fresh = kept.cte("fresh")
    return None, _locked(account, select(fresh.c.id).scalar_subquery(), aim)


def _picks(aim: Aim) -> ColumnElement[bool]:
    value: BindParameter[Any] = bindparam("aim")
    if aim is Aim.ACCOUNT_ID:
        return AccountRow.id == value
    if aim is Aim.MEMBER:
        owned = (
            select(AccountMemberRow.account_id)
            .join(MemberRow, MemberRow.id == AccountMemberRow.member_id)
            .where(
                MemberRow.brand_id == AccountRow.brand_id,
                MemberRow.external_id == value,
                AccountMemberRow.program_id == bindparam("aim_program"),
            )
        )
        return AccountRow.id.in_(owned)
    cards = select(CardRow.account_id).where(CardRow.brand_id == AccountRow.brand_id)
    return AccountRow.id.in_(cards.where(_is_named(aim)))


def _is_named(aim: Aim) -> ColumnElement[bool]:
    """Return the condition for the card by which an event names its account."""
    column = CardRow.id if aim is Aim.CARD_ID else CardRow.number
    named: ColumnElement[bool] = column == bindparam("aim")
    return named


def _insert_for(is_postgresql: bool, account: Select[UUID]) -> Any:
    names = [each.name for each in fields(NewEvent)]
    events = table_of(EventRow)
    chosen = account.add_columns(
        *(bindparam(name, type_=events.c[name].type) for name in names), literal("applied")
    )
    insert = conflict_free_insert(is_postgresql, events)
    return insert.from_select(["account_id", *names, "outcome"], chosen).returning(events.c.id)


def _locked(account: Select[UUID], fresh: ColumnElement[Any], aim: Aim) -> Select[Any]:
    rows: list[Any] = [AccountRow, BalanceRow]
    query: Select[Any] = (
        select(AccountRow, BalanceRow, ProgramRow, fresh)
        .join(BalanceRow, BalanceRow.account_id == AccountRow.id)
        .join(ProgramRow, ProgramRow.id == AccountRow.program_id)
        .where(AccountRow.id.in_(account))
    )
    if aim in BY_CARD:
        rows.append(CardRow)
        query = query.add_columns(CardRow.status, CardRow.expires_at).join(
            CardRow, and_(CardRow.account_id == AccountRow.id, _is_named(aim))
        )
    return query.with_for_update(of=rows).execution_options(populate_existing=True)


def find(transaction: Transaction, brand_id: UUID, source: str, event_id: str) -> KeptEvent | None:
    query = select(EventRow).where(
        EventRow.brand_id == brand_id, EventRow.source == source, EventRow.event_id == event_id
    )
    row = transaction.session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        return None
    is_dead_letter = row.dead_letter is not None
    return KeptEvent(row.id, row.digest, row.outcome, row.why, is_dead_letter)


def conclude(transaction: Transaction, event_id: UUID, outcome: str, why: str | None) -> None:
    """Note an outcome other than `applied`."""
    transaction.session.execute(
        update(EventRow).where(EventRow.id == event_id).values(outcome=outcome, why=why)
    )


def keep_dead_letter(transaction: Transaction, new: NewEvent, why: str, body: str) -> bool:
    """Keep an event that cannot be applied, with its body; False if its id was kept before."""
    return insert_new(
        transaction,
        EventRow,
        **vars(new),
        outcome="refused",
        why=why,
        dead_letter=transaction.vault.seal(body, "events", new.id),
    )


def revive(transaction: Transaction, event_id: UUID, new: NewEvent, account_id: UUID) -> None:
    """Turn a dead letter into the event that has come under its id and finds its account now."""
    transaction.session.execute(
        update(EventRow)
        .where(EventRow.id == event_id)
        .values(
            digest=new.digest,
            account_id=account_id,
            outcome="applied",
            why=None,
            dead_letter=None,
            received_at=new.received_at,
        )
    )


def replace_dead_letter(
    transaction: Transaction, event_id: UUID, new: NewEvent, why: str, body: str
) -> None:
    """Keep the newer body of an event that still cannot be applied."""
    sealed = transaction.vault.seal(body, "events", event_id)
    transaction.session.execute(
        update(EventRow)
        .where(EventRow.id == event_id)
        .values(digest=new.digest, why=why, dead_letter=sealed, received_at=new.received_at)
    )
