"""What every table has in common: names, types, the id, the brand."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    LargeBinary,
    String,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from service.storage.types import Json, UtcTime

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


class Owned(Row):
    __abstract__ = True

    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"), sort_order=-1)
