"""The versions of designs, their images included, so that every machine has them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from service.domain import designs
from service.domain.designs import Design, ListedDesign
from service.domain.errors import DesignNotFound
from service.domain.pages import Cut, Page
from service.storage.database import Transaction
from service.storage.pages import newest_first
from service.storage.tables import DesignImageRow, DesignRow


def insert(
    transaction: Transaction, design: Design, source: Mapping[str, Any], now: datetime
) -> None:
    """Keep a version of a design; `source` is what `domain.designs.read` makes it of."""
    session = transaction.session
    session.add(
        DesignRow(
            id=design.id,
            brand_id=design.brand_id,
            name=design.name,
            version=design.version,
            source=dict(source),
            created_at=now,
        )
    )
    session.flush()
    for name, png in design.images.items():
        session.add(
            DesignImageRow(
                brand_id=design.brand_id,
                design_id=design.id,
                name=name,
                png=png,
                sha256=designs.image_digest(png),
            )
        )


def lock_name(transaction: Transaction, brand_id: UUID, name: str) -> None:
    """Keep others from adding a version of this design until the commit; SQLite has one writer."""
    if transaction.is_postgresql:
        lock = func.hashtextextended(f"design {brand_id} {name}", 0)
        transaction.session.execute(select(func.pg_advisory_xact_lock(lock)))


def newest_version(transaction: Transaction, brand_id: UUID, name: str) -> int:
    """Return the highest version of the design called `name`, 0 if there is none."""
    query = select(func.max(DesignRow.version)).where(
        DesignRow.brand_id == brand_id, DesignRow.name == name
    )
    return transaction.session.scalar(query) or 0


def get(transaction: Transaction, design_id: UUID) -> Design:
    """Return a version of a design; the caller has already proved its right to it."""
    return _design(transaction, transaction.session.get_one(DesignRow, design_id))


def of_brand(
    transaction: Transaction, brand_id: UUID, design_id: UUID
) -> tuple[Design, ListedDesign]:
    """Return a version of a design of this brand, and its line in lists.

    Raises:
        DesignNotFound: the brand has none with that id.
    """
    row = transaction.session.get(DesignRow, design_id)
    if row is None or row.brand_id != brand_id:
        raise DesignNotFound(f"There is no design {design_id}.")
    return _design(transaction, row), _listed(row)


def versions_of(transaction: Transaction, brand_id: UUID, name: str) -> dict[int, UUID]:
    """Return the versions of the brand's design called `name`: version -> id."""
    query = select(DesignRow.version, DesignRow.id).where(
        DesignRow.brand_id == brand_id, DesignRow.name == name
    )
    return {version: design_id for version, design_id in transaction.session.execute(query)}


def page(transaction: Transaction, brand_id: UUID, cut: Cut) -> Page[ListedDesign]:
    """Return a part of the versions of the brand's designs, newest first."""
    query = select(DesignRow).where(DesignRow.brand_id == brand_id)
    return newest_first(transaction, query, DesignRow, cut).mapped(lambda row: _listed(row[0]))


def image(transaction: Transaction, digest: str) -> bytes | None:
    """Return the image of any design that has this SHA-256 (hexadecimal), or None."""
    query = select(DesignImageRow.png).where(DesignImageRow.sha256 == digest).limit(1)
    return transaction.session.scalar(query)


def _design(transaction: Transaction, row: DesignRow) -> Design:
    query = select(DesignImageRow).where(DesignImageRow.design_id == row.id)
    images = {image.name: image.png for image in transaction.session.scalars(query)}
    return designs.read(row.source, images, id=row.id, brand_id=row.brand_id, version=row.version)


def _listed(row: DesignRow) -> ListedDesign:
    languages = designs.languages_of(row.source)
    return ListedDesign(row.id, row.name, row.version, languages, row.created_at)
