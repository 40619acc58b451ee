"""Brands, and the proof of the master key."""

import hmac
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from service.domain.brands import Brand, Mode
from service.domain.errors import SetupError
from service.storage.database import Transaction
from service.storage.rounds import insert_new
from service.storage.tables import BrandRow, MasterKeyRow


def insert(transaction: Transaction, brand: Brand, now: datetime) -> bool:
    """Add a brand; False if the name is taken."""
    return insert_new(transaction, BrandRow, **vars(brand), created_at=now)


def get(transaction: Transaction, brand_id: UUID) -> Brand:
    return _brand(transaction.session.get_one(BrandRow, brand_id))


def listed(transaction: Transaction) -> list[Brand]:
    rows = transaction.session.scalars(select(BrandRow).order_by(BrandRow.name))
    return [_brand(row) for row in rows]


def _brand(row: BrandRow) -> Brand:
    return Brand(row.id, row.name, Mode(row.mode))


def prove_master_key(transaction: Transaction) -> None:
    """Leave a trace of the master key in a new database; in an old one compare it.

    Raises:
        SetupError: the database was written with another key.
    """
    if transaction.session.get(MasterKeyRow, 1) is None:
        digest = transaction.vault.digest("master key", "proof")
        transaction.session.add(MasterKeyRow(id=1, digest=digest))
    else:
        check_master_key(transaction)


def check_master_key(transaction: Transaction) -> None:
    """Raise SetupError unless the database was written with this master key."""
    digest = transaction.vault.digest("master key", "proof")
    row = transaction.session.get(MasterKeyRow, 1)
    if row is None or not hmac.compare_digest(row.digest, digest):
        raise SetupError(
            "The master key is not the one this database was written with. "
            "Set TESSERA_MASTER_KEY_FILE to that key, from your backup if need be."
        )
