"""What proves to wallets who a brand is; private keys are sealed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from service.domain.credentials import AppleCredential, Credential, GoogleCredential
from service.domain.passes import WalletName
from service.storage import push_keys
from service.storage.database import Transaction
from service.storage.tables import CredentialRow


@dataclass(frozen=True)
class Kept:
    """A credential without what is secret; from `active_from` on it may speak for its type."""

    id: UUID
    brand_id: UUID
    type_id: str
    active_from: datetime


@dataclass(frozen=True)
class PublicParts:
    certificate_pem: bytes
    wwdr_pem: bytes
    is_nfc: bool


def insert(
    transaction: Transaction,
    brand_id: UUID,
    credential: Credential,
    active_from: datetime,
    now: datetime,
) -> None:
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
            active_from=active_from,
        )
    )
    transaction.session.flush()


def active_ids(
    transaction: Transaction, brand_id: UUID, wallet: WalletName, type_id: str, now: datetime
) -> list[UUID]:
    """Return the brand's credentials of a type whose switch-over has come, the newest first."""
    query = select(CredentialRow.id).where(
        CredentialRow.brand_id == brand_id,
        CredentialRow.wallet == wallet,
        CredentialRow.type_id == type_id,
        CredentialRow.active_from <= now,
    )
    newest_first = query.order_by(CredentialRow.active_from.desc(), CredentialRow.id.desc())
    return list(transaction.session.scalars(newest_first))


def type_in_use(
    transaction: Transaction, brand_id: UUID, wallet: WalletName, now: datetime
) -> str | None:
    """Return the type that the brand's new passes in a wallet belong to, or None."""
    query = select(CredentialRow.type_id).where(
        CredentialRow.brand_id == brand_id,
        CredentialRow.wallet == wallet,
        CredentialRow.active_from <= now,
    )
    newest_first = query.order_by(CredentialRow.active_from.desc(), CredentialRow.id.desc())
    return transaction.session.scalar(newest_first.limit(1))


def wallets_of(transaction: Transaction, brand_id: UUID, now: datetime) -> frozenset[WalletName]:
    """Return the wallets that the brand has a credential for, not one that waits for its day."""
    query = select(CredentialRow.wallet).where(
        CredentialRow.brand_id == brand_id, CredentialRow.active_from <= now
    )
    return frozenset(WalletName(wallet) for wallet in transaction.session.scalars(query.distinct()))


def kept(transaction: Transaction, wallet: WalletName, brand_id: UUID | None = None) -> list[Kept]:
    """Return a wallet's credentials, of one brand or of all, by brand and type, oldest first."""
    row = CredentialRow
    query = select(row.id, row.brand_id, row.type_id, row.active_from).where(row.wallet == wallet)
    if brand_id is not None:
        query = query.where(row.brand_id == brand_id)
    listed = transaction.session.execute(query.order_by(row.brand_id, row.type_id, row.id))
    return [Kept(*columns) for columns in listed]


def public_parts(
    transaction: Transaction, credential_ids: Collection[UUID]
) -> dict[UUID, PublicParts]:
    """Return what is no secret of these Apple credentials."""
    row = CredentialRow
    query = select(row.id, row.facts).where(row.id.in_(credential_ids))
    return {row_id: _public(facts) for row_id, facts in transaction.session.execute(query)}


def intermediates(transaction: Transaction) -> tuple[bytes, ...]:
    """Return Apple's intermediates that came with any certificate; they are public, each once."""
    query = select(CredentialRow.facts).where(CredentialRow.wallet == WalletName.APPLE)
    pems = (_public(facts).wwdr_pem for facts in transaction.session.scalars(query))
    return tuple(dict.fromkeys(pems))


def switch_over(transaction: Transaction, credential_id: UUID, active_from: datetime) -> None:
    """Set another day from which the credential may speak for its type."""
    transaction.session.execute(
        update(CredentialRow)
        .where(CredentialRow.id == credential_id)
        .values(active_from=active_from)
    )


def get(transaction: Transaction, credential_id: UUID) -> Credential:
    row = transaction.session.get_one(CredentialRow, credential_id)
    key = transaction.vault.open(row.private_key, "credentials", row.id).encode()
    if row.wallet == WalletName.GOOGLE:
        return GoogleCredential(id=row.id, type_id=row.type_id, private_key_pem=key, **row.facts)
    push_key = push_keys.in_use(transaction, row.brand_id, row.type_id)
    return replace(_apple(row, key, row.facts), push_key=push_key)


def _facts(credential: Credential) -> dict[str, Any]:
    if isinstance(credential, GoogleCredential):
        return {"email": credential.email, "key_id": credential.key_id}
    return {
        "team_id": credential.team_id,
        "certificate_pem": credential.certificate_pem.decode(),
        "wwdr_pem": credential.wwdr_pem.decode(),
        "is_nfc": credential.is_nfc,
    }


def _public(facts: Mapping[str, Any]) -> PublicParts:
    # `is_nfc` came later: who imported before that had no passes for it.
    is_nfc = bool(facts.get("is_nfc"))
    return PublicParts(facts["certificate_pem"].encode(), facts["wwdr_pem"].encode(), is_nfc)


def _apple(row: CredentialRow, key: bytes, facts: Mapping[str, Any]) -> AppleCredential:
    public = _public(facts)
    return AppleCredential(
        id=row.id,
        type_id=row.type_id,
        team_id=facts["team_id"],
        certificate_pem=public.certificate_pem,
        private_key_pem=key,
        wwdr_pem=public.wwdr_pem,
        is_nfc=public.is_nfc,
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
