"""Programs: how the kinds of loyalty of a brand are presented."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from service.domain.errors import ProgramNotFound
from service.domain.numbers import CheckDigit, NumberScheme
from service.domain.programs import BalanceOwner, BalanceType, BarcodeFormat, Program
from service.storage.database import Transaction
from service.storage.tables import ProgramRow


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


def hold(transaction: Transaction, brand_id: UUID, program_id: UUID) -> Program:
    """Return the program as it is and keep others from locking it until the commit.

    Who makes a pass holds the program, so that no roll-out passes it by.

    Raises:
        ProgramNotFound: the brand has none with that id.
    """
    return _locked(transaction, brand_id, program_id, is_shared=True)


def lock(transaction: Transaction, brand_id: UUID, program_id: UUID) -> Program:
    """Return the program as it is once nobody holds it, and keep all others from it.

    Raises:
        ProgramNotFound: the brand has none with that id.
    """
    return _locked(transaction, brand_id, program_id, is_shared=False)


def _locked(
    transaction: Transaction, brand_id: UUID, program_id: UUID, *, is_shared: bool
) -> Program:
    query = (
        select(ProgramRow)
        .where(ProgramRow.id == program_id, ProgramRow.brand_id == brand_id)
        .with_for_update(read=is_shared, key_share=not is_shared)
        .execution_options(populate_existing=True)
    )
    row = transaction.session.scalars(query).first()
    if row is None:
        raise ProgramNotFound(f"There is no program {program_id}.")
    return from_row(row)


def publish(transaction: Transaction, program_id: UUID, design_id: UUID) -> None:
    """Make a design the one that the program's new passes show; the program must be locked."""
    transaction.session.execute(
        update(ProgramRow).where(ProgramRow.id == program_id).values(design_id=design_id)
    )


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
