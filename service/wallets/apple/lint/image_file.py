"""Reads what the linter must know of an image: its name, its format and its size."""

import re
import struct
from dataclasses import dataclass

BASES = (
    *("icon", "logo", "strip", "thumbnail", "background", "footer"),
    *("primaryLogo", "secondaryLogo", "artwork", "personalizationLogo"),
)
NAME = re.compile(rf"(?:([^/]+)\.lproj/)?({'|'.join(BASES)})(?:@([23])x)?\.png")
PNG = b"\x89PNG\r\n\x1a\n"
SIZE = struct.Struct(">II")
HEADER_BYTES = 64  # an image made smaller by Xcode has one short chunk before its header
# Formats that phones draw although Apple documents PNG alone.
OTHER_FORMATS = {b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF"}


@dataclass(frozen=True)
class Image:
    """`language` is empty at the root; `format` is empty if it is no image; sizes are in pixels."""

    name: str
    base: str
    scale: int
    language: str
    format: str
    width: int = 0
    height: int = 0


def read_image(name: str, content: bytes) -> Image | None:
    """Return the image if its name is one that Wallet knows."""
    known = NAME.fullmatch(name)
    if known is None:
        return None
    language, base, scale = known[1] or "", known[2], int(known[3] or 1)
    image_format = _format(content)
    width, height = _size(content) if image_format == "PNG" else (0, 0)
    return Image(name, base, scale, language, image_format, width, height)


def _format(content: bytes) -> str:
    if content.startswith(PNG):
        return "PNG" if min(_size(content)) > 0 else ""
    starts = (name for start, name in OTHER_FORMATS.items() if content.startswith(start))
    return next(starts, "")


def _size(content: bytes) -> tuple[int, int]:
    start = content.find(b"IHDR", 0, HEADER_BYTES) + len(b"IHDR")
    if start < len(PNG) or len(content) < start + SIZE.size:
        return 0, 0
    width, height = SIZE.unpack_from(content, start)
    return width, height
