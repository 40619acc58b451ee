"""Opens a picture that a stranger sent, and writes PNG files that are the same every time.

A picture is refused by its header before anything is decoded. What is kept is its pixels alone, in
sRGB: text, places, times, hidden data and whatever follows the end are not written again.
"""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image, ImageCms

from service.domain.design_rules import Code, Fault, refusal
from service.domain.errors import DesignRefused

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = struct.Struct(">II5B")
LENGTH = struct.Struct(">I4s")
LARGEST_SIDE = 4096
MOST_PIXELS = 12_000_000  # of all images of a design: bounds the work of one upload
LARGEST_PROFILE = 1024 * 1024
# What the pixels need; all else is left out before a decoder sees it.
KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
MOST_CHUNKS = 20_000
FRAMES = frozenset({b"acTL", b"fcTL", b"fdAT"})
OTHERS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"RIFF", "WebP"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"%PDF", "PDF"),
    (b"PK", "a zip"),
)
# On strips as large as level 9, which is what `optimize` means, in a quarter of its time.
LEVEL = 7
SRGB = ImageCms.createProfile("sRGB")


def opened(name: str, content: bytes) -> Image.Image:
    """Return a picture's pixels: RGBA if any of them is not opaque, else RGB.

    Raises:
        DesignRefused: it is no PNG, is damaged, has frames or too many pixels.
    """
    measured(name, content)
    chunks = list(_chunks(name, content))
    needed = _written(chunk for chunk in chunks if chunk[0] in KEPT)
    profile = next((_profile(name, data) for kind, data in chunks if kind == b"iCCP"), None)
    try:
        with Image.open(io.BytesIO(needed), formats=("PNG",)) as image:
            image.load()
            pixels = _in_srgb(name, _with_usual_mode(image), profile)
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error) as error:
        raise _refused(name, "damaged_image", "is damaged: export it anew") from error
    pixels.info.clear()  # or its old profile would be written again
    return pixels


def measured(name: str, content: bytes) -> tuple[int, int]:
    """Return width and height in pixels, after all checks for which nothing is decoded.

    Raises:
        DesignRefused: it is no PNG, is cut off, has frames or too many pixels.
    """
    chunks = list(_chunks(name, content))
    width, height = size_of(name, content)
    _check_size(name, width, height)
    if any(kind in FRAMES for kind, _ in chunks):
        raise _refused(name, "animated_image", "has several frames: a pass shows a still picture")
    return width, height


def size_of(name: str, content: bytes) -> tuple[int, int]:
    """Return width and height in pixels, out of the header alone.

    Raises:
        DesignRefused: it is no PNG.
    """
    _, header = next(_chunks(name, content))
    width, height, *_ = HEADER.unpack(header)
    return width, height


def encoded(image: Image.Image) -> bytes:
    """Return the picture as a PNG: the same pixels are the same bytes, and so the same address."""
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=LEVEL)
    return stream.getvalue()


def _check_size(name: str, width: int, height: int) -> None:
    if width * height == 0:
        raise _refused(name, "damaged_image", "has no pixels")
    if max(width, height) > LARGEST_SIDE or width * height > MOST_PIXELS:
        most = f"{LARGEST_SIDE} pixels a side and {MOST_PIXELS // 1_000_000} megapixels"
        raise _refused(name, "too_many_pixels", f"has {width} x {height} pixels, above {most}")


def _refused(name: str, code: Code, text: str) -> DesignRefused:
    return refusal([Fault(name, code, text)])


def _chunks(name: str, content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the parts of a PNG up to its end. Source: PNG (Third Edition), 5; 2026-11-24."""
    if not content.startswith(SIGNATURE):
        raise _refused(name, "not_png", f"is {_kind(content)}: export it as a PNG")
    at, kind = len(SIGNATURE), b""
    for _ in range(MOST_CHUNKS):
        if kind == b"IEND":
            return
        if at + LENGTH.size > len(content):
            raise _refused(name, "damaged_image", "is cut off: export it anew")
        length, kind = LENGTH.unpack_from(content, at)
        start = at + LENGTH.size
        at = start + length + 4
        is_first = start == len(SIGNATURE) + LENGTH.size
        if at > len(content) or (is_first and (kind, length) != (b"IHDR", HEADER.size)):
            raise _refused(name, "damaged_image", "is cut off: export it anew")
        yield kind, content[start : start + length]
    raise _refused(name, "damaged_image", "is in too many pieces: export it anew")


def _kind(content: bytes) -> str:
    start = content[:256].lstrip()
    if b"<svg" in start or start.startswith(b"<?xml"):
        return "SVG"
    if content[4:12] in (b"ftypavif", b"ftypavis"):
        return "AVIF"
    return next((kind for magic, kind in OTHERS if content.startswith(magic)), "no picture")


def _written(chunks: Iterator[tuple[bytes, bytes]]) -> bytes:
    parts = [SIGNATURE]
    for kind, data in chunks:
        parts += (LENGTH.pack(len(data), kind), data, struct.pack(">I", zlib.crc32(kind + data)))
    return b"".join(parts)


def _with_usual_mode(image: Image.Image) -> Image.Image:
    """Return the picture in RGB or RGBA, eight bits each."""
    if image.mode.startswith("I"):  # sixteen bits of gray
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    is_clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if not is_clear:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    return clear.convert("RGB") if clear.getchannel("A").getextrema() == (255, 255) else clear


def _profile(name: str, chunk: bytes) -> bytes:
    """Return the color profile that a picture brings along, unpacked within bounds."""
    packed = chunk.partition(b"\0")[2][1:]
    try:
        unpacking = zlib.decompressobj()
        profile = unpacking.decompress(packed, LARGEST_PROFILE)
    except zlib.error as error:
        raise _refused(name, "bad_color_profile", "its color profile is damaged") from error
    if unpacking.unconsumed_tail:
        raise _refused(name, "bad_color_profile", "its color profile has more than 1 MB")
    return profile


def _in_srgb(name: str, image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture in the colors that every wallet takes for granted."""
    # The space that a profile is for; gray has no colors to put right. ICC.1:2022, 7.2.6.
    if profile is None or profile[16:20] == b"GRAY":
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, own, SRGB, outputMode=image.mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        text = "its color profile cannot be used: save it as sRGB"
        raise _refused(name, "bad_color_profile", text) from error
    assert converted is not None, "only an operation in place returns None"
    return converted
