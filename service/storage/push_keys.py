"""The `.p8` keys by which APNs is told who pushes; they are sealed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from service.domain.credentials import PushKey
from service.storage.database import Transaction
from service.storage.tables import PushKeyRow


@dataclass(frozen=True)
class KeptKey:
    """A push key without what is secret. `key_id` and `team_id` are Apple's."""

    id: UUID
    type_id: str
    key_id: str
    team_id: str
    created_at: datetime


def insert(
    transaction: Transaction, brand_id: UUID, type_id: str, key: PushKey, now: datetime
) -> None:
    """Add a push key; from now on it is the one in use for its pass type."""
    pem = key.private_key_pem.decode()
    transaction.session.add(
        PushKeyRow(
            id=key.id,
            brand_id=brand_id,
            type_id=type_id,
            key_id=key.key_id,
            team_id=key.team_id,
            private_key=transaction.vault.seal(pem, "push_keys", key.id),
            created_at=now,
        )
    )
    transaction.session.flush()


def newest_id(transaction: Transaction, brand_id: UUID, type_id: str) -> UUID | None:
    """Return the push key in use for a pass type, or None: the certificate is."""
    query = select(PushKeyRow.id).where(
        PushKeyRow.brand_id == brand_id, PushKeyRow.type_id == type_id
    )
    newest_first = query.order_by(PushKeyRow.created_at.desc(), PushKeyRow.id.desc())
    return transaction.session.scalar(newest_first.limit(1))


def in_use(transaction: Transaction, brand_id: UUID, type_id: str) -> PushKey | None:
    """Return the push key in use for a pass type, with its secret, or None."""
    key_id = newest_id(transaction, brand_id, type_id)
    if key_id is None:
        return None
    row = transaction.session.get_one(PushKeyRow, key_id)
    pem = transaction.vault.open(row.private_key, "push_keys", row.id)
    return PushKey(row.id, row.key_id, row.team_id, pem.encode())


def listed(transaction: Transaction, brand_id: UUID) -> list[KeptKey]:
    """Return a brand's push keys by pass type, the one in use first."""
    row = PushKeyRow
    query = select(row.id, row.type_id, row.key_id, row.team_id, row.created_at).where(
        row.brand_id == brand_id
    )
    ordered = query.order_by(row.type_id, row.created_at.desc(), row.id.desc())
    return [KeptKey(*columns) for columns in transaction.session.execute(ordered)]


def remove(transaction: Transaction, brand_id: UUID, key_id: UUID) -> str | None:
    """Forget a push key; return its pass type, or None if the brand has no such key."""
    removed = delete(PushKeyRow).where(PushKeyRow.id == key_id, PushKeyRow.brand_id == brand_id)
    found = transaction.session.execute(removed.returning(PushKeyRow.type_id))
    return found.scalar()
