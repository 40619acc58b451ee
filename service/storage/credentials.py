"""What proves to wallets who a brand is; private keys are sealed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from service.domain.credentials import AppleCredential, Credential, GoogleCredential
from service.domain.passes import WalletName
from service.storage.database import Transaction
from service.storage.tables import CredentialRow


def insert(transaction: Transaction, brand_id: UUID, credential: Credential, now: datetime) -> None:
    transaction.session.add(
        CredentialRow(
            id=credential.id,
            brand_id=brand_id,
            wallet=credential.wallet,
            type_id=credential.type_id,
            facts=_facts(credential),
            private_key=transaction.vault.seal(
                credential.private_key_pem.decode(), "credentials", credential.id
            ),
            created_at=now,
            active_from=now,
        )
    )
    transaction.session.flush()


def newest_id(
    transaction: Transaction, brand_id: UUID, wallet: WalletName, type_id: str | None = None
) -> UUID | None:
    """Return the id of the brand's newest credential for a wallet (of this type), or None."""
    query = select(CredentialRow.id).where(
        CredentialRow.brand_id == brand_id, CredentialRow.wallet == wallet
    )
    if type_id is not None:
        query = query.where(CredentialRow.type_id == type_id)
    return transaction.session.scalar(query.order_by(CredentialRow.created_at.desc()).limit(1))


def wallets_of(transaction: Transaction, brand_id: UUID) -> frozenset[WalletName]:
    """Return the wallets that the brand has a credential for."""
    query = select(CredentialRow.wallet).where(CredentialRow.brand_id == brand_id).distinct()
    return frozenset(WalletName(wallet) for wallet in transaction.session.scalars(query))


def get(transaction: Transaction, credential_id: UUID) -> Credential:
    row = transaction.session.get_one(CredentialRow, credential_id)
    key = transaction.vault.open(row.private_key, "credentials", row.id).encode()
    if row.wallet == WalletName.GOOGLE:
        return GoogleCredential(id=row.id, type_id=row.type_id, private_key_pem=key, **row.facts)
    return _apple(row, key, row.facts)


def _facts(credential: Credential) -> dict[str, Any]:
    if isinstance(credential, GoogleCredential):
        return {"email": credential.email, "key_id": credential.key_id}
    return {
        "team_id": credential.team_id,
        "certificate_pem": credential.certificate_pem.decode(),
        "wwdr_pem": credential.wwdr_pem.decode(),
    }


def _apple(row: CredentialRow, key: bytes, facts: Mapping[str, str]) -> AppleCredential:
    return AppleCredential(
        id=row.id,
        type_id=row.type_id,
        team_id=facts["team_id"],
        certificate_pem=facts["certificate_pem"].encode(),
        private_key_pem=key,
        wwdr_pem=facts["wwdr_pem"].encode(),
    )


def lock_type(transaction: Transaction, wallet: WalletName, type_id: str) -> None:
    """Keep others from adding a credential of this type until the commit; SQLite has one writer."""
    if transaction.is_postgresql:
        name = func.hashtextextended(f"{wallet} {type_id}", 0)
        transaction.session.execute(select(func.pg_advisory_xact_lock(name)))


def owner_of(transaction: Transaction, wallet: WalletName, type_id: str) -> UUID | None:
    """Return the brand that issues this pass type, or None."""
    return transaction.session.scalar(
        select(CredentialRow.brand_id)
        .where(CredentialRow.wallet == wallet, CredentialRow.type_id == type_id)
        .limit(1)
    )


def issued_types(transaction: Transaction) -> list[tuple[UUID, WalletName, str]]:
    """Return (brand, wallet, pass type) of every credential there is, each once."""
    columns = (CredentialRow.brand_id, CredentialRow.wallet, CredentialRow.type_id)
    rows = transaction.session.execute(select(*columns).distinct().order_by(*columns))
    return [(brand_id, WalletName(wallet), type_id) for brand_id, wallet, type_id in rows]
