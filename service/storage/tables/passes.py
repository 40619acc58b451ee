"""What wallets show of cards, the devices that have it, and what each is owed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.base import Base, Owned
from service.storage.types import Amount


class PassRow(Owned):
    """`last_modified` is whole seconds since 1970, the unit of the header of that name.

    `serial` is Google's object id; `token` is Apple's and empty elsewhere.
    """

    __tablename__ = "passes"
    __table_args__ = (
        UniqueConstraint("wallet", "serial"),
        UniqueConstraint("card_id", "wallet"),
        Index(None, "account_id"),
        Index(None, "design_id", "bucket", "id"),
        Index(None, "type_id"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    design_id: Mapped[UUID] = mapped_column(ForeignKey("designs.id"))
    bucket: Mapped[int]
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
    provider: Mapped[str]


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
    once more. At a phone: when it is looked whether it has asked; from `repushes_since` on it was
    pushed again so often. `type_id` is that of the pass: the account at the vendor.

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
        Index(
            "ix_deliveries_confirm",
            "wallet",
            "confirm_at",
            postgresql_where=text("confirm_at IS NOT NULL"),
            sqlite_where=text("confirm_at IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_repushed",
            "brand_id",
            postgresql_where=text("repushes_since IS NOT NULL"),
            sqlite_where=text("repushes_since IS NOT NULL"),
        ),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    pass_id: Mapped[UUID] = mapped_column(ForeignKey("passes.id"))
    installation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("installations.id", ondelete="CASCADE"), unique=True
    )
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("devices.id"), index=True)
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
    repushes: Mapped[int] = mapped_column(default=0)
    repushes_since: Mapped[datetime | None]


class DeviceReportRow(Owned):
    """What a device could not make sense of, in its own words."""

    __tablename__ = "device_reports"
    __table_args__ = (Index(None, "pass_id", "id"), Index(None, "brand_id", "kind"))

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    pass_id: Mapped[UUID] = mapped_column(ForeignKey("passes.id"))
    kind: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime]


class HaltRow(Base):
    """A vendor that refuses our set-up: nothing is sent for this type before `until`."""

    __tablename__ = "halts"

    wallet: Mapped[str] = mapped_column(primary_key=True)
    type_id: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    tries: Mapped[int]
    since: Mapped[datetime]
    until: Mapped[datetime]


class TurnRow(Base):
    """When the next call to a vendor's account may start, in microseconds since 1970."""

    __tablename__ = "turns"

    wallet: Mapped[str] = mapped_column(primary_key=True)
    type_id: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[int] = mapped_column(Amount)
