"""Checks bodies against Google's own discovery document, which knows nothing of our code.

The document comes from the test dependency google-api-python-client. The rules that it only tells
in prose are those of docs/sources.md, g-2 and g-3.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

DOCUMENT = "discovery_cache/documents/walletobjects.v1.json"
REQUIRED = {
    "LoyaltyClass": {"id", "issuerName", "programName", "programLogo", "reviewStatus"},
    "LoyaltyObject": {"id", "classId", "state"},
}
OUTPUT_ONLY = {"hasUsers", "hasLinkedDevice", "classReference", "review", "version", "kind"}
RESOURCE_ID = re.compile(r"[0-9]+\.[A-Za-z0-9._-]{1,64}")
ONE_OF = {
    "LoyaltyPointsBalance": {"int", "string", "double", "money"},
    "Image": {"sourceUri", "privateImageId"},
}
MOST = {"textModulesData": 10, "messages": 10, "valueAddedModuleData": 15}
INT32 = 2**31


@dataclass
class Checked:
    """How many bodies were held against the document in this process; shown when tests end."""

    bodies: int = 0


checked = Checked()


@cache
def schemas() -> dict[str, Any]:
    text = resources.files("googleapiclient").joinpath(DOCUMENT).read_text("utf-8")
    found: dict[str, Any] = json.loads(text)["schemas"]
    return found


def faults(name: str, body: Any, *, is_patch: bool = False) -> list[str]:
    """Return what Google's document says against a body of the schema `name`; empty when good."""
    checked.bodies += 1
    found = list(_object(name, body, name))
    if not is_patch:
        missing = REQUIRED.get(name, set()) - {k for k, v in body.items() if v is not None}
        found += [f"{name} lacks {field}" for field in sorted(missing)]
        found += [f"{name}.{field} is null" for field, value in body.items() if value is None]
    return found


def _object(name: str, body: Any, where: str) -> Iterator[str]:
    if not isinstance(body, dict):
        yield f"{where} is no object"
        return
    properties = schemas()[name]["properties"]
    for field, value in body.items():
        place = f"{where}.{field}"
        if field not in properties:
            yield f"{place} is unknown"
        elif properties[field].get("deprecated") or field in OUTPUT_ONLY:
            yield f"{place} must not be sent"
        elif value is not None:
            yield from _value(properties[field], value, place)
            yield from _own_rules(field, value, place)
    given = {field for field, value in body.items() if value is not None}
    if name in ONE_OF and len(given & ONE_OF[name]) != 1:
        yield f"{where} needs exactly one of {sorted(ONE_OF[name])}"


def _value(schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    if "$ref" in schema:
        yield from _object(schema["$ref"], value, where)
        return
    match schema["type"]:
        case "array" if not isinstance(value, list):
            yield f"{where} is no array"
        case "array":
            yield from _items(schema["items"], value, where)
        case "string":
            yield from _text(schema, value, where)
        case "integer" if type(value) is not int or not -INT32 <= value < INT32:
            yield f"{where} is no 32-bit integer"
        case "boolean" if type(value) is not bool:
            yield f"{where} is no boolean"
        case "number" if type(value) not in (int, float):
            yield f"{where} is no number"


def _items(schema: dict[str, Any], values: list[Any], where: str) -> Iterator[str]:
    for number, item in enumerate(values):
        yield from _value(schema, item, f"{where}[{number}]")


def _text(schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{where} is no string"
        return
    if schema.get("format") == "int64" and not re.fullmatch(r"-?[0-9]{1,19}", value):
        yield f"{where} is no 64-bit integer in a string"
    if "enum" in schema:
        outdated = schema.get("enumDeprecated", [False] * len(schema["enum"]))
        known = [e for e, is_old in zip(schema["enum"], outdated, strict=True) if not is_old]
        if value not in known:
            yield f"{where} is {value}, which is none of {known}"


def _own_rules(field: str, value: Any, where: str) -> Iterator[str]:
    if field in ("id", "classId") and where.count(".") == 1 and not RESOURCE_ID.fullmatch(value):
        yield f"{where} is no id"
    if field in MOST and len(value) > MOST[field]:
        yield f"{where} has more than {MOST[field]} parts"
    if field == "hexBackgroundColor" and not re.fullmatch(r"#[0-9a-f]{6}", value):
        yield f"{where} is no color"
    if field == "uri" and not re.match(r"https?://", value):
        yield f"{where} has no scheme"
    if field == "reviewStatus" and value not in ("UNDER_REVIEW", "DRAFT"):
        yield f"{where} may not be set to {value}"
