"""Semantic tags: what a phone may suggest from (docs/sources.md, a-1)."""

from decimal import Decimal
from typing import Literal, TypedDict

# What a field may be said to mean. The first two need an amount of money.
Meaning = Literal["balance", "totalPrice", "membershipProgramName", "membershipProgramNumber"]


class CurrencyAmount(TypedDict):
    """An amount of money; the number is text."""

    amount: str
    currencyCode: str


class SemanticsJson(TypedDict, total=False):
    """The tags that concern loyalty."""

    balance: CurrencyAmount
    totalPrice: CurrencyAmount
    membershipProgramName: str
    membershipProgramNumber: str


def money(amount: int, decimals: int, currency: str) -> CurrencyAmount:
    """Return the exact amount, which is in the smallest unit here."""
    return {"amount": str(Decimal(amount).scaleb(-decimals)), "currencyCode": currency}
