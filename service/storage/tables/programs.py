"""Programs, and the designs on their way to their passes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.base import Owned
from service.storage.types import Amount


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


class RollOutRow(Owned):
    """A design on its way to a program's passes. `due_at`: when the next of them are moved."""

    __tablename__ = "roll_outs"
    __table_args__ = (
        Index(
            "uq_roll_outs_running",
            "program_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    program_id: Mapped[UUID] = mapped_column(ForeignKey("programs.id"))
    from_design_id: Mapped[UUID] = mapped_column(ForeignKey("designs.id"))
    to_design_id: Mapped[UUID] = mapped_column(ForeignKey("designs.id"))
    status: Mapped[str]
    percent: Mapped[int]
    per_second: Mapped[int]
    moved: Mapped[int] = mapped_column(Amount)
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
