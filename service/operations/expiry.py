"""How the brands' Apple certificates stand: told before they end, once per stage, with its reach.

A renewed certificate that signs already, or takes over before the end, silences it all. What ends
with a certificate: docs/sources.md, a-33.
"""

import logging
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from service.context import Context
from service.domain.attention import Attention
from service.domain.certificates import (
    ACT_WITHIN_DAYS,
    SERIOUS_STAGE,
    Certificate,
    State,
    last_in_line,
    state_of,
)
from service.domain.errors import PassUnavailable, SetupError
from service.domain.passes import WalletName
from service.operations import certificates, halting
from service.operations.runner import retrying
from service.storage import alarms, brands, counts, credentials, halts
from service.storage.database import Transaction

log = logging.getLogger(__name__)
COUNTED_EVERY = timedelta(minutes=5)
UNREADABLE_STAGE = -1  # beside the days of STAGES


@dataclass(frozen=True)
class Standing:
    """How a certificate stands at a moment. `brand` is the brand's name.

    Only the one that ends its pass type's line has a `stage`; the others have a successor.
    """

    brand: str
    certificate: Certificate
    state: State
    is_last: bool
    days_left: int
    stage: int | None

    @property
    def type_id(self) -> str:
        return self.certificate.facts.type_id

    @property
    def must_act_now(self) -> bool:
        return self.is_last and self.days_left < ACT_WITHIN_DAYS


@dataclass(frozen=True)
class Reach:
    """How many passes, on how many devices, a certificate's end concerns."""

    passes: int
    devices: int


NOBODY = Reach(0, 0)


@dataclass(frozen=True)
class Unreadable:
    """A certificate that is kept damaged and signs nothing. `brand` is the brand's name."""

    id: UUID
    brand_id: UUID
    brand: str
    type_id: str
    active_from: datetime
    reason: str

    @property
    def fault(self) -> str:
        return (
            f"A Pass Type ID certificate of {self.type_id} ({self.brand}) cannot be used: "
            f"{self.reason}"
        )

    @property
    def cure(self) -> str:
        return f"Import it again: `tessera certs import --brand {shlex.quote(self.brand)}`."


def standings(context: Context, brand_id: UUID | None = None) -> list[Standing]:
    """Return how each certificate of a brand (None: of all) stands now."""
    now = context.now()
    with context.reading() as transaction:
        listed = certificates.of_brand(context, transaction, brand_id)
        names = {brand.id: brand.name for brand in brands.listed(transaction)}
    by_type = groupby(listed, key=lambda each: (each.brand_id, each.facts.type_id))
    return [
        standing
        for (owner, _), of_type in by_type
        for standing in _standings_of_type(names[owner], list(of_type), now)
    ]


def unreadable(context: Context, brand_id: UUID | None = None) -> list[Unreadable]:
    """Return the certificates of a brand (None: of all) that cannot be read and are missed."""
    with context.reading() as transaction:
        found = certificates.unreadable(context, transaction, brand_id)
        names = {brand.id: brand.name for brand in brands.listed(transaction)} if found else {}
    return [
        Unreadable(
            each.id, each.brand_id, names[each.brand_id], each.type_id, each.active_from, reason
        )
        for each, reason in found
    ]


def _standings_of_type(
    brand: str, of_type: Sequence[Certificate], now: datetime
) -> Iterator[Standing]:
    last = last_in_line(of_type, now)
    for each in of_type:
        is_last = each == last
        stage = each.stage(now) if is_last else None
        state = state_of(each, of_type, now)
        yield Standing(brand, each, state, is_last, each.days_left(now), stage)


def reach(context: Context) -> dict[str, Reach]:
    """Return the reach of every pass type; counted anew, which takes a walk over all passes."""
    with context.reading() as transaction:
        passes = counts.passes_by_type(transaction)
        devices = counts.devices_by_type(transaction)
    return {type_id: Reach(number, devices.get(type_id, 0)) for type_id, number in passes.items()}


def recent_reach(context: Context) -> dict[str, Reach]:
    """Return the reach of every pass type as this process counted it in the last 5 minutes."""
    return context.remembered("reach", COUNTED_EVERY, lambda: reach(context))


def raise_alarms(context: Context) -> None:
    """Log every certificate that reached a stage or cannot be read, once over all processes.

    Connections of certificates that others have taken over from are closed.
    """
    with context.reading() as transaction:
        context.settle_wallets(transaction)
    for each in standings(context):
        if each.stage is not None and _is_first(context, each.certificate, each.stage):
            level = logging.ERROR if each.stage <= SERIOUS_STAGE else logging.WARNING
            log.log(level, "%s", " ".join(told(each, recent_reach(context))))
    for lost in unreadable(context):
        if _is_first(context, lost, UNREADABLE_STAGE):
            log.error("%s %s", lost.fault, lost.cure)


def _is_first(context: Context, concerned: Certificate | Unreadable, stage: int) -> bool:
    """Say whether nobody has told of this stage yet; from now on somebody has."""
    subject = f"certificate {concerned.id}"

    def note() -> bool:
        with context.transaction() as transaction:
            now = context.now()
            return alarms.raise_once(transaction, concerned.brand_id, subject, stage, now)

    return retrying(note)


def told(standing: Standing, reached: Mapping[str, Reach]) -> tuple[str, str]:
    """Return what a certificate's end means for customers, and what to do next."""
    concerned = reached.get(standing.type_id, NOBODY)
    since = "Since then" if standing.state is State.EXPIRED else "From then on"
    meaning = (
        f"{since} customers get no new passes of it, and the passes they have "
        f"({concerned.passes}, on {concerned.devices} devices) stay as they are, without updates."
    )
    cure = (
        f"Renew it: `tessera certs csr --brand {shlex.quote(standing.brand)} --email YOURS`, then "
        "Apple's portal, then `tessera certs import`."
    )
    return f"{_ending(standing)} {meaning}", cure


def _ending(standing: Standing) -> str:
    facts = standing.certificate.facts
    name = f"The Pass Type ID certificate of {standing.type_id} ({standing.brand})"
    if facts.wwdr_ends_at < facts.certificate_ends_at:
        name += f", by its intermediate {facts.wwdr},"
    day = f"{facts.ends_at:%Y-%m-%d}"
    if standing.state is State.EXPIRED:
        return f"{name} expired on {day}."
    left = standing.days_left
    days = f"{left} day{'' if left == 1 else 's'}" if left else "less than a day"
    return f"{name} expires on {day}, in {days}."


def attention(listed: Iterable[Standing]) -> list[Attention]:
    """Return what of these needs an operator, as codes that anybody may read."""
    stages = {each.stage for each in listed if each.stage is not None}
    expires = [Attention.CERTIFICATE_EXPIRES] if stages - {0} else []
    return expires + ([Attention.CERTIFICATE_EXPIRED] if 0 in stages else [])


def faults(context: Context) -> list[str]:
    """Return what an operator must fix in the brands' credentials; empty when well."""
    staged = [each for each in standings(context) if each.stage is not None]
    reached = reach(context) if staged else {}
    lost = unreadable(context)
    known = {each.type_id for each in staged if each.stage == 0} | {each.type_id for each in lost}
    with context.reading() as transaction:
        found = [
            fault
            for brand_id, name, type_id in credentials.issued_types(transaction)
            if type_id not in known
            for fault in wallet_faults(context, transaction, brand_id, name, type_id)
        ]
    ending = [" ".join(told(each, reached)) for each in staged]
    return ending + [f"{each.fault} {each.cure}" for each in lost] + found


def wallet_faults(
    context: Context, transaction: Transaction, brand_id: UUID, name: WalletName, type_id: str
) -> list[str]:
    """Return what is wrong with the set-up of a pass type now; empty when well."""
    halt = halts.of_type(transaction, (name, type_id))
    try:
        wallet = context.wallet(transaction, brand_id, name, type_id)
    except (PassUnavailable, SetupError) as error:
        return [error.detail]
    found = [] if wallet is None else wallet.check(context.now())
    return found if halt is None else [*found, halting.told(halt)]
