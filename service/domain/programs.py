"""How a kind of loyalty is presented: numbers, barcode, balances, design."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from service.domain.numbers import NumberScheme


class BarcodeFormat(StrEnum):
    """How a card's number is drawn; what each format can carry is in `barcodes`."""

    QR = "qr"
    PDF417 = "pdf417"
    AZTEC = "aztec"
    CODE128 = "code128"
    EAN13 = "ean13"
    CODE39 = "code39"
    CODABAR = "codabar"
    ITF = "itf"  # interleaved 2 of 5


class BalanceOwner(StrEnum):
    SOURCE = "source"
    TESSERA = "tessera"


@dataclass(frozen=True)
class BalanceType:
    """One balance of a program. Amounts are in the smallest unit: 10**-decimals."""

    code: str
    decimals: int = 0
    currency: str | None = None


@dataclass(frozen=True)
class Program:
    """A loyalty program of one brand; `design_id` is the version of the design now published."""

    id: UUID
    brand_id: UUID
    name: str
    kind: str
    design_id: UUID
    number_scheme: NumberScheme = field(default_factory=NumberScheme)
    barcode_format: BarcodeFormat = BarcodeFormat.QR
    balances: tuple[BalanceType, ...] = (BalanceType("points"),)
    balance_owner: BalanceOwner = BalanceOwner.SOURCE
    cards_per_account: int = 1
    below_zero: bool = False
    phone_region: str = "US"
