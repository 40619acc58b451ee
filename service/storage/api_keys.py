"""API keys: only their keyed hash is stored."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

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


def find(transaction: Transaction, secret: str) -> ApiKey | None:
    """Return the key that has this secret and is not revoked, or None."""
    query = select(ApiKeyRow).where(
        ApiKeyRow.digest == transaction.vault.digest("api key", secret),
        ApiKeyRow.revoked_at.is_(None),
    )
    row = transaction.session.scalars(query).first()
    return None if row is None else ApiKey(row.id, row.brand_id, row.name, frozenset(row.scopes))
