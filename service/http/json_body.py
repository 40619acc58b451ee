"""Reads JSON bodies strictly: what two readers could understand differently is refused."""

import json
import re
from typing import Any

from pydantic import BaseModel, ValidationError

from service.domain.errors import InvalidInput

LARGEST_BODY = 64 * 1024
FIELD = re.compile(r"[a-z0-9_]+")


def parse(raw: bytes) -> Any:
    """Return the JSON value of a body.

    Raises:
        InvalidInput: not UTF-8 JSON, a key twice, NaN, text that no database keeps, or too deep.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
        _check_texts(value)
    except RecursionError as error:
        raise InvalidInput("The JSON is nested too deeply.") from error
    except ValueError as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInput("The JSON names a key twice.")
    return found


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, part in value.items():
            _check_text(key)
            _check_texts(part)
    elif isinstance(value, list):
        for part in value:
            _check_texts(part)


def _check_text(text: str) -> None:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput("The JSON holds a NUL character or half a surrogate pair.")


def _refuse_constant(name: str) -> Any:
    raise InvalidInput(f"{name} is not JSON.")


def read(model: type[BaseModel], raw: bytes) -> tuple[Any, Any]:
    """Return the body as `model` and as plain JSON.

    Raises:
        InvalidInput: the body is no JSON, or fields are missing, unknown or of a wrong type.
    """
    plain = parse(raw)
    return validated(model, plain), plain


def validated(model: type[BaseModel], plain: Any) -> Any:
    """Return a JSON value as `model`.

    Raises:
        InvalidInput: fields are missing, unknown or of a wrong type.
    """
    try:
        # JSON mode: ids and times come as strings, all else keeps its strict type.
        return model.model_validate_json(json.dumps(plain), strict=True)
    except ValidationError as error:
        raise InvalidInput("Some fields cannot be used.", faults(error)) from error


def faults(error: ValidationError, whole: str = "body") -> list[tuple[str, str]]:
    """Return (where, what is wrong) of each fault; `whole` names what has no name of its own."""
    listed = error.errors(include_input=False, include_url=False, include_context=False)
    return list(dict.fromkeys((_place(each["loc"]) or whole, each["msg"]) for each in listed))


def _place(location: tuple[int | str, ...]) -> str:
    """Return where a fault is, in the caller's words: parts that name our types are left out."""
    parts = [str(part) for part in location]
    return ".".join(part for part in parts if FIELD.fullmatch(part))


def canonical(plain: Any) -> bytes:
    """Return the same bytes for the same JSON value, however it was written."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
