"""What one wallet shows of one card, and how its version moves."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.domain.accounts import Balance, Tier
from service.domain.cards import CardStatus
from service.domain.programs import BalanceType, BarcodeFormat


class WalletName(StrEnum):
    APPLE = "apple"  # every phone keeps its own copy and fetches the next one
    GOOGLE = "google"  # Google keeps the one object that every phone shows

    @property
    def keeps_passes(self) -> bool:
        """Say whether the vendor keeps the pass, so that a delivery must bring its content."""
        return self is WalletName.GOOGLE


@dataclass(frozen=True)
class Pass:
    """A card in one wallet. `version` is raised by anything the pass shows.

    `bucket` (0-99, by chance) says whether a part of a roll-out of designs reaches it.

    `type_id` is Apple's Pass Type ID or Google's issuer id: whose credential speaks for the pass.
    `serial` is Apple's serial number or Google's object id.

    `last_modified` has whole seconds and moves forward by at least one per version, because
    HTTP dates have no finer unit: after many quick changes it runs ahead of `changed_at`.
    No copy is older than `first_offered_version`. `single_since`: from then on exactly one device
    has had it installed.
    """

    id: UUID
    brand_id: UUID
    account_id: UUID
    card_id: UUID
    design_id: UUID
    bucket: int
    wallet: WalletName
    type_id: str
    serial: str
    version: int
    last_modified: datetime
    changed_at: datetime
    first_offered_version: int | None = None
    fetched_version: int | None = None
    fetched_at: datetime | None = None
    single_since: datetime | None = None


def was_fetched_alone(shown: Pass) -> bool:
    """Say whether the last fetch happened while one device only had the pass."""
    if shown.single_since is None or shown.fetched_at is None:
        return False
    return shown.fetched_at >= shown.single_since


@dataclass(frozen=True)
class ShownBalance:
    type: BalanceType
    balance: Balance


@dataclass(frozen=True)
class PassContent:
    """Everything a wallet needs to draw one pass; built by operations, read by wallets.

    `authentication_token` is Apple's and empty elsewhere. `base_url` is where this service
    answers. `is_concealed` asks for a pass that tells its holder nothing: no name, no balance.
    `is_anonymous`: nobody is known to hold the card.
    """

    pass_id: UUID
    program_id: UUID
    type_id: str
    serial: str
    version: int
    authentication_token: str
    base_url: str
    brand_name: str
    program_name: str
    card_number: str
    barcode_format: BarcodeFormat
    barcode_message: str
    status: CardStatus
    is_concealed: bool
    balances: tuple[ShownBalance, ...]
    tier: Tier | None
    member_name: str | None
    expires_at: datetime | None
    is_anonymous: bool = False
