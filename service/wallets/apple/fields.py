"""The fields of a design, prepared once: per card only their values are left to be put in.

A field whose fact is missing (no name, no tier, no such balance) is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.domain.accounts import Balance
from service.domain.cards import CardStatus
from service.domain.designs import Design, DesignField, Section
from service.domain.passes import PassContent, ShownBalance
from service.wallets.apple.models.dates import instant
from service.wallets.apple.models.fields import (
    AMOUNTS,
    DATES,
    FieldJson,
    FieldOptions,
    constant,
    kind_of,
)
from service.wallets.apple.models.semantics import CurrencyAmount, Meaning, money
from service.wallets.apple.text import plain

# What a pass may show whoever holds it.
OPEN = frozenset({"text", "status", "expires_at"})
Value = Callable[[PassContent], FieldJson | None]


@dataclass(frozen=True, slots=True)
class PreparedField:
    """A field but for its value. Cards share it, so nothing of it is ever changed."""

    key: str
    is_open: bool
    value: Value
    loud: FieldJson
    quiet: FieldJson

    def drawn(self, content: PassContent) -> FieldJson | None:
        """Return the field of one card, or None if there is nothing to show."""
        if content.is_concealed and not self.is_open:
            return None
        value = self.value(content)
        if value is None:
            return None
        # A notification on the lock screen would tell the holder of a concealed card.
        rest = self.quiet if content.is_concealed else self.loud
        return {"key": self.key, **value, **rest}


def prepared(
    design: Design, field: DesignField, options: FieldOptions, section: Section
) -> PreparedField:
    """Return the field as it stands in `section`, which need not be its own in the design."""
    quiet: FieldJson = {}
    if field.label is not None:
        quiet["label"] = field.label
    loud = quiet.copy()
    if field.change_message is not None:
        loud["changeMessage"] = field.change_message
    placed = _placed(field, options, section)
    return PreparedField(
        key=field.key,
        is_open=kind_of(field.shows) in OPEN,
        value=_value(design, field, options),
        loud={**loud, **placed},
        quiet={**quiet, **placed},
    )


def _placed(field: DesignField, options: FieldOptions, section: Section) -> FieldJson:
    """Return what depends on where the field stands."""
    if section is Section.BACK:
        return _on_the_back(field, options)
    if section is Section.PRIMARY or options.text_alignment is None:
        return {}
    return {"textAlignment": constant("PKTextAlignment", options.text_alignment)}


def _on_the_back(field: DesignField, options: FieldOptions) -> FieldJson:
    written: FieldJson = {}
    if options.link is not None:
        written["attributedValue"] = link_key(field)
    if options.data_detectors is not None:
        found = [constant("PKDataDetectorType", word) for word in options.data_detectors]
        written["dataDetectorTypes"] = found
    elif kind_of(field.shows) != "text":
        # Left to itself iOS makes a telephone link of a card number.
        written["dataDetectorTypes"] = []
    return written


def link_key(field: DesignField) -> str:
    """Return the key under which the strings hold the field's link; no design has such a key."""
    return f"apple-link.{field.key}"


def _value(design: Design, field: DesignField, options: FieldOptions) -> Value:
    kind, _, name = field.shows.partition(":")
    if kind == "text":
        return _text(name, options)
    if kind == "status":
        return _status(design)
    if kind in DATES:
        return _date(kind, name, options)
    if kind in AMOUNTS:
        return _amount(kind, name, options)
    return _fact(kind, options)


def _text(name: str, options: FieldOptions) -> Value:
    written: FieldJson = {"value": name}
    if options.meaning == "membershipProgramName":
        written["semantics"] = {"membershipProgramName": name}
    return lambda content: written


def _status(design: Design) -> Value:
    """Write the strings key of the status, or plain English where a language lacks it.

    A concealed card says no more than that it cannot be used.
    """

    def word(name: str, english: str) -> FieldJson:
        key = f"status.{name}"
        is_said = all(key in strings for strings in design.strings.values())
        return {"value": key if design.strings and is_said else english}

    concealed = word("concealed", "Unavailable")
    words = {status: word(status, status.capitalize()) for status in CardStatus}
    return lambda content: concealed if content.is_concealed else words[content.status]


def _date(kind: str, code: str, options: FieldOptions) -> Value:
    style = options.date()

    def ends(content: PassContent) -> datetime | None:
        if kind == "expires_at":
            return content.expires_at
        shown = _balance(content, code)
        expiring = shown.balance.next_expiring if shown is not None else None
        return expiring[1] if expiring is not None else None

    def value(content: PassContent) -> FieldJson | None:
        at = ends(content)
        return None if at is None else {"value": instant(at), **style}

    return value


def _amount(kind: str, code: str, options: FieldOptions) -> Value:
    """Write a balance as a number, which the phone writes as its owner is used to."""
    number = options.number()

    def value(content: PassContent) -> FieldJson | None:
        shown = _balance(content, code)
        amount = None if shown is None else _part(shown.balance, kind)
        if shown is None or amount is None:
            return None
        written: FieldJson = {"value": _natural(amount, shown.type.decimals)}
        if shown.type.currency is None:
            return {**written, **number}
        # `numberStyle` and `currencyCode` exclude each other.
        written["currencyCode"] = shown.type.currency
        paid = money(amount, shown.type.decimals, shown.type.currency)
        return {**written, **_meaning_of_money(options.meaning, paid)}

    return value


def _balance(content: PassContent, code: str) -> ShownBalance | None:
    for shown in content.balances:
        if shown.type.code == code:
            return shown
    return None


def _part(balance: Balance, kind: str) -> int | None:
    """Return the amount, or that part of it which waits or ends, if there is any."""
    if kind == "balance":
        return balance.amount
    if kind == "pending":
        return balance.pending or None
    expiring = balance.next_expiring
    return None if expiring is None else expiring[0]


def _natural(amount: int, decimals: int) -> int | float:
    """Return the amount in whole units; what is written as JSON is exact up to 15 digits.

    Wallet reads JSON numbers as doubles, so more digits could not be shown anyway.
    """
    unit: int = 10**decimals
    whole, rest = divmod(amount, unit)
    return amount / unit if rest else whole


def _meaning_of_money(meaning: Meaning | None, paid: CurrencyAmount) -> FieldJson:
    if meaning is None:
        return {}
    return {"semantics": {"balance": paid} if meaning == "balance" else {"totalPrice": paid}}


def _fact(kind: str, options: FieldOptions) -> Value:
    read = FACTS[kind]
    is_number = options.meaning == "membershipProgramNumber"

    def value(content: PassContent) -> FieldJson | None:
        shown = plain(read(content) or "")
        if not shown:
            return None
        if is_number:
            return {"value": shown, "semantics": {"membershipProgramNumber": shown}}
        return {"value": shown}

    return value


def _tier(content: PassContent) -> str | None:
    return None if content.tier is None else content.tier.name


FACTS: dict[str, Callable[[PassContent], str | None]] = {
    "card_number": lambda content: content.card_number,
    "member_name": lambda content: content.member_name,
    "tier": _tier,
}
