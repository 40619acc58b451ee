"""Rules of the barcodes: what a phone can draw, and what a till can read."""

import re
from collections.abc import Iterator

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.json_file import Json, text_of
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.subject import Subject

SET = RuleSet(Stage.CONTENT)
OLD = "barcode"
CODE128 = "PKBarcodeFormatCode128"
# Drawn by every phone and watch.
EVERYWHERE = ("PKBarcodeFormatQR", "PKBarcodeFormatPDF417", "PKBarcodeFormatAztec")
LEGACY = (*EVERYWHERE, CODE128)
EAN13, ITF = "PKBarcodeFormatEAN13", "PKBarcodeFormatI2of5"
CODE39, CODABAR = "PKBarcodeFormatCode39", "PKBarcodeFormatCodabar"
NEW = (EAN13, ITF, CODE39, CODABAR)
IN_CODE39 = re.compile(r"[0-9A-Z \-.$/+%]+")
IN_CODABAR = re.compile(r"[ABCD][0-9\-$:/.+]+[ABCD]")
EAN_DIGITS = re.compile(r"[0-9]{12,13}")
LONGEST_TESTED = 4_000  # more than any barcode holds


def _reached(subject: Subject) -> Iterator[tuple[str, Json]]:
    """Yield the barcodes that some phone comes to: each draws the first one that it can."""
    for where, barcode in subject.shown_barcodes:
        yield where, barcode
        is_whole = not [*_lacking(where, barcode), *_not_encodable(where, barcode)]
        if is_whole and text_of(barcode, "format") in EVERYWHERE:
            return


def _drawn_as(subject: Subject, barcode_format: str) -> Iterator[tuple[str, str]]:
    """Yield place and message of every barcode of a format."""
    for where, barcode in _reached(subject):
        if text_of(barcode, "format") == barcode_format and text_of(barcode, "message"):
            yield f"{where}.message", text_of(barcode, "message")


def _lacking(where: str, barcode: Json) -> Iterator[Hit]:
    for key in ("format", "message", "messageEncoding"):
        if not text_of(barcode, key):
            yield Hit(f"{where}.{key}")


def _not_encodable(where: str, barcode: Json) -> Iterator[Hit]:
    message, encoding = text_of(barcode, "message"), text_of(barcode, "messageEncoding")
    if message and encoding and not _can_write(message[:LONGEST_TESTED], encoding):
        yield Hit(f"{where}.messageEncoding", encoding)


def _can_write(message: str, encoding: str) -> bool:
    """Tell whether a barcode can hold the message in this character set."""
    try:
        message.encode(encoding)
    except (LookupError, ValueError):  # an unknown set, a letter that is not in it, a name with \0
        return False
    return True


@SET.rule
def barcode_incomplete(subject: Subject) -> Iterator[Hit]:
    for where, barcode in _reached(subject):
        if where != OLD:
            yield from _lacking(where, barcode)


@SET.rule
def barcode_old_refused(subject: Subject) -> Iterator[Hit]:
    old = subject.content.get(OLD)
    if isinstance(old, dict):
        yield from _lacking(OLD, old)
        yield from _not_encodable(OLD, old)


@SET.rule
def barcode_encoding(subject: Subject) -> Iterator[Hit]:
    for where, barcode in _reached(subject):
        if where != OLD:
            yield from _not_encodable(where, barcode)


@SET.rule
def barcode_format(subject: Subject) -> Iterator[Hit]:
    for where, barcode in _reached(subject):
        found = text_of(barcode, "format")
        if found and found not in (*LEGACY, *NEW):
            yield Hit(f"{where}.format", found, ", ".join((*LEGACY, *NEW)))


@SET.rule
def barcode_new_only(subject: Subject) -> Iterator[Hit]:
    formats = [text_of(barcode, "format") for _, barcode in subject.shown_barcodes]
    if any(each in NEW for each in formats) and not any(each in LEGACY for each in formats):
        yield Hit("barcodes")


@SET.rule
def barcode_old_alone(subject: Subject) -> Iterator[Hit]:
    if OLD in subject.content and "barcodes" not in subject.content:
        yield Hit(OLD)


@SET.rule
def barcode_watch(subject: Subject) -> Iterator[Hit]:
    formats = {text_of(barcode, "format") for _, barcode in subject.shown_barcodes}
    if formats == {CODE128}:
        yield Hit(subject.shown_barcodes[0][0])


@SET.rule
def barcode_ean13(subject: Subject) -> Iterator[Hit]:
    for where, message in _drawn_as(subject, EAN13):
        digits = EAN_DIGITS.fullmatch(message)
        wanted = message[:12] + _check_digit(message[:12]) if digits else "12 digits"
        if message not in (wanted, wanted[:12]) or not digits:
            yield Hit(where, message, wanted)


def _check_digit(digits: str) -> str:
    weighed = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return str(-weighed % 10)


@SET.rule
def barcode_itf(subject: Subject) -> Iterator[Hit]:
    for where, message in _drawn_as(subject, ITF):
        if len(message) % 2 or not (message.isascii() and message.isdigit()):
            yield Hit(where, message)


@SET.rule
def barcode_code39(subject: Subject) -> Iterator[Hit]:
    for where, message in _drawn_as(subject, CODE39):
        if not IN_CODE39.fullmatch(message):
            yield Hit(where, message)


@SET.rule
def barcode_codabar(subject: Subject) -> Iterator[Hit]:
    for where, message in _drawn_as(subject, CODABAR):
        if not IN_CODABAR.fullmatch(message):
            yield Hit(where, message)


@SET.rule
def barcode_voided(subject: Subject) -> Iterator[Hit]:
    if subject.content.get("voided") is True:
        for key in ("barcodes", OLD, "nfc"):
            if subject.content.get(key):
                yield Hit(key)
