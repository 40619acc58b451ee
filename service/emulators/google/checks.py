"""Does a request body fit the schema? Names, types, formats and enums; no rule of content.

Source: docs/sources.md, g-3. A null fits everywhere but in a list: it clears or is absent.
"""

import re
import sys
from collections.abc import Mapping

from service.emulators.google.errors import GoogleRefused, invalid, malformed
from service.emulators.google.fields import Field
from service.emulators.google.schema import SCHEMAS

Json = dict[str, object]

INT64 = re.compile(r"-?\d{1,19}")
INT32_RANGE = range(-(2**31), 2**31)
INT64_RANGE = range(-(2**63), 2**63)
LARGEST_DOUBLE = sys.float_info.max
# Google's platform fills these in; a body that brings them was made from a GET.
OUTPUT_ONLY = {
    "LoyaltyClass": {"review"},
    "LoyaltyObject": {"hasUsers", "hasLinkedDevice", "classReference"},
}
# Retired in Google's prose only, where no flag of the schema says so.
RETIRED = {"LoyaltyObject": {"infoModuleData"}}


def check_shape(body: Mapping[str, object], schema: str, path: str = "") -> None:
    """Check a body against a schema of ours, all the way down.

    Raises:
        GoogleRefused: 400 at the first thing that does not fit.
    """
    fields = SCHEMAS[schema]
    for name, value in body.items():
        where = f"{path}.{name}" if path else name
        field = fields.get(name)
        if field is None:
            raise malformed(
                f'Invalid JSON payload received. Unknown name "{name}" at "{path or schema}": '
                "Cannot find field."
            )
        _check_sendable(schema, name, field, where)
        if value is not None:
            _check_field(value, field, where)


def _check_sendable(schema: str, name: str, field: Field, where: str) -> None:
    if field.is_deprecated or name in RETIRED.get(schema, ()):
        raise invalid(f"{where} is deprecated and may not be sent.")
    if name in OUTPUT_ONLY.get(schema, ()):
        raise invalid(f"{where} is output only and may not be sent.")


def _check_field(value: object, field: Field, where: str) -> None:
    if not field.is_list:
        _check_value(value, field, where)
        return
    if not isinstance(value, list):
        raise _bad_value(where, "a list", value)
    for position, item in enumerate(value):
        _check_value(item, field, f"{where}[{position}]")


def _check_value(value: object, field: Field, where: str) -> None:
    if field.type in SCHEMAS:
        if not isinstance(value, dict):
            raise _bad_value(where, "an object", value)
        check_shape(value, field.type, where)
    elif field.values:
        _check_enum(value, field, where)
    else:
        wanted = _misfit(value, field)
        if wanted is not None:
            raise _bad_value(where, wanted, value)


def _check_enum(value: object, field: Field, where: str) -> None:
    if not isinstance(value, str):
        raise _bad_value(where, "a string", value)
    if value in field.old_values:
        raise invalid(f"{where}: {value} is a deprecated spelling and may not be sent.")
    if value not in field.values:
        raise _bad_value(where, "one of " + ", ".join(_current(field)), value)


def _current(field: Field) -> list[str]:
    return [word for word in field.values if word not in field.old_values]


def _misfit(value: object, field: Field) -> str | None:
    """Return what the value should have been, or None if it fits."""
    match field.type, field.format:
        case "boolean", _:
            return None if isinstance(value, bool) else "true or false"
        case "integer", _:
            return None if _is_int32(value) else "a 32 bit integer"
        case "number", _:
            return None if _is_number(value) else "a number"
        case _, "int64":
            return None if _is_int64(value) else "a 64 bit integer as a string"
        case _:
            return None if isinstance(value, str) else "a string"


def _is_int32(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in INT32_RANGE


def _is_int64(value: object) -> bool:
    return isinstance(value, str) and bool(INT64.fullmatch(value)) and int(value) in INT64_RANGE


def _is_number(value: object) -> bool:
    # Compared, not tested for being finite: a JSON integer may be too large for a float.
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return -LARGEST_DOUBLE <= value <= LARGEST_DOUBLE


def _bad_value(where: str, wanted: str, value: object) -> GoogleRefused:
    return malformed(f"Invalid value at '{where}': {value!r:.80} is not {wanted}.")
