"""What signs a brand's passes; private keys are sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from service.domain.credentials import AppleCredential
from service.storage.database import Transaction
from service.storage.tables import CredentialRow

APPLE = "apple"


def insert(
    transaction: Transaction, brand_id: UUID, credential: AppleCredential, now: datetime
) -> None:
    transaction.session.add(
        CredentialRow(
            id=credential.id,
            brand_id=brand_id,
            wallet=APPLE,
            type_id=credential.type_id,
            team_id=credential.team_id,
            certificate_pem=credential.certificate_pem.decode(),
            wwdr_pem=credential.wwdr_pem.decode(),
            private_key=transaction.vault.seal(
                credential.private_key_pem.decode(), "credentials", credential.id
            ),
            created_at=now,
        )
    )


def newest_id(transaction: Transaction, brand_id: UUID, type_id: str | None = None) -> UUID | None:
    """Return the id of the brand's newest Apple credential (of this pass type), or None."""
    query = select(CredentialRow.id).where(
        CredentialRow.brand_id == brand_id, CredentialRow.wallet == APPLE
    )
    if type_id is not None:
        query = query.where(CredentialRow.type_id == type_id)
    return transaction.session.scalar(query.order_by(CredentialRow.created_at.desc()).limit(1))


def get(transaction: Transaction, credential_id: UUID) -> AppleCredential:
    row = transaction.session.get_one(CredentialRow, credential_id)
    key = transaction.vault.open(row.private_key, "credentials", row.id)
    return AppleCredential(
        id=row.id,
        type_id=row.type_id,
        team_id=row.team_id,
        certificate_pem=row.certificate_pem.encode(),
        private_key_pem=key.encode(),
        wwdr_pem=row.wwdr_pem.encode(),
    )


def owner_of(transaction: Transaction, type_id: str) -> UUID | None:
    """Return the brand that issues this pass type, or None."""
    return transaction.session.scalar(
        select(CredentialRow.brand_id).where(CredentialRow.type_id == type_id).limit(1)
    )


def issued_types(transaction: Transaction) -> list[tuple[UUID, str]]:
    """Return (brand, pass type) of every certificate there is, each once."""
    query = select(CredentialRow.brand_id, CredentialRow.type_id).distinct()
    return [(brand_id, type_id) for brand_id, type_id in transaction.session.execute(query)]
