"""Every table. All but `brands`, `master_key` and `turns` carry the brand; nothing crosses."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from service.storage.types import Amount, Json, UtcTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {
        datetime: UtcTime(),
        dict[str, Any]: Json,
        list[Any]: Json,
        bytes: LargeBinary(),
        str: String(),
    }


Base.metadata.naming_convention = NAMING


class Row(Base):
    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-2)


class BrandRow(Row):
    __tablename__ = "brands"

    name: Mapped[str] = mapped_column(unique=True)
    mode: Mapped[str]
    created_at: Mapped[datetime]


class MasterKeyRow(Base):
    """One row that proves the master key is the one this database was written with."""

    __tablename__ = "master_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[bytes]


class Owned(Row):
    __abstract__ = True

    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"), sort_order=-1)


class CredentialRow(Owned):
    """`type_id`: Apple's Pass Type ID, Google's issuer id. `facts`: what else is no secret."""

    __tablename__ = "credentials"
    __table_args__ = (Index(None, "brand_id", "wallet", "type_id"),)

    wallet: Mapped[str]
    type_id: Mapped[str]
    facts: Mapped[dict[str, Any]]
    private_key: Mapped[bytes]
    created_at: Mapped[datetime]


class DesignRow(Owned):
    __tablename__ = "designs"
    __table_args__ = (UniqueConstraint("brand_id", "name", "version"),)

    name: Mapped[str]
    version: Mapped[int]
    source: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class DesignImageRow(Owned):
    __tablename__ = "design_images"
    __table_args__ = (UniqueConstraint("design_id", "name"),)

    design_id: Mapped[UUID] = mapped_column(ForeignKey("designs.id"))
    name: Mapped[str]
    png: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(index=True)


class ProgramRow(Owned):
    __tablename__ = "programs"
    __table_args__ = (UniqueConstraint("brand_id", "name"),)

    name: Mapped[str]
    kind: Mapped[str]
    design_id: Mapped[UUID] = mapped_column(ForeignKey("designs.id"))
    number_prefix: Mapped[str]
    number_length: Mapped[int]
    number_check: Mapped[str]
    barcode_format: Mapped[str]
    balances: Mapped[list[Any]]
    balance_owner: Mapped[str]
    cards_per_account: Mapped[int]
    below_zero: Mapped[bool]
    phone_region: Mapped[str]
    created_at: Mapped[datetime]


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


class PassRow(Owned):
    """`last_modified` is whole seconds since 1970, the unit of the header of that name.

    `serial` is Google's object id; `token` is Apple's and empty elsewhere.
    """

    __tablename__ = "passes"
    __table_args__ = (
        UniqueConstraint("wallet", "serial"),
        UniqueConstraint("card_id", "wallet"),
        Index(None, "account_id"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    wallet: Mapped[str]
    type_id: Mapped[str]
    serial: Mapped[str]
    token: Mapped[bytes | None]
    token_digest: Mapped[bytes | None]
    version: Mapped[int]
    last_modified: Mapped[int] = mapped_column(Amount)
    changed_at: Mapped[datetime]
    first_offered_version: Mapped[int | None]
    fetched_version: Mapped[int | None]
    fetched_at: Mapped[datetime | None]
    single_since: Mapped[datetime | None]


class DeviceRow(Owned):
    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("type_id", "device_digest"),)

    type_id: Mapped[str]
    device_digest: Mapped[bytes]
    push_token: Mapped[bytes]
    push_token_digest: Mapped[bytes] = mapped_column(index=True)
    push_token_at: Mapped[datetime]
    counter: Mapped[int] = mapped_column(Amount)


class InstallationRow(Owned):
    __tablename__ = "installations"
    __table_args__ = (UniqueConstraint("pass_id", "device_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    pass_id: Mapped[UUID] = mapped_column(ForeignKey("passes.id"))
    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id"), index=True)
    told_version: Mapped[int | None]
    told_at: Mapped[int | None] = mapped_column(Amount)
    asked_at: Mapped[datetime | None]
    registered_at: Mapped[datetime]


class DeliveryRow(Owned):
    """The debt to one target. `due_at` is empty when nothing is owed; a lease moves it ahead.

    `confirm_at`: until then a call that was not answered may take effect; then the state is sent
    once more. `type_id` is that of the pass: the account at the vendor.

    The target of a wallet that keeps the pass itself (Google's object) has no installation.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_due",
            "wallet",
            "priority",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_due_by_type",
            "wallet",
            "type_id",
            "priority",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "uq_deliveries_object",
            "pass_id",
            unique=True,
            postgresql_where=text("installation_id IS NULL"),
            sqlite_where=text("installation_id IS NULL"),
        ),
        Index(None, "pass_id"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    pass_id: Mapped[UUID] = mapped_column(ForeignKey("passes.id"))
    installation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("installations.id", ondelete="CASCADE"), unique=True
    )
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("devices.id"))
    wallet: Mapped[str]
    type_id: Mapped[str]
    wanted_version: Mapped[int]
    sent_version: Mapped[int]
    priority: Mapped[int]
    due_at: Mapped[datetime | None]
    idle_at: Mapped[datetime]
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    confirm_at: Mapped[datetime | None]
    attempts: Mapped[int]
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]


class TurnRow(Base):
    """When the next call to a vendor's account may start, in microseconds since 1970."""

    __tablename__ = "turns"

    wallet: Mapped[str] = mapped_column(primary_key=True)
    type_id: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[int] = mapped_column(Amount)


class SourceRow(Owned):
    __tablename__ = "sources"
    __table_args__ = (UniqueConstraint("brand_id", "name"),)

    name: Mapped[str]
    scheme: Mapped[str]
    secrets: Mapped[bytes]
    created_at: Mapped[datetime]


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


class ApiKeyRow(Owned):
    __tablename__ = "api_keys"

    name: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class IdempotencyKeyRow(Owned):
    """The first answer given to a keyed request, written in that request's own transaction."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("brand_id", "endpoint", "key"),)

    endpoint: Mapped[str]
    key: Mapped[str]
    digest: Mapped[bytes]
    status: Mapped[int | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime]
