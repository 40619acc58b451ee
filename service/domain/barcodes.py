"""What each barcode format can carry, and what to draw where a format is not known.

A till finds a card by what its scanner read, so a format carries a message only if it is read
back exactly so: a scanner adds a check digit to twelve digits of an EAN, and a nought to an odd
number of digits of an ITF.

Standards: GS1 General Specifications (EAN-13), ISO/IEC 16390 (ITF), 16388 (Code 39), 15417
(Code 128), 18004 (QR), 15438 (PDF417), 24778 (Aztec), EN 798 (Codabar).
"""

import re

from service.domain.errors import InvalidInput
from service.domain.numbers import CheckDigit, NumberScheme, ean_digit
from service.domain.programs import BarcodeFormat

# What a message may be made of, and the words for one that is not.
ALPHABETS = {
    BarcodeFormat.EAN13: (r"[0-9]{13}", "has to be 13 digits, the check digit included"),
    BarcodeFormat.ITF: (r"(?:[0-9]{2})+", "has to be an even number of digits"),
    BarcodeFormat.CODE39: (r"[0-9A-Z \-.$/+%]+", "may hold 0-9 A-Z space - . $ / + % only"),
    # The letters start and end the code; a message without them is drawn with a pair.
    BarcodeFormat.CODABAR: (
        r"[0-9\-$:/.+]+|[A-D][0-9\-$:/.+]+[A-D]",
        "may hold 0-9 - $ : / . + only, between two of the letters A to D or without them",
    ),
    BarcodeFormat.CODE128: (r"[ -~]+", "may hold ASCII characters only"),
}
CODABAR_LETTERS = ("A", "B", "C", "D")
# Bytes: the largest symbols of the standards; a longer line is too fine for a phone's screen.
LONGEST = {BarcodeFormat.QR: 2953, BarcodeFormat.PDF417: 1108, BarcodeFormat.AZTEC: 1914}
LONGEST_LINE = 48
FROM_ONE = "that begins with 1 to 9: with a 0 scanners read a UPC of 12 digits"


def fault(barcode_format: BarcodeFormat, message: str) -> str | None:
    """Return why a scanner would not read just this message, or None if it would."""
    longest = LONGEST.get(barcode_format, LONGEST_LINE)
    if not 0 < len(message.encode()) <= longest:
        return f"has to be 1 to {longest} bytes"
    alphabet, words = ALPHABETS.get(barcode_format, (None, ""))
    if alphabet is not None and not re.fullmatch(alphabet, message):
        return words
    if barcode_format is BarcodeFormat.EAN13 and message[-1] != ean_digit(message[:-1]):
        return f"has to end with the check digit {ean_digit(message[:-1])}"
    if barcode_format is BarcodeFormat.EAN13 and message[0] == "0":
        return f"has to be one {FROM_ONE}"
    return None


def check_number(barcode_format: BarcodeFormat, number: str) -> None:
    """Make sure that a card number can be scanned.

    Raises:
        InvalidInput: the format cannot carry it; says why.
    """
    reason = fault(barcode_format, number)
    if reason is not None:
        raise InvalidInput(
            f"The program's cards show an {barcode_format} barcode, which cannot carry the number.",
            [("number", reason)],
        )


def check_scheme(barcode_format: BarcodeFormat, scheme: NumberScheme) -> None:
    """Make sure that every number of a scheme can be scanned.

    Raises:
        InvalidInput: the format cannot carry them; says what the scheme needs.
    """
    reason = _scheme_fault(barcode_format, scheme)
    if reason is not None:
        raise InvalidInput(
            f"The program's numbers cannot be drawn as {barcode_format}: it {reason}.",
            [("number_scheme", reason)],
        )


def _scheme_fault(barcode_format: BarcodeFormat, scheme: NumberScheme) -> str | None:
    if barcode_format is BarcodeFormat.ITF and scheme.length % 2:
        return "needs an even length"
    if barcode_format is not BarcodeFormat.EAN13:
        return None
    if scheme.check is not CheckDigit.EAN:
        return "needs a length of 13 and the check digit ean"
    if scheme.prefix[:1] in ("", "0"):
        return f"needs a prefix {FROM_ONE}"
    return None


def symbol(barcode_format: BarcodeFormat, message: str) -> str:
    """Return what is drawn for scanners to read the message.

    A Codabar begins and ends with a letter. Where the message has none, scanners drop them.
    """
    is_bare = barcode_format is BarcodeFormat.CODABAR and not message.startswith(CODABAR_LETTERS)
    return f"A{message}A" if is_bare else message


def drawn_as(barcode_format: BarcodeFormat) -> tuple[BarcodeFormat, ...]:
    """Return the format and what stands in for it, best first, with the same message in each.

    A line code is followed by Code 128, which most line scanners read and every phone draws, and
    then by QR, because watches draw no lines.
    """
    match barcode_format:
        case BarcodeFormat.QR | BarcodeFormat.PDF417 | BarcodeFormat.AZTEC:
            return (barcode_format,)
        case BarcodeFormat.CODE128:
            return (BarcodeFormat.CODE128, BarcodeFormat.QR)
        case _:
            return (barcode_format, BarcodeFormat.CODE128, BarcodeFormat.QR)
