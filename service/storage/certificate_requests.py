"""Keys of signing requests that wait for Apple's certificate; they are sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from uuid_utils.compat import uuid7

from service.domain.credentials import SigningRequest
from service.storage.database import Transaction
from service.storage.tables import CertificateRequestRow

TABLE = CertificateRequestRow.__tablename__


def insert(
    transaction: Transaction, brand_id: UUID, request: SigningRequest, now: datetime
) -> None:
    row_id = uuid7()
    transaction.session.add(
        CertificateRequestRow(
            id=row_id,
            brand_id=brand_id,
            key_digest=request.key_digest,
            private_key=transaction.vault.seal(request.private_key_pem.decode(), TABLE, row_id),
            created_at=now,
        )
    )
    transaction.session.flush()


def private_key(transaction: Transaction, brand_id: UUID, key_digest: bytes) -> bytes | None:
    """Return the key (PEM) of a brand's request, by the digest of its public half, or None."""
    query = select(CertificateRequestRow).where(
        CertificateRequestRow.brand_id == brand_id, CertificateRequestRow.key_digest == key_digest
    )
    row = transaction.session.scalars(query).first()
    return None if row is None else transaction.vault.open(row.private_key, TABLE, row.id).encode()


def remove(transaction: Transaction, brand_id: UUID, key_digest: bytes) -> None:
    """Forget a brand's request: its key is a credential's from now on."""
    transaction.session.execute(
        delete(CertificateRequestRow).where(
            CertificateRequestRow.brand_id == brand_id,
            CertificateRequestRow.key_digest == key_digest,
        )
    )
