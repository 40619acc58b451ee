"""Many phones with one card, written straight into the tables: registering each takes long."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from service.domain.deliveries import Priority
from service.domain.passes import WalletName
from service.operations import offers
from service.storage.tables import DeliveryRow, DeviceRow, InstallationRow, PassRow
from tests.world import World


def crowd(world: World, card: dict[str, Any], count: int, *, due: bool = True) -> list[str]:
    """Add phones that have the card and, if `due`, are owed a push; return their push tokens."""
    shown = a_pass(world, card)
    tokens = [f"{shown.id.hex}{number:08x}" for number in range(count)]
    now = world.clock()
    with world.context.transaction() as transaction:
        for token in tokens:
            device = _device(world, shown, token, now)
            installed = _installation(shown, device, now)
            transaction.session.add(device)
            transaction.session.flush()
            transaction.session.add(installed)
            transaction.session.flush()
            transaction.session.add(_target(shown, installed, now if due else None, now))
    return tokens


def a_pass(world: World, card: dict[str, Any]) -> PassRow:
    """Return the card's pass for Apple, made by a click on its link."""
    offers.apple_pass(world.context, card["links"]["apple"].split("/")[-2])
    with world.context.reading() as transaction:
        query = select(PassRow).where(
            PassRow.card_id == UUID(card["id"]), PassRow.wallet == WalletName.APPLE
        )
        return transaction.session.scalars(query).one()


def _device(world: World, shown: PassRow, token: str, now: datetime) -> DeviceRow:
    device_id = uuid4()
    with world.context.reading() as transaction:
        vault = transaction.vault
    return DeviceRow(
        id=device_id,
        brand_id=shown.brand_id,
        type_id=shown.type_id,
        device_digest=vault.digest("device", token),
        push_token=vault.seal(token, "devices", device_id),
        push_token_digest=vault.digest("push token", token),
        push_token_at=now,
        counter=0,
        provider="apns",
    )


def _installation(shown: PassRow, device: DeviceRow, now: datetime) -> InstallationRow:
    return InstallationRow(
        id=uuid4(),
        brand_id=shown.brand_id,
        account_id=shown.account_id,
        pass_id=shown.id,
        device_id=device.id,
        told_version=shown.version,
        told_at=None,
        registered_at=now,
    )


def _target(
    shown: PassRow, installed: InstallationRow, due_at: datetime | None, now: datetime
) -> DeliveryRow:
    return DeliveryRow(
        id=uuid4(),
        brand_id=shown.brand_id,
        account_id=shown.account_id,
        pass_id=shown.id,
        installation_id=installed.id,
        device_id=installed.device_id,
        wallet=shown.wallet,
        type_id=shown.type_id,
        wanted_version=shown.version,
        sent_version=shown.version - 1,
        priority=Priority.NORMAL,
        due_at=due_at,
        idle_at=now,
        attempts=0,
    )


def owed(world: World) -> int:
    """Return how many targets have not been told the newest version."""
    with world.context.reading() as transaction:
        query = select(func.count()).where(DeliveryRow.sent_version < DeliveryRow.wanted_version)
        return transaction.session.scalar(query) or 0


def targets(world: World) -> list[Any]:
    """Return every delivery's row."""
    with world.context.reading() as transaction:
        return list(transaction.session.execute(select(DeliveryRow.__table__)).all())
