"""Reads the `pass.strings` files of a pass and chooses the phone's language among them."""

import codecs
import re
from collections.abc import Mapping

from service.emulators.pass_refused import PassRefused

ENTRY = re.compile(
    r'\s*(?:/\*.*?\*/\s*|//[^\n]*\n\s*)*"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;',
    re.DOTALL,
)
REST = re.compile(r"\s*(?:/\*.*?\*/\s*|//[^\n]*(?:\n|$)\s*)*", re.DOTALL)
ESCAPE = re.compile(r"\\(U[0-9a-fA-F]{4}|.)", re.DOTALL)
PLAIN_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
LAST_RESORT_LANGUAGE = "en"


def parse_strings(name: str, content: bytes) -> dict[str, str]:
    """Return the table of one file: UTF-16 with a byte order mark, or UTF-8.

    Raises:
        PassRefused: it cannot be decoded or is not made of `"key" = "value";`.
    """
    text = _decode(name, content)
    table, position = {}, 0
    while entry := ENTRY.match(text, position):
        table[_unescape(entry[1])] = _unescape(entry[2])
        position = entry.end()
    rest = REST.match(text, position)
    if rest is None or rest.end() != len(text):
        line = text.count("\n", 0, position) + 1
        raise PassRefused("strings_malformed", f'{name}: no "key" = "value"; after line {line}')
    return table


def strings_for(language: str, tables: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Return the table of a language: its own, its base language's, English, or none."""
    for candidate in (language, language.split("-", maxsplit=1)[0], LAST_RESORT_LANGUAGE):
        if candidate in tables:
            return tables[candidate]
    return {}


def _decode(name: str, content: bytes) -> str:
    has_mark = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if has_mark else "utf-8-sig")
    except UnicodeDecodeError as error:
        detail = f"{name} is neither UTF-16 with a byte order mark nor UTF-8"
        raise PassRefused("strings_malformed", detail) from error


def _unescape(text: str) -> str:
    return ESCAPE.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    escaped = match[1]
    if len(escaped) > 1:
        return chr(int(escaped[1:], 16))
    return PLAIN_ESCAPES.get(escaped, escaped)
