"""What a pass says: a `pass.json` as a dictionary. Pure; nothing is signed or packed here.

Sources: apple/PassBuilder (PassPackage) and Wallet Passes > Pass, PassFields, PassFieldContent,
Pass.Barcodes; checked 2026-11-22.

Every localizable text (label, change message, text, status) is a key of the design's strings.
Those keys have a dot in them and a fixed first word (`label.`, `status.` ...), so that a member
or a tier is not called like one by accident; who does it on purpose only changes their own card.
"""

from datetime import UTC, datetime
from typing import Any

from service.domain.cards import CardStatus
from service.domain.designs import Design, DesignField, Section
from service.domain.passes import PassContent, ShownBalance
from service.domain.programs import BarcodeFormat
from service.wallets.apple.text import plain

BARCODES = {
    BarcodeFormat.QR: "PKBarcodeFormatQR",
    BarcodeFormat.PDF417: "PKBarcodeFormatPDF417",
    BarcodeFormat.AZTEC: "PKBarcodeFormatAztec",
    BarcodeFormat.CODE128: "PKBarcodeFormatCode128",
}
USABLE = frozenset({CardStatus.ACTIVE, CardStatus.INACTIVE})


def pass_json(content: PassContent, design: Design, team_id: str) -> dict[str, Any]:
    """Return the `pass.json` of a store card.

    A field whose fact is missing (no name, no tier, no such balance) is left out.
    """
    return {
        **_identity(content, team_id),
        **_texts(content),
        **_colors(design),
        **_life(content),
        **_web_service(content),
        "storeCard": _sections(content, design),
    }


def _identity(content: PassContent, team_id: str) -> dict[str, Any]:
    return {
        "formatVersion": 1,
        "passTypeIdentifier": content.type_id,
        "teamIdentifier": team_id,
        "serialNumber": content.serial,
    }


def _texts(content: PassContent) -> dict[str, Any]:
    brand, program = plain(content.brand_name), plain(content.program_name)
    return {
        "organizationName": brand,
        "description": f"{program}, {brand}",
        "logoText": program,
    }


def _colors(design: Design) -> dict[str, Any]:
    return {
        "backgroundColor": design.background,
        "foregroundColor": design.foreground,
        "labelColor": design.label,
    }


def _life(content: PassContent) -> dict[str, Any]:
    """Say whether the card may be used; one that may not has no barcode and looks void.

    There is no remote delete: the phone moves a void pass to its expired ones.
    """
    life: dict[str, Any] = {"sharingProhibited": True}
    if content.expires_at is not None:
        life["expirationDate"] = _instant(content.expires_at)
    if content.status in USABLE:
        return {**life, "barcodes": _barcodes(content)}
    return {**life, "voided": True}


def _web_service(content: PassContent) -> dict[str, Any]:
    return {
        "webServiceURL": f"{content.base_url}/apple",
        "authenticationToken": content.authentication_token,
    }


def _barcodes(content: PassContent) -> list[dict[str, str]]:
    """Return the barcodes in order of preference: the device draws the first it can.

    A watch draws no Code 128, so the same digits follow as a QR code.
    """
    formats = [content.barcode_format]
    if content.barcode_format is BarcodeFormat.CODE128:
        formats.append(BarcodeFormat.QR)
    return [_barcode(content, barcode_format) for barcode_format in formats]


def _barcode(content: PassContent, barcode_format: BarcodeFormat) -> dict[str, str]:
    return {
        "format": BARCODES[barcode_format],
        "message": content.barcode_message,
        "messageEncoding": _encoding(content.barcode_message),
        "altText": plain(content.card_number),
    }


def _encoding(message: str) -> str:
    """Return the barcode's character set: scanners guess Latin-1 first, so UTF-8 only if needed."""
    try:
        message.encode("iso-8859-1")
    except UnicodeEncodeError:
        return "utf-8"
    return "iso-8859-1"


def _sections(content: PassContent, design: Design) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for field in design.fields:
        drawn = _field(content, design, field)
        if drawn is not None:
            sections.setdefault(f"{field.section}Fields", []).append(drawn)
    return sections


def _field(content: PassContent, design: Design, field: DesignField) -> dict[str, Any] | None:
    value = _value(content, design, field.shows)
    if value is None:
        return None
    drawn = {"key": field.key, **value}
    if field.label is not None:
        drawn["label"] = field.label
    # A notification on the lock screen would tell the holder of a concealed card.
    if field.change_message is not None and not content.is_concealed:
        drawn["changeMessage"] = field.change_message
    if field.section is Section.BACK and not field.shows.startswith("text:"):
        # Left to itself iOS makes a telephone link of a card number.
        drawn["dataDetectorTypes"] = []
    return drawn


def _value(content: PassContent, design: Design, shows: str) -> dict[str, Any] | None:
    """Return the value of a field and how it is written, or None if there is nothing to show."""
    kind, _, name = shows.partition(":")
    match kind:
        case "text":
            return {"value": name}
        case "status":
            return {"value": _status(content, design)}
        case "expires_at":
            return _date(content.expires_at)
        case _ if content.is_concealed:
            return None
        case "balance":
            return _balance(content, name)
        case _:
            return _said(_fact(content, kind))


def _fact(content: PassContent, kind: str) -> str | None:
    match kind:
        case "card_number":
            return content.card_number
        case "member_name":
            return content.member_name
        case "tier" if content.tier is not None:
            return content.tier.name
        case _:
            return None


def _said(text: str | None) -> dict[str, Any] | None:
    shown = plain(text or "")
    return {"value": shown} if shown else None


def _status(content: PassContent, design: Design) -> str:
    """Return the strings key of the status, or plain English where a language lacks it.

    A concealed card says no more than that it cannot be used.
    """
    word = "concealed" if content.is_concealed else str(content.status)
    key = f"status.{word}"
    if design.strings and all(key in strings for strings in design.strings.values()):
        return key
    return "Unavailable" if content.is_concealed else word.capitalize()


def _date(at: datetime | None) -> dict[str, Any] | None:
    if at is None:
        return None
    style = {"dateStyle": "PKDateStyleMedium", "timeStyle": "PKDateStyleNone"}
    return {"value": _instant(at), **style}


def _balance(content: PassContent, code: str) -> dict[str, Any] | None:
    """Return the balance as a number, which the phone writes as its owner is used to.

    `numberStyle` and `currencyCode` exclude each other.
    """
    shown = next((shown for shown in content.balances if shown.type.code == code), None)
    if shown is None:
        return None
    if shown.type.currency is not None:
        return {"value": _natural(shown), "currencyCode": shown.type.currency}
    return {"value": _natural(shown), "numberStyle": "PKNumberStyleDecimal"}


def _natural(shown: ShownBalance) -> int | float:
    """Return the amount in whole units; what is written as JSON is exact up to 15 digits.

    Wallet reads JSON numbers as doubles, so more digits could not be shown anyway.
    """
    unit: int = 10**shown.type.decimals
    whole, rest = divmod(shown.balance.amount, unit)
    return shown.balance.amount / unit if rest else whole


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
