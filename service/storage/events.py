"""Events: received once, remembered for ever, in the transaction of what they change."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, literal, select, update

from service.domain.accounts import Account
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
    id: UUID
    digest: bytes
    account_id: UUID | None
    outcome: str
    why: str | None


@dataclass(frozen=True)
class Claimed:
    """A locked account with its program; `is_new` unless the event was there already."""

    account: Account
    program: Program
    is_new: bool


class Aim(StrEnum):
    """By what an event names its account."""

    CARD_NUMBER = "card_number"
    CARD_ID = "card_id"
    ACCOUNT_ID = "account_id"
    MEMBER = "member"


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
    return Claimed(held, from_row(rows[0][2]), is_new)


@cache
def _claim(is_postgresql: bool, aim: Aim) -> tuple[Any, Select[Any, Any, Any, Any]]:
    """Return what keeps the event (None if the second does it too) and what locks its account."""
    account = select(AccountRow.id).where(AccountRow.brand_id == bindparam("brand_id"), _picks(aim))
    kept = _insert_for(is_postgresql, account)
    if not is_postgresql:
        return kept, _locked(account, literal(None))
    fresh = kept.cte("fresh")
    return None, _locked(account, select(fresh.c.id).scalar_subquery())


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
    column = CardRow.id if aim is Aim.CARD_ID else CardRow.number
    return AccountRow.id.in_(cards.where(column == value))


def _insert_for(is_postgresql: bool, account: Select[UUID]) -> Any:
    names = [each.name for each in fields(NewEvent)]
    events = table_of(EventRow)
    chosen = account.add_columns(
        *(bindparam(name, type_=events.c[name].type) for name in names), literal("applied")
    )
    insert = conflict_free_insert(is_postgresql, events)
    return insert.from_select(["account_id", *names, "outcome"], chosen).returning(events.c.id)


def _locked(account: Select[UUID], fresh: ColumnElement[Any]) -> Select[Any, Any, Any, Any]:
    return (
        select(AccountRow, BalanceRow, ProgramRow, fresh)
        .join(BalanceRow, BalanceRow.account_id == AccountRow.id)
        .join(ProgramRow, ProgramRow.id == AccountRow.program_id)
        .where(AccountRow.id.in_(account))
        .with_for_update(of=[AccountRow, BalanceRow])
        .execution_options(populate_existing=True)
    )


def find(transaction: Transaction, brand_id: UUID, source: str, event_id: str) -> KeptEvent | None:
    query = select(EventRow).where(
        EventRow.brand_id == brand_id, EventRow.source == source, EventRow.event_id == event_id
    )
    row = transaction.session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        return None
    return KeptEvent(row.id, row.digest, row.account_id, row.outcome, row.why)


def conclude(transaction: Transaction, event_id: UUID, outcome: str, why: str | None) -> None:
    """Note an outcome other than `applied`."""
    transaction.session.execute(
        update(EventRow).where(EventRow.id == event_id).values(outcome=outcome, why=why)
    )


def keep_dead_letter(transaction: Transaction, new: NewEvent, why: str, body: str) -> bool:
    """Keep an event that cannot be applied, with its body; False if it was kept before."""
    return insert_new(
        transaction,
        EventRow,
        **vars(new),
        outcome="refused",
        why=why,
        dead_letter=transaction.vault.seal(body, "events", new.id),
    )
