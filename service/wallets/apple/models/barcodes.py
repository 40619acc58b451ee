"""Barcodes as Wallet reads them: the first that a phone can draw is drawn (a-1, a-8)."""

from typing import TypedDict

from service.domain.barcodes import drawn_as, symbol
from service.domain.programs import BarcodeFormat

# Known before iOS 27; of the others an older phone draws none.
LEGACY = {
    BarcodeFormat.QR: "PKBarcodeFormatQR",
    BarcodeFormat.PDF417: "PKBarcodeFormatPDF417",
    BarcodeFormat.AZTEC: "PKBarcodeFormatAztec",
    BarcodeFormat.CODE128: "PKBarcodeFormatCode128",
}
NAMES = {
    **LEGACY,
    BarcodeFormat.EAN13: "PKBarcodeFormatEAN13",
    BarcodeFormat.CODE39: "PKBarcodeFormatCode39",
    BarcodeFormat.CODABAR: "PKBarcodeFormatCodabar",
    BarcodeFormat.ITF: "PKBarcodeFormatI2of5",
}
# Worked out once: per format what is drawn, in order of preference, and where the first old one is.
ORDER = {each: drawn_as(each) for each in BarcodeFormat}
OLD = {each: [drawn in LEGACY for drawn in drawn_as(each)].index(True) for each in BarcodeFormat}


class BarcodeJson(TypedDict):
    """One barcode."""

    format: str
    message: str
    messageEncoding: str
    altText: str


class BarcodesJson(TypedDict):
    """All of a pass. `barcode` is of iOS 8, and still what some other readers look at."""

    barcodes: list[BarcodeJson]
    barcode: BarcodeJson


def barcodes(barcode_format: BarcodeFormat, message: str, alt_text: str) -> BarcodesJson:
    """Return the barcodes of a message in order of preference, an old format last."""
    encoding = _encoding(message)
    drawn: list[BarcodeJson] = [
        {
            "format": NAMES[each],
            "message": symbol(each, message),
            "messageEncoding": encoding,
            "altText": alt_text,
        }
        for each in ORDER[barcode_format]
    ]
    return {"barcodes": drawn, "barcode": drawn[OLD[barcode_format]]}


def _encoding(message: str) -> str:
    """Return the barcode's character set: scanners guess Latin-1 first, so UTF-8 only if needed."""
    try:
        message.encode("iso-8859-1")
    except UnicodeEncodeError:
        return "utf-8"
    return "iso-8859-1"
