"""What devices reported, kept with the pass that it is about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select
from uuid_utils.compat import uuid7

from service.domain.device_reports import DeviceReport, Kind
from service.domain.passes import WalletName
from service.storage.database import Transaction
from service.storage.tables import DeviceReportRow, DeviceRow, InstallationRow, PassRow


@dataclass(frozen=True)
class Subject:
    """A pass that a report can be about."""

    pass_id: UUID
    brand_id: UUID
    account_id: UUID
    serial: str


def passes_named(transaction: Transaction, serials: Collection[str]) -> list[Subject]:
    """Return Apple's passes with these serial numbers; they are unguessable."""
    query = select(PassRow).where(PassRow.wallet == WalletName.APPLE, PassRow.serial.in_(serials))
    return [_subject(row) for row in transaction.session.scalars(query)]


def passes_on(
    transaction: Transaction, type_ids: Collection[str], device_library_ids: Collection[str]
) -> list[Subject]:
    """Return the passes of these types that are on these devices; their ids are secrets."""
    digests = [transaction.vault.digest("device", each) for each in device_library_ids]
    query = (
        select(PassRow)
        .join(InstallationRow, InstallationRow.pass_id == PassRow.id)
        .join(DeviceRow, DeviceRow.id == InstallationRow.device_id)
        .where(DeviceRow.type_id.in_(type_ids), DeviceRow.device_digest.in_(digests))
        .order_by(PassRow.id)
    )
    return [_subject(row) for row in transaction.session.scalars(query)]


def _subject(row: PassRow) -> Subject:
    return Subject(row.id, row.brand_id, row.account_id, row.serial)


def add(
    transaction: Transaction, reports: Sequence[tuple[Subject, DeviceReport]], keep: int
) -> None:
    """Keep the reports, and of each pass the newest `keep` alone. Their accounts must be locked."""
    pass_ids = sorted({report.pass_id for _, report in reports})
    # Others that report of these passes wait, so that together they keep no more.
    locked = select(PassRow.id).where(PassRow.id.in_(pass_ids)).order_by(PassRow.id)
    transaction.session.execute(locked.with_for_update()).all()
    transaction.session.add_all(
        DeviceReportRow(
            id=uuid7(),
            brand_id=subject.brand_id,
            account_id=subject.account_id,
            pass_id=report.pass_id,
            kind=report.kind,
            text=report.text,
            created_at=report.created_at,
        )
        for subject, report in reports
    )
    transaction.session.flush()
    for pass_id in pass_ids:
        _forget_older(transaction, pass_id, keep)


def _forget_older(transaction: Transaction, pass_id: UUID, keep: int) -> None:
    ids = select(DeviceReportRow.id).where(DeviceReportRow.pass_id == pass_id)
    newest = ids.order_by(DeviceReportRow.id.desc()).limit(keep)
    transaction.session.execute(
        delete(DeviceReportRow).where(
            DeviceReportRow.pass_id == pass_id, DeviceReportRow.id.not_in(newest)
        )
    )


def of_card(transaction: Transaction, card_id: UUID, most: int) -> list[DeviceReport]:
    """Return the newest reports about the card's passes, newest first."""
    query = (
        select(DeviceReportRow)
        .join(PassRow, PassRow.id == DeviceReportRow.pass_id)
        .where(PassRow.card_id == card_id)
        .order_by(DeviceReportRow.id.desc())
        .limit(most)
    )
    return [
        DeviceReport(row.pass_id, Kind(row.kind), row.text, row.created_at)
        for row in transaction.session.scalars(query)
    ]


def counts(transaction: Transaction, brand_id: UUID | None = None) -> dict[Kind, int]:
    """Return how many reports of each kind are kept, of a brand (None: of all)."""
    query = select(DeviceReportRow.kind, func.count()).group_by(DeviceReportRow.kind)
    if brand_id is not None:
        query = query.where(DeviceReportRow.brand_id == brand_id)
    return {Kind(kind): number for kind, number in transaction.session.execute(query)}
