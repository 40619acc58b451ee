"""Reads `design.toml` and `strings/*.toml` into the form in which a design is kept.

What cannot be read is left out and told, so that one attempt finds all faults.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from service.designs.names import STRINGS
from service.domain.design_rules import SHEET, Code, Fault, strings_file
from service.domain.designs import Mark, Section

Table = dict[str, Any]
BLACK = "rgb(0, 0, 0)"  # in place of a color that is missing, which has been told
COLORS = ("background", "foreground", "label")
# The keys of each table and their types. `apple` tables are read by the wallet.
TOP = {
    "name": str,
    "default_language": str,
    "colors": dict,
    "fields": dict,
    "apple": dict,
    "stamps": dict,
}
FIELD = {"key": str, "shows": str, "label": str, "change_message": str, "apple": dict}
STAMPS = {"balance": str, "of": int, "filled": str, "empty": str, "mark": str, "text": str}
ACCEPTED: Mapping[str, Mapping[str, type]] = {
    "": TOP,
    "colors": dict.fromkeys(COLORS, str),
    "fields": dict.fromkeys(Section, list),
    "fields.SECTION": FIELD,
    "stamps": STAMPS,
}
# A key of many parts takes time and memory by the square of them; no part of a design has three.
PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
DEEP_KEY = re.compile(rf"(?<![\w-]){PART}(?:[ \t]*\.[ \t]*{PART}){{20}}", re.ASCII)
KINDS = {str: "text", int: "a whole number", dict: "a table", list: "a list of tables"}


@dataclass
class Sheet:
    """What was read, and what was wrong with it."""

    source: Table
    faults: list[Fault] = field(default_factory=list)

    def fault(self, place: str, code: Code, text: str) -> None:
        self.faults.append(Fault(f"{SHEET}: {place}" if place else SHEET, code, text))


def read(files: Mapping[str, bytes]) -> Sheet:
    """Return the design that the files write down, images aside."""
    sheet = Sheet({})
    if SHEET not in files:
        sheet.fault("", "missing_file", "is missing: a design begins with it")
    said = _toml(sheet, SHEET, files.get(SHEET, b""))
    top = _known(sheet, "", said, TOP)
    strings = {found[1]: name for name in sorted(files) if (found := STRINGS.fullmatch(name))}
    sheet.source = {
        "name": top.get("name", "unnamed"),
        "colors": _colors(sheet, top),
        "fields": _fields(sheet, top),
        "strings": {lang: _strings(sheet, name, files[name]) for lang, name in strings.items()},
        **({"apple": _plain(sheet, "apple", top["apple"])} if "apple" in top else {}),
        **({"stamps": _stamps(sheet, top["stamps"])} if "stamps" in top else {}),
    }
    _require(sheet, "", said, ("name", "default_language", "colors", "fields"))
    _set_default_language(sheet, top.get("default_language"))
    return sheet


def _toml(sheet: Sheet, name: str, content: bytes) -> Table:
    try:
        return _parsed(content.decode("utf-8"))
    except UnicodeDecodeError:
        text = "is not in UTF-8"
    except ValueError as error:  # a number of too many digits is one, too
        text = f"is no TOML: {error}"
    except RecursionError:
        text = "is nested too deeply"
    sheet.faults.append(Fault(name, "bad_toml", text))
    return {}


def _parsed(written: str) -> Table:
    if DEEP_KEY.search(written):
        raise RecursionError("a key has very many parts")
    return tomllib.loads(written)


def _known(sheet: Sheet, place: str, said: Table, accepted: Mapping[str, type]) -> Table:
    """Return the part of a table that is known and of the right type; the rest is told."""
    kept = {}
    for key, value in said.items():
        where = f"{place}.{key}" if place else key
        if key not in accepted:
            near = get_close_matches(key, accepted, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(accepted)}"
            sheet.fault(where, "unknown_key", f"is no key of a design{hint}")
        elif type(value) is not accepted[key]:
            sheet.fault(where, "wrong_type", f"takes {KINDS[accepted[key]]}")
        else:
            kept[key] = value
    return kept


def _require(sheet: Sheet, place: str, said: Table, keys: tuple[str, ...]) -> bool:
    missing = [key for key in keys if key not in said]
    for key in missing:
        sheet.fault(f"{place}.{key}" if place else key, "missing_key", "is missing")
    return not missing


def _colors(sheet: Sheet, top: Table) -> Table:
    known = _known(sheet, "colors", top.get("colors", {}), ACCEPTED["colors"])
    if "colors" in top:
        _require(sheet, "colors", top["colors"], COLORS)
    return {name: known.get(name, BLACK) for name in COLORS}


def _fields(sheet: Sheet, top: Table) -> Table:
    known = _known(sheet, "fields", top.get("fields", {}), ACCEPTED["fields"])
    return {section: list(_listed(sheet, section, fields)) for section, fields in known.items()}


def _listed(sheet: Sheet, section: str, fields: list[Any]) -> Iterator[Table]:
    for number, said in enumerate(fields, 1):
        place = f"fields.{section}.{number}"
        if not isinstance(said, dict):
            sheet.fault(place, "wrong_type", "takes a table")
            continue
        known = _known(sheet, place, said, FIELD)
        if "apple" in known:
            known["apple"] = _plain(sheet, f"{place}.apple", known["apple"])
        if _require(sheet, place, said, ("key", "shows")) and {"key", "shows"} <= known.keys():
            yield known


def _stamps(sheet: Sheet, said: Table) -> Table | None:
    known = _known(sheet, "stamps", said, STAMPS)
    is_whole = _require(sheet, "stamps", said, ("balance", "of", "filled", "empty"))
    if known.get("mark", Mark.CHECK) not in tuple(Mark):
        sheet.fault("stamps.mark", "unknown_mark", f"is none of {', '.join(Mark)}")
        return None
    return known if is_whole and {"balance", "of", "filled", "empty"} <= known.keys() else None


def _plain(sheet: Sheet, place: str, said: Table) -> Table:
    """Return a wallet's own table, which is kept as JSON: a date or NaN cannot be."""
    if _is_plain(said):
        return said
    sheet.fault(place, "wrong_type", "holds a date, or a number that is none")
    return {}


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return all(_is_plain(part) for part in value)
    is_finite = not isinstance(value, float) or abs(value) < float("inf")
    return isinstance(value, str | int | float) and is_finite and "\0" not in str(value)


def _strings(sheet: Sheet, name: str, content: bytes) -> dict[str, str]:
    kept = {}
    for key, text in _toml(sheet, name, content).items():
        if isinstance(text, dict):
            wanted = f'write the whole key in quotes: "{key}.something" = "..."'
            sheet.faults.append(Fault(name, "wrong_type", wanted))
        elif not isinstance(text, str):
            sheet.faults.append(Fault(name, "wrong_type", f"{key} takes text"))
        else:
            kept[key] = text
    return kept


def _set_default_language(sheet: Sheet, language: str | None) -> None:
    strings = sheet.source["strings"]
    if not strings:
        sheet.faults.append(Fault("strings", "missing_file", "there is no strings/LANGUAGE.toml"))
        strings["en"] = {}
    if language is not None and language not in strings:
        sheet.fault("default_language", "missing_file", f"there is no {strings_file(language)}")
    sheet.source["default_language"] = language if language in strings else next(iter(strings))
