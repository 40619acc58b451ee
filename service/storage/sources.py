"""Configured senders of events; their secrets are sealed."""

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from service.domain.errors import SourceNotFound
from service.domain.sources import Source
from service.storage.database import Transaction
from service.storage.tables import SourceRow


def insert(transaction: Transaction, source: Source, now: datetime) -> None:
    sealed = transaction.vault.seal(json.dumps(source.secrets), "sources", source.id)
    transaction.session.add(
        SourceRow(
            id=source.id,
            brand_id=source.brand_id,
            name=source.name,
            scheme=source.scheme,
            secrets=sealed,
            created_at=now,
        )
    )
    transaction.session.flush()


def get(transaction: Transaction, source_id: UUID) -> Source:
    """Return a source by its id, whatever the brand: its signature is yet to be checked.

    Raises:
        SourceNotFound: there is none.
    """
    row = transaction.session.get(SourceRow, source_id)
    if row is None:
        raise SourceNotFound("There is no source with this id.")
    opened = json.loads(transaction.vault.open(row.secrets, "sources", row.id))
    return Source(row.id, row.brand_id, row.name, row.scheme, tuple(opened))


def exists(transaction: Transaction, brand_id: UUID, name: str) -> bool:
    query = select(SourceRow.id).where(SourceRow.brand_id == brand_id, SourceRow.name == name)
    return transaction.session.scalar(query) is not None
