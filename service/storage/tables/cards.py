"""Members, accounts, cards, and what happened to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.base import Owned
from service.storage.types import Amount


class MemberRow(Owned):
    """Contacts are sealed under the member's own key: without `data_key` they are gone."""

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("brand_id", "external_id"),
        Index(None, "brand_id", "phone_index"),
        Index(None, "brand_id", "email_index"),
    )

    external_id: Mapped[str]
    data_key: Mapped[bytes]
    name: Mapped[bytes | None]
    phone: Mapped[bytes | None]
    email: Mapped[bytes | None]
    birthday: Mapped[bytes | None]
    phone_index: Mapped[bytes | None]
    email_index: Mapped[bytes | None]
    locale: Mapped[str | None]
    order_kind: Mapped[str | None]
    order_position: Mapped[int | None] = mapped_column(Amount)
    created_at: Mapped[datetime]


class AccountRow(Owned):
    __tablename__ = "accounts"

    program_id: Mapped[UUID] = mapped_column(ForeignKey("programs.id"))
    tier_code: Mapped[str | None]
    tier_name: Mapped[str | None]
    tier_order_kind: Mapped[str | None]
    tier_order_position: Mapped[int | None] = mapped_column(Amount)
    created_at: Mapped[datetime]


class AccountMemberRow(Owned):
    """Who belongs to an account; a member has one account in a program."""

    __tablename__ = "account_members"
    __table_args__ = (
        UniqueConstraint("program_id", "member_id"),
        UniqueConstraint("account_id", "member_id"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    program_id: Mapped[UUID] = mapped_column(ForeignKey("programs.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), index=True)
    role: Mapped[str]


class BalanceRow(Owned):
    __tablename__ = "balances"
    __table_args__ = (UniqueConstraint("account_id", "code"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    code: Mapped[str]
    amount: Mapped[int] = mapped_column(Amount)
    pending: Mapped[int] = mapped_column(Amount)
    expiring: Mapped[list[Any]]
    order_kind: Mapped[str | None]
    set_position: Mapped[int | None] = mapped_column(Amount)
    add_position: Mapped[int | None] = mapped_column(Amount)


class EntryRow(Owned):
    __tablename__ = "entries"
    __table_args__ = (Index(None, "account_id", "id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("events.id"))
    balance: Mapped[str]
    operator: Mapped[str]
    amount: Mapped[int] = mapped_column(Amount)
    balance_after: Mapped[int] = mapped_column(Amount)
    order_kind: Mapped[str | None]
    order_position: Mapped[int | None] = mapped_column(Amount)
    store: Mapped[str | None]
    reason: Mapped[str | None]
    message: Mapped[str | None]
    created_at: Mapped[datetime]


class CardRow(Owned):
    """An active card holds one of its account's slots, so the database limits active cards."""

    __tablename__ = "cards"
    __table_args__ = (
        UniqueConstraint("brand_id", "number"),
        UniqueConstraint("brand_id", "barcode"),
        UniqueConstraint("account_id", "active_slot"),
        CheckConstraint("(status = 'active') = (active_slot IS NOT NULL)", "active_holds_slot"),
        CheckConstraint("active_slot BETWEEN 1 AND slots", "slot_within_limit"),
        Index(None, "account_id", "created_at"),
        Index(None, "brand_id", "id"),
        Index(None, "brand_id", "status", "id"),
    )

    program_id: Mapped[UUID] = mapped_column(ForeignKey("programs.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    number: Mapped[str]
    barcode: Mapped[str]
    status: Mapped[str]
    status_reason: Mapped[str | None]
    blocked_by: Mapped[str | None]
    version: Mapped[int]
    active_slot: Mapped[int | None]
    slots: Mapped[int]
    link_token: Mapped[bytes]
    link_digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    replaces: Mapped[UUID | None]
    replaced_by: Mapped[UUID | None]
    reference: Mapped[str | None]


class EventRow(Owned):
    """A statement that was received; its id is unique for ever. `dead_letter` keeps its body."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("brand_id", "source", "event_id"),)

    source: Mapped[str]
    event_id: Mapped[str]
    digest: Mapped[bytes]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    outcome: Mapped[str]
    why: Mapped[str | None]
    dead_letter: Mapped[bytes | None]
    received_at: Mapped[datetime]


class HistoryRow(Owned):
    __tablename__ = "history"
    __table_args__ = (Index(None, "card_id", "id"),)

    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    action: Mapped[str]
    reason: Mapped[str | None]
    comment: Mapped[str | None]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    actor: Mapped[str]
    channel: Mapped[str]
    request_id: Mapped[str]
    store: Mapped[str | None]
    pass_versions: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
