"""Programs and the versions of their designs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from service.domain import designs
from service.domain.designs import Design
from service.domain.errors import ProgramNotFound
from service.domain.numbers import CheckDigit, NumberScheme
from service.domain.programs import BalanceOwner, BalanceType, BarcodeFormat, Program
from service.storage.database import Transaction
from service.storage.tables import DesignImageRow, DesignRow, ProgramRow


def insert(transaction: Transaction, program: Program, now: datetime) -> None:
    scheme = program.number_scheme
    transaction.session.add(
        ProgramRow(
            id=program.id,
            brand_id=program.brand_id,
            name=program.name,
            kind=program.kind,
            design_id=program.design_id,
            number_prefix=scheme.prefix,
            number_length=scheme.length,
            number_check=scheme.check,
            barcode_format=program.barcode_format,
            balances=[vars(balance) for balance in program.balances],
            balance_owner=program.balance_owner,
            cards_per_account=program.cards_per_account,
            below_zero=program.below_zero,
            phone_region=program.phone_region,
            created_at=now,
        )
    )


def get(transaction: Transaction, brand_id: UUID, program_id: UUID) -> Program:
    """Return a program of this brand.

    Raises:
        ProgramNotFound: the brand has none with that id.
    """
    row = transaction.session.get(ProgramRow, program_id)
    if row is None or row.brand_id != brand_id:
        raise ProgramNotFound(f"There is no program {program_id}.")
    return from_row(row)


def listed(transaction: Transaction, brand_id: UUID) -> list[Program]:
    query = select(ProgramRow).where(ProgramRow.brand_id == brand_id).order_by(ProgramRow.name)
    return [from_row(row) for row in transaction.session.scalars(query)]


def of_ids(transaction: Transaction, program_ids: Iterable[UUID]) -> dict[UUID, Program]:
    """Return the programs by id; the caller has already proved its right to them."""
    query = select(ProgramRow).where(ProgramRow.id.in_(program_ids))
    return {row.id: from_row(row) for row in transaction.session.scalars(query)}


def from_row(row: ProgramRow) -> Program:
    return Program(
        id=row.id,
        brand_id=row.brand_id,
        name=row.name,
        kind=row.kind,
        design_id=row.design_id,
        number_scheme=NumberScheme(
            row.number_prefix, row.number_length, CheckDigit(row.number_check)
        ),
        barcode_format=BarcodeFormat(row.barcode_format),
        balances=tuple(BalanceType(**balance) for balance in row.balances),
        balance_owner=BalanceOwner(row.balance_owner),
        cards_per_account=row.cards_per_account,
        below_zero=row.below_zero,
        phone_region=row.phone_region,
    )


def insert_design(
    transaction: Transaction, design: Design, source: dict[str, Any], now: datetime
) -> None:
    """Keep a version of a design, its images included, so that every machine has it."""
    session = transaction.session
    session.add(
        DesignRow(
            id=design.id,
            brand_id=design.brand_id,
            name=design.name,
            version=design.version,
            source=source,
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


def image(transaction: Transaction, digest: str) -> bytes | None:
    """Return the image of any design that has this SHA-256 (hexadecimal), or None."""
    query = select(DesignImageRow.png).where(DesignImageRow.sha256 == digest).limit(1)
    return transaction.session.scalar(query)


def newest_design_version(transaction: Transaction, brand_id: UUID, name: str) -> int:
    """Return the highest version of the design called `name`, 0 if there is none."""
    query = select(func.max(DesignRow.version)).where(
        DesignRow.brand_id == brand_id, DesignRow.name == name
    )
    return transaction.session.scalar(query) or 0


def design(transaction: Transaction, design_id: UUID) -> Design:
    row = transaction.session.get_one(DesignRow, design_id)
    query = select(DesignImageRow).where(DesignImageRow.design_id == design_id)
    images = {image.name: image.png for image in transaction.session.scalars(query)}
    return designs.read(row.source, images, id=row.id, brand_id=row.brand_id, version=row.version)
