"""Shows a pass as a phone would: translated, formatted, and what an update would announce."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from service.emulators.pass_content import fields_of
from service.emulators.pass_reader import OpenedPass
from service.emulators.pass_strings import strings_for

CURRENCY_SIGNS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}
CURRENCIES_WITHOUT_CENTS = {"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"}
PLACEHOLDER = "%@"
NO_STYLE = "PKDateStyleNone"
GENERIC_NOTICES = {
    "storeCard": "Store card changed",
    "coupon": "Coupon changed",
    "eventTicket": "Event ticket changed",
    "boardingPass": "Boarding pass changed",
    "generic": "Pass changed",
}


@dataclass(frozen=True)
class RenderedField:
    """One field as the customer reads it."""

    label: str
    value: str
    section: str
    change_message: str | None


def render_fields(opened: OpenedPass, language: str) -> dict[str, RenderedField]:
    """Return the pass's fields by key, in its order, in the phone's language."""
    strings = strings_for(language, opened.strings)
    return {
        str(field["key"]): _render(section, field, strings)
        for section, field in fields_of(opened.content[opened.style])
    }


def render_pass(opened: OpenedPass, language: str) -> dict[str, object]:
    """Return the whole pass as the control API shows it; no secret of the pass is in it."""
    strings = strings_for(language, opened.strings)
    fields = render_fields(opened, language)
    return {
        "serial": opened.serial,
        "pass_type_id": opened.pass_type_id,
        "style": opened.style,
        "organization": opened.content["organizationName"],
        "description": _translated(opened.content["description"], strings),
        "logo_text": _translated(opened.content.get("logoText"), strings),
        "voided": opened.is_voided,
        "expiration_date": opened.content.get("expirationDate"),
        "barcode": _barcode(opened.content),
        "fields": {
            key: {"label": field.label, "value": field.value, "section": field.section}
            for key, field in fields.items()
        },
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
    return RenderedField(
        label=_translated(field.get("label"), strings) or "",
        value=_value(field, strings),
        section=section,
        change_message=message or None,
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


def _barcode(content: Mapping[str, object]) -> dict[str, object] | None:
    listed = content.get("barcodes") or [content.get("barcode")]
    first = listed[0] if isinstance(listed, list) else None
    if not isinstance(first, dict):
        return None
    return {key: first.get(key) for key in ("format", "message", "altText")}


def _translated(text: object, strings: Mapping[str, str]) -> str | None:
    return strings.get(str(text), str(text)) if text is not None else None
