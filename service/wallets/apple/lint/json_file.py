"""Reads the JSON files of a pass, whatever is in them."""

import codecs
import json
from typing import NamedTuple

LARGEST_BYTES = 2_000_000

Json = dict[str, object]


class JsonFile(NamedTuple):
    """An object, or what is wrong with the file."""

    value: Json
    fault: str = ""


def read_object(content: bytes) -> JsonFile:
    """Return the object in a file; a byte order mark in front of it is overlooked here."""
    if len(content) > LARGEST_BYTES:
        return JsonFile({}, f"it is larger than {LARGEST_BYTES:,} bytes")
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        value = json.loads(text, parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        return JsonFile({}, str(error))
    if not isinstance(value, dict):
        return JsonFile({}, "it is not a JSON object")
    return JsonFile(value)


def has_mark(content: bytes) -> bool:
    """Tell whether the file begins with a byte order mark."""
    return content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def text_of(value: Json, key: str) -> str:
    """Return the string under a key; empty if there is none, or something else."""
    found = value.get(key)
    return found if isinstance(found, str) else ""


def list_of(value: Json, key: str) -> list[object]:
    """Return the list under a key; empty if there is none, or something else."""
    found = value.get(key)
    return found if isinstance(found, list) else []


def is_number(value: object) -> bool:
    """Tell whether JSON wrote a number; in Python a bool is one too."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _not_json(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
