"""Figures for whoever watches the service from outside.

What takes long to count is counted at most every 5 minutes by each process.
"""

from uuid import UUID

from service.context import Context
from service.domain.attention import Attention
from service.domain.passes import WalletName
from service.operations import device_reports, expiry, staleness
from service.operations.expiry import COUNTED_EVERY
from service.storage import counts, halts


def attention(context: Context, brand_id: UUID | None = None) -> list[Attention]:
    """Return what of a brand (None: of all) needs an operator, as codes that name nobody."""
    halted = [Attention.WALLET_HALTED] if halted_types(context, brand_id) else []
    unreadable = expiry.unreadable(context, brand_id)
    lost = [Attention.CERTIFICATE_UNREADABLE] if unreadable else []
    return expiry.attention(expiry.standings(context, brand_id)) + lost + halted


def halted_types(context: Context, brand_id: UUID | None = None) -> list[tuple[WalletName, str]]:
    """Return the wallets and pass types of a brand (None: of all) that are not pushed now."""
    with context.reading() as transaction:
        return [(halt.wallet, halt.type_id) for halt in halts.begun(transaction, brand_id)]


def due(context: Context) -> dict[WalletName, int]:
    """Return how many deliveries of each wallet are due and not yet taken by a worker."""
    with context.reading() as transaction:
        found = counts.due_by_wallet(transaction, context.now())
    return {name: found.get(name, 0) for name in WalletName}


def stale(context: Context) -> dict[UUID, int]:
    """Return, per brand that has any, how many phones were pushed again and still did not come."""
    return context.remembered("stale", COUNTED_EVERY, lambda: staleness.count(context))


def reports(context: Context) -> dict[str, int]:
    """Return how many reports of devices are kept, by kind, of all brands together."""
    return context.remembered("reports", COUNTED_EVERY, lambda: device_reports.counts(context))


def reports_of(context: Context, brand_id: UUID) -> dict[str, int]:
    """Return how many reports of devices are kept about a brand's passes, by kind."""

    def read() -> dict[str, int]:
        return device_reports.counts_of(context, brand_id)

    return context.remembered(f"reports of {brand_id}", COUNTED_EVERY, read)
