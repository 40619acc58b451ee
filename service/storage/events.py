"""Events: received once, remembered for ever, in the transaction of what they change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, select, update

from service.domain.accounts import Account
from service.domain.programs import Program
from service.storage.accounts import account_from
from service.storage.database import Transaction
from service.storage.programs import from_row
from service.storage.rounds import Write, conflict_free_insert, insert_new
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


Target = ColumnElement[bool]


def target(
    *,
    card_number: str | None = None,
    card_id: UUID | None = None,
    account_id: UUID | None = None,
    member: str | None = None,
    program_id: UUID | None = None,
) -> Target:
    """Return the condition that picks the account an event speaks of."""
    if account_id is not None:
        return AccountRow.id == account_id
    if member is not None:
        owned = (
            select(AccountMemberRow.account_id)
            .join(MemberRow, MemberRow.id == AccountMemberRow.member_id)
            .where(
                MemberRow.brand_id == AccountRow.brand_id,
                MemberRow.external_id == member,
                AccountMemberRow.program_id == program_id,
            )
        )
        return AccountRow.id.in_(owned)
    cards = select(CardRow.account_id).where(CardRow.brand_id == AccountRow.brand_id)
    picked = CardRow.id == card_id if card_id is not None else CardRow.number == card_number
    return AccountRow.id.in_(cards.where(picked))


def claim(transaction: Transaction, new: NewEvent, aimed_at: Target) -> Claimed | None:
    """Keep the event, outcome `applied`, and lock its account: one round trip on PostgreSQL.

    Returns None, and keeps nothing, if the brand has no such account.
    """
    session = transaction.session
    account = select(AccountRow.id).where(AccountRow.brand_id == new.brand_id, aimed_at)
    kept = _insert_for(transaction, new, account)
    if transaction.is_postgresql:
        fresh = kept.cte("fresh")
        rows = session.execute(_locked(account, select(fresh.c.id).scalar_subquery())).all()
        is_new = bool(rows) and rows[0][3] is not None
    else:
        is_new = session.execute(kept).first() is not None
        rows = session.execute(_locked(account, literal(None))).all()
    if not rows:
        return None
    held = account_from(rows[0][0], (row[1] for row in rows))
    return Claimed(held, from_row(rows[0][2]), is_new)


def _insert_for(transaction: Transaction, new: NewEvent, account: Select[UUID]) -> Any:
    values = {**vars(new), "outcome": "applied"}
    chosen = account.add_columns(
        *(literal(value, EventRow.__table__.c[name].type) for name, value in values.items())
    )
    columns = ["account_id", *values]
    insert = conflict_free_insert(transaction, EventRow).from_select(columns, chosen)
    return insert.returning(EventRow.id)


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


def conclude(event_id: UUID, outcome: str, why: str | None) -> Write:
    """Return the write of an outcome other than `applied`."""
    return update(EventRow).where(EventRow.id == event_id).values(outcome=outcome, why=why)


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
