"""Reads `pass.strings` as a phone does: UTF-16 with a byte order mark, or UTF-8.

Source: docs/sources.md, a-11.
"""

import codecs
import re
from collections.abc import Iterator, Mapping

LARGEST_BYTES = 1_000_000
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Xcode packs strings files into property lists, which phones read too.
PROPERTY_LISTS = (b"bplist", b"<?xml")
TOKEN = re.compile(
    r'\s++|/\*.*?\*/|//[^\n]*+|(?P<quoted>"(?:[^"\\]|\\.)*+")|(?P<bare>[\w.$/:-]++)|(?P<sign>[=;])',
    re.DOTALL,
)
ESCAPE = re.compile(r"\\(U[0-9a-fA-F]{4}|.)", re.DOTALL)
PLAIN_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def is_compiled(content: bytes) -> bool:
    """Tell whether Xcode made a property list of it; one of over 1 MB is taken as such."""
    return content.startswith(PROPERTY_LISTS) or len(content) > LARGEST_BYTES


def read_strings(content: bytes) -> Mapping[str, str] | None:
    """Return the table of a strings file; None if a phone cannot read it."""
    try:
        has_utf_16 = content.startswith(UTF_16_MARKS)
        text = content.decode("utf-16" if has_utf_16 else "utf-8-sig")
        return _table(list(_tokens(text)))
    except ValueError:
        return None


def _tokens(text: str) -> Iterator[str]:
    """Yield strings without their quotes, and the signs `=` and `;`."""
    position = 0
    while position < len(text):
        found = TOKEN.match(text, position)
        if found is None:
            raise ValueError("neither a string nor a sign")
        position = found.end()
        if found["quoted"]:
            yield "s" + ESCAPE.sub(_unescaped, found["quoted"][1:-1])
        elif found["bare"] or found["sign"]:
            yield ("s" if found["bare"] else "") + found[0]


def _table(tokens: list[str]) -> dict[str, str]:
    table = {}
    for key, equals, value, end in zip(*[iter(tokens)] * 4, strict=True):
        if (key[:1], equals, value[:1], end) != ("s", "=", "s", ";"):
            raise ValueError('no "key" = "value";')
        table[key[1:]] = value[1:]
    return table


def _unescaped(match: re.Match[str]) -> str:
    escaped = match[1]
    if len(escaped) > 1:
        return chr(int(escaped[1:], 16))
    return PLAIN_ESCAPES.get(escaped, escaped)
