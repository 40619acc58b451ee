"""Apple devices and the passes installed on them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update

from service.domain.installations import Installation, Proof, Told
from service.domain.passes import Pass, was_fetched_alone
from service.storage.database import Transaction
from service.storage.rounds import insert_new
from service.storage.tables import DeliveryRow, DeviceRow, InstallationRow, PassRow


@dataclass(frozen=True)
class Device:
    id: UUID
    brand_id: UUID
    counter: int


def ensure_device(
    transaction: Transaction,
    new_id: UUID,
    brand_id: UUID,
    type_id: str,
    device_library_id: str,
    push_token: str,
    now: datetime,
) -> Device:
    """Return the device, with the push token it has now; a known one is updated."""
    vault = transaction.vault
    insert_new(
        transaction,
        DeviceRow,
        id=new_id,
        brand_id=brand_id,
        type_id=type_id,
        device_digest=vault.digest("device", device_library_id),
        push_token=vault.seal(push_token, "devices", new_id),
        push_token_digest=vault.digest("push token", push_token),
        push_token_at=now,
        counter=0,
        provider="apns",
    )
    row = _locked(transaction, type_id, device_library_id)
    assert row is not None
    row.push_token = vault.seal(push_token, "devices", row.id)
    row.push_token_digest = vault.digest("push token", push_token)
    row.push_token_at = now
    transaction.session.flush()
    return Device(row.id, row.brand_id, row.counter)


def lock_device(transaction: Transaction, type_id: str, device_library_id: str) -> Device | None:
    """Return the device and keep its other calls waiting until the commit."""
    row = _locked(transaction, type_id, device_library_id)
    return None if row is None else Device(row.id, row.brand_id, row.counter)


def _locked(transaction: Transaction, type_id: str, device_library_id: str) -> DeviceRow | None:
    query = select(DeviceRow).where(
        DeviceRow.type_id == type_id,
        DeviceRow.device_digest == transaction.vault.digest("device", device_library_id),
    )
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return transaction.session.scalars(fresh).first()


def insert(
    transaction: Transaction,
    installation_id: UUID,
    shown: Pass,
    device: Device,
    told_version: int | None,
    now: datetime,
) -> bool:
    """Note that the pass is on the device; False if it already was."""
    return insert_new(
        transaction,
        InstallationRow,
        id=installation_id,
        brand_id=shown.brand_id,
        account_id=shown.account_id,
        pass_id=shown.id,
        device_id=device.id,
        told_version=told_version,
        told_at=None,
        registered_at=now,
    )


def on_device(transaction: Transaction, device_id: UUID) -> list[Installation]:
    query = (
        select(InstallationRow, PassRow)
        .join(PassRow, PassRow.id == InstallationRow.pass_id)
        .where(InstallationRow.device_id == device_id)
        .order_by(InstallationRow.id)
        .execution_options(populate_existing=True)
    )
    return [
        Installation(
            id=row.id,
            pass_id=shown.id,
            serial=shown.serial,
            pass_version=shown.version,
            told_version=row.told_version,
            told_at=row.told_at,
        )
        for row, shown in transaction.session.execute(query)
    ]


def save_told(transaction: Transaction, device: Device, told: Told, now: datetime) -> None:
    """Remember what the device was told, under which tag."""
    session = transaction.session
    for each in told.installations:
        session.execute(
            update(InstallationRow)
            .where(InstallationRow.id == each.id)
            .values(told_version=each.pass_version, told_at=told.tag, asked_at=now)
        )
    session.execute(update(DeviceRow).where(DeviceRow.id == device.id).values(counter=told.tag))


def delete_one(transaction: Transaction, pass_id: UUID, device_id: UUID) -> None:
    """Forget the pass on the device, its target with it; nothing happens if it was not there."""
    transaction.session.execute(
        delete(InstallationRow).where(
            InstallationRow.pass_id == pass_id, InstallationRow.device_id == device_id
        )
    )


def count(transaction: Transaction, pass_id: UUID) -> int:
    query = select(func.count()).where(InstallationRow.pass_id == pass_id)
    return transaction.session.scalar(query) or 0


def with_push_token(
    transaction: Transaction,
    brand_id: UUID,
    type_id: str,
    push_token: str,
    before: datetime | None,
) -> list[tuple[UUID, UUID, UUID]]:
    """Return (account, pass, device) of all that is installed under this push token now.

    Only of this brand and pass type: the wallet's word is about them alone. With `before`, only
    where the token was registered earlier than that.
    """
    query = (
        select(InstallationRow.account_id, InstallationRow.pass_id, InstallationRow.device_id)
        .join(DeviceRow, DeviceRow.id == InstallationRow.device_id)
        .where(
            DeviceRow.brand_id == brand_id,
            DeviceRow.type_id == type_id,
            DeviceRow.push_token_digest == transaction.vault.digest("push token", push_token),
        )
        .order_by(InstallationRow.account_id, InstallationRow.id)
    )
    if before is not None:
        query = query.where(DeviceRow.push_token_at < before)
    return [(row[0], row[1], row[2]) for row in transaction.session.execute(query)]


def proofs(transaction: Transaction, shown: Pass) -> list[Proof]:
    """Return what is known about every installation of the pass, oldest first."""
    query = (
        select(InstallationRow, DeliveryRow)
        .join(DeliveryRow, DeliveryRow.installation_id == InstallationRow.id)
        .where(InstallationRow.pass_id == shown.id)
        .order_by(InstallationRow.registered_at, InstallationRow.id)
    )
    rows = transaction.session.execute(query).all()
    return [_proof(row, delivery, shown, len(rows)) for row, delivery in rows]


def _proof(row: InstallationRow, delivery: DeliveryRow, shown: Pass, devices: int) -> Proof:
    surely = devices == 1 and was_fetched_alone(shown)
    return Proof(
        installation_id=row.id,
        wallet=shown.wallet,
        registered_at=row.registered_at,
        wanted_version=shown.version,
        pushed_version=delivery.sent_version if delivery.sent_at else 0,
        pushed_at=delivery.sent_at,
        asked_version=row.told_version if row.asked_at else None,
        asked_at=row.asked_at,
        fetched_version=shown.fetched_version if surely else None,
        fetched_at=shown.fetched_at if surely else None,
        fetched_by_one_of=devices,
        attempts=delivery.attempts,
        last_error=delivery.last_error,
    )
