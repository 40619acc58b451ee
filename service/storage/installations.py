"""Apple devices and the passes installed on them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update

from service.domain.installations import Installation, Proof, Provider, Registration, Told
from service.domain.passes import Pass, was_fetched_alone
from service.storage import deliveries
from service.storage.database import Transaction, TransactionConflict
from service.storage.rounds import insert_new
from service.storage.tables import DeliveryRow, DeviceRow, HaltRow, InstallationRow, PassRow


@dataclass(frozen=True)
class Device:
    """A device. `has_switched`: it was told of changes by another provider until now."""

    id: UUID
    brand_id: UUID
    counter: int
    provider: Provider
    has_switched: bool = False


def ensure_device(
    transaction: Transaction, new_id: UUID, brand_id: UUID, asked: Registration, now: datetime
) -> Device:
    """Return the device, with the push token it has now; a known one is updated.

    Raises:
        TransactionConflict: its last pass left it a moment ago, and the device with it.
    """
    vault = transaction.vault
    insert_new(
        transaction,
        DeviceRow,
        id=new_id,
        brand_id=brand_id,
        type_id=asked.type_id,
        device_digest=vault.digest("device", asked.device_library_id),
        push_token=vault.seal(asked.push_token, "devices", new_id),
        push_token_digest=vault.digest("push token", asked.push_token),
        push_token_at=now,
        counter=0,
        provider=asked.provider,
    )
    row = _locked(transaction, asked.type_id, asked.device_library_id)
    if row is None:
        raise TransactionConflict
    has_switched = row.provider != asked.provider
    row.push_token = vault.seal(asked.push_token, "devices", row.id)
    row.push_token_digest = vault.digest("push token", asked.push_token)
    row.push_token_at = now
    row.provider = asked.provider
    transaction.session.flush()
    return Device(row.id, row.brand_id, row.counter, asked.provider, has_switched)


def accounts_to_switch(transaction: Transaction, asked: Registration) -> set[UUID]:
    """Return whose passes are on the device if another provider has told it of changes so far."""
    query = (
        select(InstallationRow.account_id)
        .join(DeviceRow, DeviceRow.id == InstallationRow.device_id)
        .where(
            DeviceRow.type_id == asked.type_id,
            DeviceRow.device_digest == transaction.vault.digest("device", asked.device_library_id),
            DeviceRow.provider != asked.provider,
        )
    )
    return set(transaction.session.scalars(query))


def lock_device(transaction: Transaction, type_id: str, device_library_id: str) -> Device | None:
    """Return the device and keep its other calls waiting until the commit."""
    row = _locked(transaction, type_id, device_library_id)
    return None if row is None else _device(row)


def find_device(transaction: Transaction, type_id: str, device_library_id: str) -> Device | None:
    """Return the device; nobody waits, and it may change at any time."""
    row = transaction.session.scalars(_named(transaction, type_id, device_library_id)).first()
    return None if row is None else _device(row)


def _device(row: DeviceRow) -> Device:
    return Device(row.id, row.brand_id, row.counter, Provider(row.provider))


def _locked(transaction: Transaction, type_id: str, device_library_id: str) -> DeviceRow | None:
    query = _named(transaction, type_id, device_library_id)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return transaction.session.scalars(fresh).first()


def _named(transaction: Transaction, type_id: str, device_library_id: str) -> Select[DeviceRow]:
    return select(DeviceRow).where(
        DeviceRow.type_id == type_id,
        DeviceRow.device_digest == transaction.vault.digest("device", device_library_id),
    )


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


def delete_oldest(transaction: Transaction, pass_id: UUID, keep: int) -> list[UUID]:
    """Forget the pass on all devices but those that registered last, and return the devices.

    A repeat counts: a phone that is in use registers again by itself.
    """
    ids = (
        select(InstallationRow.id)
        .join(DeviceRow, DeviceRow.id == InstallationRow.device_id)
        .where(InstallationRow.pass_id == pass_id)
    )
    newest = ids.order_by(DeviceRow.push_token_at.desc(), InstallationRow.id.desc())
    forgotten = delete(InstallationRow).where(
        InstallationRow.pass_id == pass_id, InstallationRow.id.not_in(newest.limit(keep))
    )
    return list(transaction.session.scalars(forgotten.returning(InstallationRow.device_id)))


def delete_bare_devices(transaction: Transaction, device_ids: Collection[UUID]) -> None:
    """Forget those of the devices that have no pass any more.

    One that another call holds stays: to wait for it here, where other devices are locked in no
    order, could be a deadlock. What it was told goes too: its tag is then unknown, so that it is
    told everything when it comes back.
    """
    query = select(DeviceRow.id).where(DeviceRow.id.in_(device_ids))
    held = list(transaction.session.scalars(query.with_for_update(skip_locked=True)))
    # A statement of its own: only under the lock can no registration add a pass any more.
    has_any = select(InstallationRow.id).where(InstallationRow.device_id == DeviceRow.id).exists()
    transaction.session.execute(delete(DeviceRow).where(DeviceRow.id.in_(held), ~has_any))


def without_target(transaction: Transaction, device_id: UUID) -> list[tuple[UUID, UUID]]:
    """Return (installation, pass) of what is on the device and is owed no push."""
    query = (
        select(InstallationRow.id, InstallationRow.pass_id)
        .outerjoin(DeliveryRow, DeliveryRow.installation_id == InstallationRow.id)
        .where(InstallationRow.device_id == device_id, DeliveryRow.id.is_(None))
        .order_by(InstallationRow.id)
    )
    return [(row[0], row[1]) for row in transaction.session.execute(query)]


def delete_targets(transaction: Transaction, device_id: UUID) -> None:
    """Owe the device no more pushes; what is installed on it stays."""
    transaction.session.execute(delete(DeliveryRow).where(DeliveryRow.device_id == device_id))


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
            DeviceRow.provider == Provider.APNS,  # of the others the empty token is everybody's
        )
        .order_by(InstallationRow.account_id, InstallationRow.id)
    )
    if before is not None:
        query = query.where(DeviceRow.push_token_at < before)
    return [(row[0], row[1], row[2]) for row in transaction.session.execute(query)]


def proofs(transaction: Transaction, shown: Pass) -> list[Proof]:
    """Return what is known about every installation of the pass, oldest first."""
    query = (
        select(InstallationRow, DeviceRow.provider, DeliveryRow, HaltRow.reason)
        .join(DeviceRow, DeviceRow.id == InstallationRow.device_id)
        .outerjoin(DeliveryRow, DeliveryRow.installation_id == InstallationRow.id)
        .outerjoin(HaltRow, deliveries.is_halted())
        .where(InstallationRow.pass_id == shown.id)
        .order_by(InstallationRow.registered_at, InstallationRow.id)
    )
    rows = transaction.session.execute(query).all()
    return [
        _proof(row, Provider(provider), delivery, halt, shown, len(rows))
        for row, provider, delivery, halt in rows
    ]


def _proof(
    row: InstallationRow,
    provider: Provider,
    delivery: DeliveryRow | None,
    halt: str | None,
    shown: Pass,
    devices: int,
) -> Proof:
    surely = devices == 1 and was_fetched_alone(shown)
    pushed_at = delivery.sent_at if delivery else None
    return Proof(
        installation_id=row.id,
        wallet=shown.wallet,
        provider=provider,
        registered_at=row.registered_at,
        wanted_version=shown.version,
        pushed_version=delivery.sent_version if delivery and pushed_at else 0,
        pushed_at=pushed_at,
        asked_version=row.told_version if row.asked_at else None,
        asked_at=row.asked_at,
        fetched_version=shown.fetched_version if surely else None,
        fetched_at=shown.fetched_at if surely else None,
        fetched_by_one_of=devices,
        attempts=delivery.attempts if delivery else 0,
        last_error=deliveries.trouble(delivery, halt) if delivery else None,
        repushes=delivery.repushes if delivery else 0,
    )
