"""Rules of what every pass must say: who made it, what it is, and in the right JSON types."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.json_file import Json, is_number, list_of
from service.wallets.apple.lint.package import CONTENT
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.subject import SECTIONS, STYLES, Subject, objects

SET = RuleSet(Stage.CONTENT)
REQUIRED_TEXTS = (
    *("passTypeIdentifier", "teamIdentifier", "serialNumber"),
    *("organizationName", "description"),
)
TEAM = re.compile(r"[A-Z0-9]{10}")
SERIAL = re.compile(r"[A-Za-z0-9._-]+")


class Kind(NamedTuple):
    """A JSON type, as it is called and as it is told."""

    name: str
    fits: Callable[[object], bool]


def _list_of(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _is_whole(value: object) -> bool:
    return type(value) is int or (isinstance(value, float) and value.is_integer())


TEXT = Kind("a string", lambda value: isinstance(value, str))
NUMBER = Kind("a number", is_number)
FLAG = Kind("true or false", lambda value: isinstance(value, bool | int | float))
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
LIST = Kind("a list", lambda value: isinstance(value, list))
OBJECTS = Kind("a list of objects", _list_of(OBJECT.fits))
TEXTS = Kind("a list of strings", _list_of(TEXT.fits))
WHOLE_NUMBERS = Kind("a list of whole numbers", _list_of(_is_whole))
VALUE = Kind("a string or a number", lambda value: TEXT.fits(value) or NUMBER.fits(value))

TOP: Mapping[str, Kind] = {
    **dict.fromkeys((*REQUIRED_TEXTS, "webServiceURL", "authenticationToken"), TEXT),
    **dict.fromkeys(("expirationDate", "relevantDate", "groupingIdentifier", "logoText"), TEXT),
    **dict.fromkeys(("backgroundColor", "foregroundColor", "labelColor", "stripColor"), TEXT),
    **dict.fromkeys(("footerBackgroundColor", "eventLogoText", "appLaunchURL"), TEXT),
    **dict.fromkeys(("voided", "sharingProhibited"), FLAG),
    **dict.fromkeys(("suppressHeaderDarkening", "useAutomaticColors"), FLAG),
    "suppressStripShine": FLAG,
    **dict.fromkeys(("locations", "beacons", "barcodes", "upcomingPassInformation"), OBJECTS),
    "featuredActions": OBJECTS,
    **dict.fromkeys(("barcode", "nfc", "semantics", "userInfo", *STYLES), OBJECT),
    **dict.fromkeys(("associatedStoreIdentifiers", "auxiliaryStoreIdentifiers"), WHOLE_NUMBERS),
    "relevantDates": LIST,
    "preferredStyleSchemes": TEXTS,
}
LOCATION = {
    **dict.fromkeys(("latitude", "longitude", "altitude", "maxDistance"), NUMBER),
    "relevantText": TEXT,
}
# What else barcodes and beacons hold has rules of its own.
BARCODE = {"altText": TEXT}
BEACON = {"relevantText": TEXT}
SUMS = {"balance": OBJECT, "totalPrice": OBJECT}
SUM = {"amount": TEXT, "currencyCode": TEXT}
NFC = {"message": TEXT, "encryptionPublicKey": TEXT, "requiresAuthentication": FLAG}
FIELD = {
    **dict.fromkeys(("key", "label", "changeMessage", "attributedValue", "textAlignment"), TEXT),
    **dict.fromkeys(("dateStyle", "timeStyle", "numberStyle", "currencyCode"), TEXT),
    **dict.fromkeys(("isRelative", "ignoresTimeZone"), FLAG),
    "dataDetectorTypes": TEXTS,
    "semantics": OBJECT,
    "row": NUMBER,
    "value": VALUE,
}

NAMES: Mapping[type, str] = {
    **{type(None): "null", bool: "true or false", int: "a number", float: "a number"},
    **{str: "a string", list: "a list", dict: "an object"},
}


@SET.rule
def required_key_missing(subject: Subject) -> Iterator[Hit]:
    for key in ("formatVersion", *REQUIRED_TEXTS):
        if key not in subject.content:
            yield Hit(key)


@SET.rule
def required_text_empty(subject: Subject) -> Iterator[Hit]:
    for key in REQUIRED_TEXTS:
        if subject.content.get(key) == "":
            yield Hit(key)


@SET.rule
def format_version(subject: Subject) -> Iterator[Hit]:
    if "formatVersion" in subject.content:
        found = subject.content["formatVersion"]
        if not is_number(found) or found != 1:
            yield Hit("formatVersion", _told(found))


@SET.rule
def wrong_type(subject: Subject) -> Iterator[Hit]:
    yield from _misfits("", subject.content, TOP)
    yield from _sum_misfits("", subject.content)
    for key, kinds in (("locations", LOCATION), ("beacons", BEACON), ("barcodes", BARCODE)):
        for where, entry in subject.objects(key):
            yield from _misfits(f"{where}.", entry, kinds)
    for key, kinds in (("barcode", BARCODE), ("nfc", NFC)):
        yield from _misfits(f"{key}.", _object(subject.content, key), kinds)
    for style, sections in subject.style_objects.items():
        yield from _misfits(f"{style}.", sections, dict.fromkeys(SECTIONS, OBJECTS))
        for section in SECTIONS:
            for where, data in objects(sections, section, f"{style}.{section}"):
                yield from _misfits(f"{where}.", data, FIELD)
                yield from _sum_misfits(f"{where}.", data)


def _sum_misfits(where: str, value: Json) -> Iterator[Hit]:
    """Yield what is no amount of money among the semantic tags."""
    tags = _object(value, "semantics")
    yield from _misfits(f"{where}semantics.", tags, SUMS)
    for key in SUMS:
        yield from _misfits(f"{where}semantics.{key}.", _object(tags, key), SUM)


def _object(value: Json, key: str) -> Json:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _misfits(where: str, value: Json, kinds: Mapping[str, Kind]) -> Iterator[Hit]:
    for key, kind in kinds.items():
        if key in value and not kind.fits(value[key]):
            yield Hit(where + key, _told(value[key]), kind.name)


def _told(value: object) -> str:
    """Return what a value is, as JSON calls it; of a list, what the first entry is."""
    if isinstance(value, str):
        return f"the string {value!r}"
    if is_number(value):
        return f"the number {value}"
    if isinstance(value, list) and value:
        return f"a list that begins with {NAMES[type(value[0])]}"
    return str(value).lower() if isinstance(value, bool) else NAMES[type(value)]


@SET.rule
def pass_type_form(subject: Subject) -> Iterator[Hit]:
    found = subject.text("passTypeIdentifier")
    if found and not found.startswith("pass."):
        yield Hit("passTypeIdentifier", found)


@SET.rule
def team_form(subject: Subject) -> Iterator[Hit]:
    found = subject.text("teamIdentifier")
    if found and not TEAM.fullmatch(found):
        yield Hit("teamIdentifier", found)


@SET.rule
def serial_form(subject: Subject) -> Iterator[Hit]:
    found = subject.text("serialNumber")
    if found and not SERIAL.fullmatch(found):
        yield Hit("serialNumber", found)


@SET.rule
def style_missing(subject: Subject) -> Iterator[Hit]:
    if not subject.style and not subject.has_poster:
        yield Hit(CONTENT)


@SET.rule
def style_twice(subject: Subject) -> Iterator[Hit]:
    if len(subject.classic_styles) > 1:
        yield Hit(CONTENT, ", ".join(subject.classic_styles))


@SET.rule
def style_empty(subject: Subject) -> Iterator[Hit]:
    for style, sections in subject.style_objects.items():
        if not sections and not list_of(subject.content, "preferredStyleSchemes"):
            yield Hit(style)
