"""Shows a pass as a phone would: translated, formatted, and what an update would announce.

What a phone draws depends on its system: from iOS 27 on (docs/sources.md, a-8) the poster where
there is one, and four more formats of barcodes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape

from service.emulators.pass_content import BARCODE_FORMATS, LEGACY_FORMATS, POSTER, fields_of
from service.emulators.pass_reader import OpenedPass
from service.emulators.pass_strings import strings_for

CURRENCY_SIGNS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}
CURRENCIES_WITHOUT_CENTS = {"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"}
PLACEHOLDER = "%@"
NO_STYLE = "PKDateStyleNone"
NEWEST_IOS = POSTER_IOS = 27
LINK = re.compile(r"""<a href=(["'])(.*?)\1>(.*?)</a>""", re.DOTALL)
GENERIC_NOTICES = {
    "storeCard": "Store card changed",
    "coupon": "Coupon changed",
    "eventTicket": "Event ticket changed",
    "boardingPass": "Boarding pass changed",
    "generic": "Pass changed",
    POSTER: "Pass changed",
}


@dataclass(frozen=True)
class RenderedField:
    """One field as the customer reads it; `link` is where a tap on it leads."""

    label: str
    value: str
    section: str
    change_message: str | None
    link: str | None = None

    def shown(self) -> dict[str, str]:
        """Return the field as the control API shows it."""
        shown = {"label": self.label, "value": self.value, "section": self.section}
        return shown if self.link is None else {**shown, "link": self.link}


def face_of(opened: OpenedPass, ios: int = NEWEST_IOS) -> str:
    """Return the style that the phone draws."""
    return POSTER if ios >= POSTER_IOS and POSTER in opened.content else opened.style


def render_fields(
    opened: OpenedPass, language: str, ios: int = NEWEST_IOS
) -> dict[str, RenderedField]:
    """Return the pass's fields by key, in its order, in the phone's language."""
    strings = strings_for(language, opened.strings)
    return {
        str(field["key"]): _render(section, field, strings)
        for section, field in fields_of(opened.content[face_of(opened, ios)])
    }


def render_pass(opened: OpenedPass, language: str, ios: int = NEWEST_IOS) -> dict[str, object]:
    """Return the whole pass as the control API shows it; no secret of the pass is in it."""
    strings = strings_for(language, opened.strings)
    fields = render_fields(opened, language, ios)
    return {
        "serial": opened.serial,
        "pass_type_id": opened.pass_type_id,
        "style": face_of(opened, ios),
        "organization": opened.content["organizationName"],
        "description": _translated(opened.content["description"], strings),
        "logo_text": _translated(opened.content.get("logoText"), strings),
        "voided": opened.is_voided,
        "expiration_date": opened.content.get("expirationDate"),
        "barcode": _barcode(opened.content, ios),
        "fields": {key: field.shown() for key, field in fields.items()},
    }


def changed_fields(
    old: Mapping[str, RenderedField], new: Mapping[str, RenderedField]
) -> dict[str, RenderedField]:
    """Return the new fields whose shown value differs from before."""
    return {
        key: field for key, field in new.items() if key not in old or old[key].value != field.value
    }


def notification(style: str, changed: Mapping[str, RenderedField]) -> str | None:
    """Return what the lock screen says about an update; None: it stays silent.

    One announced change is told in its own words; several, or words without a place for the
    value, become one generic notice (docs/sources.md, a-2).
    """
    messages = [field for field in changed.values() if field.change_message]
    if not messages:
        return None
    message = messages[0].change_message or ""
    if len(messages) > 1 or PLACEHOLDER not in message:
        return GENERIC_NOTICES[style]
    return message.replace(PLACEHOLDER, messages[0].value)


def _render(section: str, field: Mapping[str, object], strings: Mapping[str, str]) -> RenderedField:
    message = _translated(field.get("changeMessage"), strings)
    linked = LINK.search(_translated(field.get("attributedValue"), strings) or "")
    return RenderedField(
        label=_translated(field.get("label"), strings) or "",
        value=unescape(linked[3]) if linked else _value(field, strings),
        section=section,
        change_message=message or None,
        link=unescape(linked[2]) if linked else None,
    )


def _value(field: Mapping[str, object], strings: Mapping[str, str]) -> str:
    value = field["value"]
    if isinstance(value, int | float):
        return _number(value, field)
    text = str(value)
    if "dateStyle" in field or "timeStyle" in field:
        return _date(text, field)
    return strings.get(text, text)


def _number(value: float, field: Mapping[str, object]) -> str:
    if "currencyCode" in field:
        return _money(value, str(field["currencyCode"]))
    match field.get("numberStyle"):
        case "PKNumberStyleDecimal":
            return f"{value:,.3f}".rstrip("0").rstrip(".")
        case "PKNumberStylePercent":
            return f"{value:,.0%}"
        case "PKNumberStyleScientific":
            return f"{value:E}"
        case _:
            return str(value)


def _money(value: float, currency: str) -> str:
    digits = 0 if currency in CURRENCIES_WITHOUT_CENTS else 2
    sign = CURRENCY_SIGNS.get(currency, f"{currency} ")
    return f"{'-' if value < 0 else ''}{sign}{abs(value):,.{digits}f}"


def _date(text: str, field: Mapping[str, object]) -> str:
    moment = datetime.fromisoformat(text)
    if not field.get("ignoresTimeZone"):
        moment = moment.astimezone(UTC)
    parts = [
        moment.strftime(form)
        for name, form in (("dateStyle", "%Y-%m-%d"), ("timeStyle", "%H:%M"))
        if field.get(name, NO_STYLE) != NO_STYLE
    ]
    return " ".join(parts)


def _barcode(content: Mapping[str, object], ios: int) -> dict[str, object] | None:
    """Return the first barcode that the phone can draw."""
    listed = content.get("barcodes") or [content.get("barcode")]
    drawable = BARCODE_FORMATS if ios >= POSTER_IOS else LEGACY_FORMATS
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and each.get("format") in drawable:
            return {key: each.get(key) for key in ("format", "message", "altText")}
    return None


def _translated(text: object, strings: Mapping[str, str]) -> str | None:
    return strings.get(str(text), str(text)) if text is not None else None
