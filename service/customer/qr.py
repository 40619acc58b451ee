"""A QR code as the path of an inline SVG, so that no image has to be fetched or stored."""

import re
from dataclasses import dataclass

import zxingcpp

ERROR_CORRECTION = "M"
SIZE = re.compile(r'<svg width="(\d+)"')
PATH = re.compile(r'<path d="([^"]+)"')


@dataclass(frozen=True)
class QrCode:
    """`path` draws the dark modules, one unit each, on a white square of `size` units.

    The square includes the quiet zone of 4 modules on each side (ISO/IEC 18004).
    """

    size: int
    path: str


def drawn(text: str) -> QrCode:
    """Return the QR code of a text."""
    barcode = zxingcpp.create_barcode(
        text, zxingcpp.BarcodeFormat.QRCode, ec_level=ERROR_CORRECTION
    )
    svg = zxingcpp.write_barcode_to_svg(barcode, add_quiet_zones=True)
    size, path = SIZE.search(svg), PATH.search(svg)
    assert size, "the library draws one square"
    assert path, "the library draws one path"
    return QrCode(int(size[1]), path[1])
