"""Ready-made files of a design; each test changes only what it is about."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from PIL import Image

from service.domain.design_rules import STATUS_WORDS

SHEET = """\
name = "coffee"
default_language = "en"

[colors]
background = "rgb(62, 32, 28)"
foreground = "rgb(255, 255, 255)"
label = "rgb(255, 216, 158)"

[[fields.header]]
key = "points"
label = "label.points"
shows = "balance:points"
change_message = "change.points"

[[fields.back]]
key = "terms"
label = "label.terms"
shows = "text:text.terms"
"""
STAMPS = """
[stamps]
balance = "stamps"
of = 3
filled = "rgb(255, 216, 158)"
empty = "rgb(255, 240, 220)"
"""
TEXTS = {
    "label.points": "POINTS",
    "change.points": "You have %@ points",
    "label.terms": "Conditions",
    "text.terms": "Ask in the shop.",
    **{word: word.removeprefix("status.").capitalize() for word in STATUS_WORDS},
}


def picture(width: int, height: int, color: Any = (200, 120, 40), mode: str = "RGB") -> Image.Image:
    """Return a picture that is not all of one color."""
    image = Image.new(mode, (width, height), color)
    image.paste(Image.new(mode, (max(width // 2, 1), max(height // 2, 1))), (0, 0))
    return image


def png(width: int, height: int, color: Any = (200, 120, 40), **options: Any) -> bytes:
    return saved(picture(width, height, color), **options)


def saved(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def damaged(content: bytes) -> bytes:
    """Return a PNG whose pixels cannot be decoded, though its header and its parts are well."""
    at = content.index(b"IDAT") + 6
    return content[:at] + b"\xff" * 8 + content[at + 8 :]


def strings(**changes: str | None) -> bytes:
    """Return a strings file; names take __ for the dot, None leaves a text out."""
    said = {**TEXTS, **{name.replace("__", "."): text for name, text in changes.items()}}
    return "".join(f'"{k}" = "{v}"\n' for k, v in said.items() if v is not None).encode()


def files(changes: Mapping[str, bytes | None] | None = None) -> dict[str, bytes]:
    """Return the files of a small design that holds together; None leaves one out."""
    whole: dict[str, bytes | None] = {
        "design.toml": SHEET.encode(),
        "strings/en.toml": strings(),
        "images/icon.png": png(114, 114),
        **(changes or {}),
    }
    return {name: content for name, content in whole.items() if content is not None}


def zipped(content: Mapping[str, bytes] | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in (files() if content is None else content).items():
            archive.writestr(name, data)
    return stream.getvalue()
