"""What pass.json must hold for an iPhone to take it. Pure; source: docs/sources.md, a-1."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

from service.emulators.pass_refused import PassRefused

CLASSIC_STYLES = ("storeCard", "coupon", "generic", "eventTicket", "boardingPass")
POSTER = "posterGeneric"
SECTIONS = (
    "headerFields",
    "primaryFields",
    "secondaryFields",
    "auxiliaryFields",
    "backFields",
    "additionalInfoFields",
    "footerFields",
)
REQUIRED_STRINGS = (
    "passTypeIdentifier",
    "teamIdentifier",
    "serialNumber",
    "organizationName",
    "description",
)
OPTIONAL_TYPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("authenticationToken", "webServiceURL", "logoText", "expirationDate"), str),
    **dict.fromkeys(("relevantDate", "groupingIdentifier", "appLaunchURL"), str),
    **dict.fromkeys(("backgroundColor", "foregroundColor", "labelColor", "stripColor"), str),
    **dict.fromkeys(("voided", "sharingProhibited", "suppressStripShine"), bool),
    **dict.fromkeys(("locations", "beacons", "barcodes", "relevantDates"), list),
    **dict.fromkeys(("associatedStoreIdentifiers", "featuredActions"), list),
    **dict.fromkeys(("barcode", "nfc", "userInfo", "semantics"), dict),
    "maxDistance": (int, float),
}
LEGACY_FORMATS = {  # known before iOS 27
    "PKBarcodeFormatQR",
    "PKBarcodeFormatPDF417",
    "PKBarcodeFormatAztec",
    "PKBarcodeFormatCode128",
}
BARCODE_FORMATS = LEGACY_FORMATS | {
    "PKBarcodeFormatEAN13",
    "PKBarcodeFormatCode39",
    "PKBarcodeFormatCodabar",
    "PKBarcodeFormatI2of5",
}
SHORTEST_TOKEN = 16
MOST_LOCATIONS = 10
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")


def check_content(content: dict[str, object]) -> Mapping[str, object]:
    """Return pass.json's content unchanged.

    Raises:
        PassRefused: something required is missing, or anything has the wrong type or form.
    """
    _check_required(content)
    _check_types(content)
    _check_web_service(content)
    _check_barcodes(content)
    for name in [*_classic_styles(content), *([POSTER] * (POSTER in content))]:
        _check_style(name, content[name])
    return content


def style_of(content: Mapping[str, object]) -> str:
    """Return the classic style of a checked pass."""
    return _classic_styles(content)[0]


def fields_of(style: object) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield (section, field) of a checked style, in the order of the pass."""
    sections = cast(dict[str, list[dict[str, object]]], style)
    for section in SECTIONS:
        for each in sections.get(section, []):
            yield section, each


def is_loopback(url: str) -> bool:
    """Tell whether a URL points at this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_required(content: Mapping[str, object]) -> None:
    if content.get("formatVersion") != 1 or isinstance(content["formatVersion"], bool):
        raise PassRefused("format_version", "formatVersion must be the number 1")
    for key in REQUIRED_STRINGS:
        if key not in content:
            raise PassRefused("key_missing", f"pass.json has no {key}")
        if not isinstance(content[key], str) or not content[key]:
            raise PassRefused("wrong_type", f"{key} must be a string with something in it")
    styles = _classic_styles(content)
    if len(styles) != 1:
        found = ", ".join(styles) or "none"
        raise PassRefused("style", f"pass.json must have exactly one style; it has {found}")


def _check_types(content: Mapping[str, object]) -> None:
    for key, kind in OPTIONAL_TYPES.items():
        if key in content and not _is_a(content[key], kind):
            raise PassRefused("wrong_type", f"{key} has the wrong type")
    for key in ("expirationDate", "relevantDate"):
        if key in content and not _is_date(content[key]):
            raise PassRefused("date_invalid", f"{key} is not a W3C date with a time zone")
    locations = cast(list[object], content.get("locations", []))
    if len(locations) > MOST_LOCATIONS:
        raise PassRefused("too_many_locations", f"there are more than {MOST_LOCATIONS} locations")
    for location in locations:
        _check_location(location)


def _check_location(location: object) -> None:
    for key in ("latitude", "longitude"):
        if not isinstance(location, dict) or not _is_a(location.get(key), (int, float)):
            raise PassRefused("wrong_type", f"a location needs {key} as a number")


def _check_web_service(content: Mapping[str, object]) -> None:
    if "webServiceURL" not in content:
        return
    url = str(content["webServiceURL"])
    scheme = urlsplit(url).scheme
    if not urlsplit(url).hostname or scheme not in ("https", "http"):
        raise PassRefused("web_service_url", "webServiceURL is not an https URL")
    if scheme == "http" and not is_loopback(url):
        raise PassRefused("web_service_url", "webServiceURL must be https")
    if len(str(content.get("authenticationToken", ""))) < SHORTEST_TOKEN:
        detail = f"authenticationToken must have at least {SHORTEST_TOKEN} characters"
        raise PassRefused("token_too_short", detail)


def _check_barcodes(content: Mapping[str, object]) -> None:
    listed = cast(list[object], content.get("barcodes", []))
    legacy = [content["barcode"]] if "barcode" in content else []
    for barcode in [*listed, *legacy]:
        if not isinstance(barcode, dict) or barcode.get("format") not in BARCODE_FORMATS:
            raise PassRefused("barcode_invalid", "a barcode has a format no iPhone knows")
        _check_message(barcode)


def _check_message(barcode: Mapping[str, object]) -> None:
    message, encoding = barcode.get("message"), barcode.get("messageEncoding")
    if not isinstance(message, str) or not message or not isinstance(encoding, str):
        raise PassRefused("barcode_invalid", "a barcode needs a message and a messageEncoding")
    if not isinstance(barcode.get("altText", ""), str):
        raise PassRefused("barcode_invalid", "a barcode's altText must be a string")
    try:
        message.encode(encoding)
    except (LookupError, UnicodeEncodeError) as error:
        detail = f"the barcode's message cannot be written in {encoding}"
        raise PassRefused("barcode_invalid", detail) from error


def _check_style(name: str, style: object) -> None:
    if not isinstance(style, dict):
        raise PassRefused("wrong_type", f"{name} must be an object")
    seen: set[object] = set()
    for section in SECTIONS:
        fields = style.get(section, [])
        if not isinstance(fields, list):
            raise PassRefused("wrong_type", f"{section} must be a list")
        for field in fields:
            _check_field(section, field)
            if field["key"] in seen:
                raise PassRefused("duplicate_field_key", f"two fields have the key {field['key']}")
            seen.add(field["key"])


def _check_field(section: str, field: object) -> None:
    if not isinstance(field, dict) or not isinstance(field.get("key"), str):
        raise PassRefused("field_invalid", f"a field of {section} has no key")
    key, value = field["key"], field.get("value")
    if not _is_a(value, (str, int, float)):
        raise PassRefused("field_invalid", f"field {key}: value must be a string or a number")
    for name in ("label", "changeMessage", "attributedValue", "textAlignment"):
        if not isinstance(field.get(name, ""), str):
            raise PassRefused("field_invalid", f"field {key}: {name} must be a string")
    _check_formats(key, value, field)


def _check_formats(key: str, value: object, field: Mapping[str, object]) -> None:
    for name in ("numberStyle", "currencyCode"):
        if name in field and not _is_a(value, (int, float)):
            raise PassRefused("field_invalid", f"field {key}: {name} needs a number")
    for name in ("dateStyle", "timeStyle"):
        if name in field and not _is_date(value):
            raise PassRefused("field_invalid", f"field {key}: {name} needs a W3C date")


def _classic_styles(content: Mapping[str, object]) -> list[str]:
    return [style for style in CLASSIC_STYLES if style in content]


def _is_a(value: object, kind: type | tuple[type, ...]) -> bool:
    # In Python a bool is an int; in JSON it is not.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _is_date(value: object) -> bool:
    if not DATE.fullmatch(str(value)):
        return False
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True
