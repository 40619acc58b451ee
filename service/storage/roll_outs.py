"""Roll-outs of designs: kept, claimed by one worker at a time, listed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select, union, update

from service.domain.errors import RollOutNotFound
from service.domain.pages import Cut, Page
from service.domain.roll_outs import RollOut, RollOutStatus
from service.storage.database import Transaction
from service.storage.pages import newest_first
from service.storage.tables import PassRow, RollOutRow


def insert(transaction: Transaction, begun: RollOut) -> None:
    transaction.session.add(RollOutRow(**vars(begun)))
    transaction.session.flush()


def save(transaction: Transaction, changed: RollOut) -> None:
    """Write what moves on in a roll-out; it must be locked."""
    names = ("status", "percent", "moved", "due_at", "ended_at")
    transaction.session.execute(
        update(RollOutRow)
        .where(RollOutRow.id == changed.id)
        .values({name: getattr(changed, name) for name in names})
    )


def get(transaction: Transaction, brand_id: UUID, roll_out_id: UUID) -> RollOut:
    """Return a roll-out of this brand.

    Raises:
        RollOutNotFound: the brand has none with that id.
    """
    return _one(transaction, brand_id, roll_out_id, is_locked=False)


def lock(transaction: Transaction, brand_id: UUID, roll_out_id: UUID) -> RollOut:
    """Return a roll-out of this brand and keep others from changing it until the commit.

    Raises:
        RollOutNotFound: the brand has none with that id.
    """
    return _one(transaction, brand_id, roll_out_id, is_locked=True)


def _one(
    transaction: Transaction, brand_id: UUID, roll_out_id: UUID, *, is_locked: bool
) -> RollOut:
    query = select(RollOutRow).where(RollOutRow.id == roll_out_id, RollOutRow.brand_id == brand_id)
    query = query.with_for_update() if is_locked else query
    row = transaction.session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise RollOutNotFound(f"There is no roll-out {roll_out_id}.")
    return _roll_out(row)


def claim(transaction: Transaction, now: datetime) -> RollOut | None:
    """Lock the roll-out that has been due for longest, unless another worker has it.

    The lock is held to the commit, so a worker that dies leaves all as it was.
    """
    query = (
        select(RollOutRow)
        .where(RollOutRow.ended_at.is_(None), RollOutRow.due_at <= now)
        .order_by(RollOutRow.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    row = transaction.session.scalars(query).first()
    return None if row is None else _roll_out(row)


def next_due(transaction: Transaction) -> datetime | None:
    """Return when the next step of any roll-out is due, or None if none moves."""
    query = select(func.min(RollOutRow.due_at)).where(RollOutRow.ended_at.is_(None))
    return transaction.session.scalar(query)


def unended(transaction: Transaction, program_id: UUID) -> RollOut | None:
    """Return the program's roll-out that has not ended."""
    query = select(RollOutRow).where(
        RollOutRow.program_id == program_id, RollOutRow.ended_at.is_(None)
    )
    row = transaction.session.scalars(query.execution_options(populate_existing=True)).first()
    return None if row is None else _roll_out(row)


def newest_id(transaction: Transaction, program_id: UUID) -> UUID | None:
    """Return which of the program's roll-outs began last."""
    query = select(RollOutRow.id).where(RollOutRow.program_id == program_id)
    return transaction.session.scalar(query.order_by(RollOutRow.id.desc()).limit(1))


def designs_of(transaction: Transaction, program_id: UUID) -> set[UUID]:
    """Return the designs that the program's roll-outs know and that any pass shows."""
    known = (
        select(column).where(
            RollOutRow.program_id == program_id, exists().where(PassRow.design_id == column)
        )
        for column in (RollOutRow.from_design_id, RollOutRow.to_design_id)
    )
    return set(transaction.session.scalars(union(*known)))


def page(transaction: Transaction, program_id: UUID, cut: Cut) -> Page[RollOut]:
    """Return a part of the program's roll-outs, newest first."""
    query = select(RollOutRow).where(RollOutRow.program_id == program_id)
    found = newest_first(transaction, query, RollOutRow, cut)
    return found.mapped(lambda row: _roll_out(row[0]))


def _roll_out(row: RollOutRow) -> RollOut:
    return RollOut(
        id=row.id,
        brand_id=row.brand_id,
        program_id=row.program_id,
        from_design_id=row.from_design_id,
        to_design_id=row.to_design_id,
        status=RollOutStatus(row.status),
        percent=row.percent,
        per_second=row.per_second,
        moved=row.moved,
        due_at=row.due_at,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
