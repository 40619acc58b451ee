"""How much there is of what. These walk whole indexes or tables: never while a phone waits."""

from datetime import datetime

from sqlalchemy import func, select

from service.domain.passes import WalletName
from service.storage.database import Transaction
from service.storage.tables import DeliveryRow, DeviceRow, InstallationRow, PassRow


def passes_by_type(transaction: Transaction) -> dict[str, int]:
    """Return how many passes each pass type has."""
    query = select(PassRow.type_id, func.count()).group_by(PassRow.type_id)
    return {type_id: number for type_id, number in transaction.session.execute(query)}


def devices_by_type(transaction: Transaction) -> dict[str, int]:
    """Return how many devices have a pass of each type installed."""
    has_any = select(InstallationRow.id).where(InstallationRow.device_id == DeviceRow.id).exists()
    query = select(DeviceRow.type_id, func.count()).where(has_any).group_by(DeviceRow.type_id)
    return {type_id: number for type_id, number in transaction.session.execute(query)}


def due_by_wallet(transaction: Transaction, now: datetime) -> dict[WalletName, int]:
    """Return how many deliveries are due in each wallet: reads the index of what is owed alone."""
    query = select(DeliveryRow.wallet, func.count()).where(DeliveryRow.due_at <= now)
    rows = transaction.session.execute(query.group_by(DeliveryRow.wallet))
    return {WalletName(wallet): number for wallet, number in rows}
