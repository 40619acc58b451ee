"""Rules of the fields: keys and values, how they are written, and which of them are drawn."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.json_file import is_number, list_of, text_of
from service.wallets.apple.lint.moments import moment
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.subject import FRONT, POSTER, SECTIONS, Field, Subject

SET = RuleSet(Stage.CONTENT)
BACK = "backFields"
DATE_KEYS = ("dateStyle", "timeStyle", "isRelative", "ignoresTimeZone")
DATE_STYLES = [f"PKDateStyle{name}" for name in ("None", "Short", "Medium", "Long", "Full")]
CLOSED: Mapping[str, list[str]] = {
    "textAlignment": [f"PKTextAlignment{n}" for n in ("Left", "Center", "Right", "Natural")],
    "dateStyle": DATE_STYLES,
    "timeStyle": DATE_STYLES,
    "numberStyle": [
        f"PKNumberStyle{name}" for name in ("Decimal", "Percent", "Scientific", "SpellOut")
    ],
}
DETECTORS = [
    f"PKDataDetectorType{name}" for name in ("PhoneNumber", "Link", "Address", "CalendarEvent")
]
CURRENCY = re.compile(r"[A-Z]{3}")
TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)")
# How many fields a style draws: in a section, or in sections that share a row.
HEAD: dict[tuple[str, ...], int] = {("headerFields",): 3, ("primaryFields",): 1}
ONE_ROW = {**HEAD, ("secondaryFields", "auxiliaryFields"): 4}
TWO_ROWS = {**HEAD, ("secondaryFields",): 4, ("auxiliaryFields",): 4}
DRAWN: Mapping[str, Mapping[tuple[str, ...], int]] = {
    "storeCard": ONE_ROW,
    "coupon": ONE_ROW,
    "generic": TWO_ROWS,
    "eventTicket": {**TWO_ROWS, ("auxiliaryFields",): 8},  # two rows of four
    "boardingPass": {**TWO_ROWS, ("primaryFields",): 2, ("auxiliaryFields",): 5},
    POSTER: {("footerFields",): 1},
}
SQUARE = ("PKBarcodeFormatQR", "PKBarcodeFormatAztec")


@SET.rule
def field_key_missing(subject: Subject) -> Iterator[Hit]:
    for each in subject.fields:
        if each.data.get("key", "") == "":
            yield Hit(each.where)


@SET.rule
def field_value_missing(subject: Subject) -> Iterator[Hit]:
    for each in subject.fields:
        if "value" not in each.data:
            yield Hit(each.where)


@SET.rule
def field_key_twice(subject: Subject) -> Iterator[Hit]:
    first: dict[tuple[str, str], Field] = {}
    for each in subject.fields:
        if each.text("key"):
            other = first.setdefault((each.style, each.text("key")), each)
            if other is not each:
                yield Hit(each.at("key"), each.text("key"), other.where)


@SET.rule
def change_message_place(subject: Subject) -> Iterator[Hit]:
    for each in subject.fields:
        message = each.text("changeMessage")
        if message:
            texts = (text for text in subject.said(message) if "%@" not in text)
            yield from (Hit(each.at("changeMessage"), text) for text in texts)


@SET.rule
def change_messages_several(subject: Subject) -> Iterator[Hit]:
    announcing = Counter(
        each.style
        for each in subject.fields
        if each.text("changeMessage") and each.section in FRONT
    )
    yield from (Hit(style, count) for style, count in announcing.items() if count > 1)


@SET.rule
def field_alignment(subject: Subject) -> Iterator[Hit]:
    for each in subject.fields:
        if each.section in ("primaryFields", BACK) and each.text("textAlignment"):
            yield Hit(each.at("textAlignment"))


@SET.rule
def field_style_unknown(subject: Subject) -> Iterator[Hit]:
    for each in subject.fields:
        for key, known in CLOSED.items():
            if each.text(key) and each.text(key) not in known:
                yield Hit(each.at(key), each.text(key), ", ".join(known))
        for detector in list_of(each.data, "dataDetectorTypes"):
            if isinstance(detector, str) and detector not in DETECTORS:
                yield Hit(each.at("dataDetectorTypes"), detector, ", ".join(DETECTORS))


@SET.rule
def date_style_alone(subject: Subject) -> Iterator[Hit]:
    for each in subject.fields:
        given = [key for key in ("dateStyle", "timeStyle") if each.text(key)]
        if len(given) == 1:
            yield Hit(each.where, given[0], "timeStyle" if given == ["dateStyle"] else "dateStyle")


@SET.rule
def date_value(subject: Subject) -> Iterator[Hit]:
    yield from _no_dates(field for field in subject.fields if field.section != BACK)


@SET.rule
def date_value_on_back(subject: Subject) -> Iterator[Hit]:
    yield from _no_dates(field for field in subject.fields if field.section == BACK)


def _no_dates(fields: Iterable[Field]) -> Iterator[Hit]:
    for each in fields:
        is_formatted = any(each.data.get(key) not in (None, False) for key in DATE_KEYS)
        if is_formatted and "value" in each.data and moment(each.data["value"]) is None:
            yield Hit(each.at("value"), each.text("value") or "no string")


@SET.rule
def number_value(subject: Subject) -> Iterator[Hit]:
    yield from _no_numbers(field for field in subject.fields if field.section != BACK)


@SET.rule
def number_value_on_back(subject: Subject) -> Iterator[Hit]:
    yield from _no_numbers(field for field in subject.fields if field.section == BACK)


def _no_numbers(fields: Iterable[Field]) -> Iterator[Hit]:
    for each in fields:
        is_formatted = each.text("numberStyle") or each.text("currencyCode")
        if is_formatted and "value" in each.data and not is_number(each.data["value"]):
            yield Hit(each.at("value"), each.text("value"))


@SET.rule
def number_and_currency(subject: Subject) -> Iterator[Hit]:
    yield from _two_formats(field for field in subject.fields if field.section != BACK)


@SET.rule
def number_and_currency_on_back(subject: Subject) -> Iterator[Hit]:
    yield from _two_formats(field for field in subject.fields if field.section == BACK)


def _two_formats(fields: Iterable[Field]) -> Iterator[Hit]:
    for each in fields:
        if each.text("numberStyle") and each.text("currencyCode"):
            yield Hit(each.where, each.text("currencyCode"))


@SET.rule
def currency_code(subject: Subject) -> Iterator[Hit]:
    for each in subject.fields:
        code = each.text("currencyCode")
        if code and not CURRENCY.fullmatch(code):
            yield Hit(each.at("currencyCode"), code)


@SET.rule
def attributed_value_tag(subject: Subject) -> Iterator[Hit]:
    for each in subject.fields:
        tags = {tag.lower() for tag in TAG.findall(each.text("attributedValue"))} - {"a"}
        if tags:
            yield Hit(each.at("attributedValue"), min(tags))


@SET.rule
def row_elsewhere(subject: Subject) -> Iterator[Hit]:
    for each in subject.fields:
        is_there = (each.style, each.section) == ("eventTicket", "auxiliaryFields")
        if "row" in each.data and not (is_there and each.data["row"] in (0, 1)):
            yield Hit(each.at("row"))


@SET.rule
def fields_not_drawn(subject: Subject) -> Iterator[Hit]:
    for style, sections in subject.style_objects.items():
        for names, most in _drawn(subject, style).items():
            count = sum(len(list_of(sections, name)) for name in names)
            if count > most:
                yield Hit(" + ".join(f"{style}.{name}" for name in names), count, most)


def _drawn(subject: Subject, style: str) -> Mapping[tuple[str, ...], int]:
    """Return the limits of a style: a square barcode leaves a generic pass one row."""
    formats = [text_of(barcode, "format") for _, barcode in subject.shown_barcodes]
    is_square = style == "generic" and formats[:1] and formats[0] in SQUARE
    return ONE_ROW if is_square else DRAWN[style]


@SET.rule
def section_unknown(subject: Subject) -> Iterator[Hit]:
    for style, sections in subject.style_objects.items():
        for name in sections:
            if name.lower().endswith("fields") and name not in SECTIONS:
                yield Hit(f"{style}.{name}")


@SET.rule
def section_elsewhere(subject: Subject) -> Iterator[Hit]:
    places = {"footerFields": POSTER, "additionalInfoFields": "eventTicket"}
    for style, sections in subject.style_objects.items():
        for section, owner in places.items():
            if list_of(sections, section) and style != owner:
                yield Hit(f"{style}.{section}")
