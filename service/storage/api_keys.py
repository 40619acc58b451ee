"""API keys: only their keyed hash is stored."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from service.storage.database import Transaction
from service.storage.tables import ApiKeyRow


@dataclass(frozen=True)
class ApiKey:
    id: UUID
    brand_id: UUID
    name: str
    scopes: frozenset[str]


def insert(transaction: Transaction, key: ApiKey, secret: str, now: datetime) -> None:
    transaction.session.add(
        ApiKeyRow(
            id=key.id,
            brand_id=key.brand_id,
            name=key.name,
            digest=transaction.vault.digest("api key", secret),
            scopes=sorted(key.scopes),
            created_at=now,
        )
    )


def listed(transaction: Transaction, brand_id: UUID) -> list[tuple[ApiKey, datetime | None]]:
    """Return the brand's keys, oldest first, each with the time it was revoked, if it was."""
    query = select(ApiKeyRow).where(ApiKeyRow.brand_id == brand_id).order_by(ApiKeyRow.id)
    return [(_key(row), row.revoked_at) for row in transaction.session.scalars(query)]


def revoke(transaction: Transaction, brand_id: UUID, key_id: UUID, now: datetime) -> bool:
    """Make a key of the brand useless from now on; False if the brand has no such key in use."""
    revoked = (
        update(ApiKeyRow)
        .where(
            ApiKeyRow.id == key_id, ApiKeyRow.brand_id == brand_id, ApiKeyRow.revoked_at.is_(None)
        )
        .values(revoked_at=now)
        .returning(ApiKeyRow.id)
    )
    return transaction.session.execute(revoked).first() is not None


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(row.id, row.brand_id, row.name, frozenset(row.scopes))


def find(transaction: Transaction, secret: str) -> ApiKey | None:
    """Return the key that has this secret and is not revoked, or None."""
    query = select(ApiKeyRow).where(
        ApiKeyRow.digest == transaction.vault.digest("api key", secret),
        ApiKeyRow.revoked_at.is_(None),
    )
    row = transaction.session.scalars(query).first()
    return None if row is None else _key(row)
