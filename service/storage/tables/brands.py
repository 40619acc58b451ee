"""Brands, what proves who they are, and who may call for them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.base import Base, Owned, Row


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


class CredentialRow(Owned):
    """`type_id`: Apple's Pass Type ID, Google's issuer id. `facts`: what else is no secret."""

    __tablename__ = "credentials"
    __table_args__ = (Index(None, "brand_id", "wallet", "type_id"),)

    wallet: Mapped[str]
    type_id: Mapped[str]
    facts: Mapped[dict[str, Any]]
    private_key: Mapped[bytes]
    created_at: Mapped[datetime]
    active_from: Mapped[datetime]


class CertificateRequestRow(Owned):
    """The key of a signing request that waits for Apple's certificate."""

    __tablename__ = "certificate_requests"

    key_digest: Mapped[bytes] = mapped_column(unique=True)
    private_key: Mapped[bytes]
    created_at: Mapped[datetime]


class PushKeyRow(Owned):
    """A `.p8` key with which APNs is told who pushes, in place of the certificate."""

    __tablename__ = "push_keys"
    __table_args__ = (Index(None, "brand_id", "type_id"),)

    type_id: Mapped[str]
    key_id: Mapped[str]
    team_id: Mapped[str]
    private_key: Mapped[bytes]
    created_at: Mapped[datetime]


class AlarmRow(Owned):
    """A stage of something that needs an operator, told once."""

    __tablename__ = "alarms"
    __table_args__ = (UniqueConstraint("subject", "stage"),)

    subject: Mapped[str]
    stage: Mapped[int]
    raised_at: Mapped[datetime]


class SourceRow(Owned):
    __tablename__ = "sources"
    __table_args__ = (UniqueConstraint("brand_id", "name"),)

    name: Mapped[str]
    scheme: Mapped[str]
    secrets: Mapped[bytes]
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
