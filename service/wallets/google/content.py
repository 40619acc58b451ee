"""What Google is told: a LoyaltyClass per program and a LoyaltyObject per card. Pure.

Sources: docs/sources.md, g-2 to g-4 and g-7.
"""

import re
from datetime import UTC
from typing import Any

from service.domain.barcodes import drawn_as, symbol
from service.domain.cards import CardStatus
from service.domain.designs import COLOR, GOOGLE_HERO, GOOGLE_LOGO, Design, DesignField
from service.domain.errors import InvalidInput
from service.domain.numbers import ean_digit
from service.domain.passes import PassContent, ShownBalance
from service.domain.programs import BarcodeFormat
from service.wallets.google.texts import field_showing, labelled, localized, plain

Body = dict[str, Any]
MOST_TEXTS = 10
INT32, INT64 = 2**31 - 1, 2**63 - 1
MICRO_DIGITS = 6
# A PATCH merges into what is there: a balance of another form than before would be added to it.
NO_BALANCE: Body = dict.fromkeys(("int", "string", "double", "money"))
BARCODES = {
    BarcodeFormat.QR: "QR_CODE",
    BarcodeFormat.PDF417: "PDF_417",
    BarcodeFormat.AZTEC: "AZTEC",
    BarcodeFormat.CODE128: "CODE_128",
    BarcodeFormat.EAN13: "EAN_13",
    BarcodeFormat.CODE39: "CODE_39",
    BarcodeFormat.CODABAR: "CODABAR",
    BarcodeFormat.ITF: "ITF_14",
}
ITF_DIGITS = 14
# An inactive card is shown as usable with a notice, as on an iPhone: it earns, and becomes active.
STATES = {
    CardStatus.UNASSIGNED: "ACTIVE",
    CardStatus.INACTIVE: "ACTIVE",
    CardStatus.ACTIVE: "ACTIVE",
    CardStatus.BLOCKED: "INACTIVE",
    CardStatus.REPLACED: "INACTIVE",
    CardStatus.EXPIRED: "EXPIRED",
    CardStatus.CLOSED: "EXPIRED",
}


def class_id(content: PassContent) -> str:
    """Return the id of the program's class: ids can never be given back, so it holds no name."""
    return f"{content.type_id}.{content.program_id}"


def loyalty_class(content: PassContent, design: Design) -> Body:
    """Return the LoyaltyClass of the program, as it is inserted and as it is patched.

    It is always sent as UNDER_REVIEW: Google approves it by itself and refuses APPROVED.

    Raises:
        InvalidInput: the design has no logo for Google.
    """
    return {
        "id": class_id(content),
        "issuerName": content.brand_name,
        "programName": content.program_name,
        "programLogo": _image(content, design, GOOGLE_LOGO, content.program_name),
        "heroImage": _hero(content, design),
        "hexBackgroundColor": _hex(design.background),
        "reviewStatus": "UNDER_REVIEW",
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
        **labelled(design, "accountIdLabel", "card_number"),
        **labelled(design, "accountNameLabel", "member_name"),
        "textModulesData": _class_texts(design),
    }


def _hero(content: PassContent, design: Design) -> Body | None:
    return _image(content, design, GOOGLE_HERO) if GOOGLE_HERO in design.images else None


def _image(content: PassContent, design: Design, name: str, says: str = "") -> Body:
    path = design.image_path(name)
    if path is None:
        raise InvalidInput(f"The design has no {name}: Google asks for one.", [("images", name)])
    image: Body = {"sourceUri": {"uri": content.base_url + path}}
    if says:
        language = next(iter(design.strings))
        said = {"defaultValue": {"language": language, "value": says}}
        image["contentDescription"] = said
    return image


def _hex(color: str) -> str:
    found = re.fullmatch(COLOR, color)
    assert found is not None, "designs are checked when they are read"
    return "#" + "".join(f"{int(part):02x}" for part in found.groups())


def _class_texts(design: Design) -> list[Body]:
    """Return what the design says to everybody, in its order; Google shows ten."""
    texts = [f for f in design.fields if f.shows.startswith("text:")]
    return [_text_module(design, field) for field in texts[:MOST_TEXTS]]


def _text_module(design: Design, field: DesignField) -> Body:
    key = field.shows.removeprefix("text:")
    return {
        "id": field.key,
        **(_header(design, field.label) if field.label else {}),
        "body": plain(design, key),
        "localizedBody": localized(design, key),
    }


def _header(design: Design, label: str) -> Body:
    return {"header": plain(design, label), "localizedHeader": localized(design, label)}


def loyalty_object(content: PassContent, design: Design) -> Body:
    """Return the LoyaltyObject of the card, every field we own in it; None clears a field.

    A card that may not be used has no barcode: an inactive pass can still be opened.
    """
    is_usable = STATES[content.status] == "ACTIVE"
    return {
        "id": content.serial,
        "classId": class_id(content),
        "state": STATES[content.status],
        "accountId": None if content.is_concealed else content.card_number,
        "accountName": None if content.is_concealed else content.member_name,
        "loyaltyPoints": _points(content, design, 0),
        "secondaryLoyaltyPoints": _points(content, design, 1) or _tier(content, design),
        "barcode": _barcode(content) if is_usable else None,
        "textModulesData": _notices(content, design),
        "validTimeInterval": _validity(content),
    }


def without_empty(body: Body) -> Body:
    """Return the body for an insert, where there is nothing to clear."""
    return {
        name: without_empty(value) if isinstance(value, dict) else value
        for name, value in body.items()
        if value not in (None, [])
    }


def for_a_link(body: Body) -> Body:
    """Return the object as short as a link needs it; a worker sends the translations later."""
    return {
        name: for_a_link(value) if isinstance(value, dict) else value
        for name, value in without_empty(body).items()
        if not name.startswith("localized")
    }


def _points(content: PassContent, design: Design, place: int) -> Body | None:
    if content.is_concealed or place >= len(content.balances):
        return None
    shown = content.balances[place]
    label = labelled(design, "label", f"balance:{shown.type.code}")
    return {**label, "balance": {**NO_BALANCE, **balance(shown)}}


def balance(shown: ShownBalance) -> Body:
    """Return the one member of LoyaltyPointsBalance that holds this amount exactly.

    `money` for a currency, `int` for whole numbers, where they fit; else `string`, because a
    `double` would not be exact.
    """
    amount, decimals = shown.balance.amount, shown.type.decimals
    micros = amount * 10 ** (MICRO_DIGITS - decimals)
    if shown.type.currency is not None and abs(micros) <= INT64:
        return {"money": {"micros": str(micros), "currencyCode": shown.type.currency}}
    if decimals == 0 and abs(amount) <= INT32:
        return {"int": amount}
    return {"string": _written(amount, decimals)}


def _written(amount: int, decimals: int) -> str:
    digits = str(abs(amount)).zfill(decimals + 1)
    whole, rest = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    return ("-" if amount < 0 else "") + whole + (f".{rest}" if rest else "")


def _tier(content: PassContent, design: Design) -> Body | None:
    """Return the tier as second points: on the class it would need a class per tier."""
    if content.tier is None or content.is_concealed:
        return None
    tier = {**NO_BALANCE, "string": content.tier.name}
    return {**labelled(design, "label", "tier"), "balance": tier}


def _barcode(content: PassContent) -> Body:
    """Return the barcode, in the format that stands in where Google draws no such message."""
    message = content.barcode_message
    drawn = next(each for each in drawn_as(content.barcode_format) if _can_draw(each, message))
    return {
        "type": BARCODES[drawn],
        "value": symbol(drawn, message),
        "alternateText": content.card_number,
    }


def _can_draw(barcode_format: BarcodeFormat, message: str) -> bool:
    """Say whether Google draws it: of ITF it knows but the one of trade items, with its check."""
    if barcode_format is not BarcodeFormat.ITF:
        return True
    return len(message) == ITF_DIGITS and message[-1] == ean_digit(message[:-1])


def _notices(content: PassContent, design: Design) -> list[Body]:
    """Return the card's status where it is not simply active; a concealed one says no more."""
    if content.status is CardStatus.ACTIVE:
        return []
    word = "concealed" if content.is_concealed else str(content.status)
    key = f"status.{word}"
    field = field_showing(design, "status")
    return [
        {
            "id": "status",
            **(_header(design, field.label) if field is not None and field.label else {}),
            "body": plain(design, key) or word.capitalize(),
            **({"localizedBody": said} if (said := localized(design, key)) else {}),
        }
    ]


def _validity(content: PassContent) -> Body | None:
    if content.expires_at is None:
        return None
    until = content.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"end": {"date": until}}
