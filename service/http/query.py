"""Reads the query of an address strictly, and the cursors that lists go on from."""

import base64
import binascii
import re
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import ValidationError as Invalid
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import MultiDict

from service.domain.errors import InvalidInput
from service.domain.pages import Cut
from service.http import json_body
from service.http.texts import Word

LARGEST_PAGE = 100
PAGE = 50
CHECK_BYTES = 4
WHOLE = re.compile(r"0|[1-9][0-9]*")


def _whole(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise PydanticCustomError("plain_digits", "takes plain digits, without a leading zero")
    return int(text)


Limit = Annotated[int, Field(ge=1, le=LARGEST_PAGE), BeforeValidator(_whole)]


class Query(BaseModel):
    """The query of an address; unknown parameters are refused. By itself it takes none."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Listing(Query):
    """The query of a list that is read part by part."""

    cursor: Word | None = None
    limit: Limit = PAGE

    def cut(self, name: str) -> Cut:
        """Return which part of the list called `name` is wanted.

        Raises:
            InvalidInput: the cursor is none that this list gave out.
        """
        return Cut(self.limit, None if self.cursor is None else _position(name, self.cursor))


def sent_query() -> MultiDict[str, str]:
    """Return the query of the address.

    Raises:
        InvalidInput: it holds bytes that are neither percent-encoded nor UTF-8.
    """
    try:
        return request.args
    except UnicodeDecodeError as error:
        raise InvalidInput("The query of the address is not UTF-8.") from error


def read_query(model: type[Query], sent: MultiDict[str, str]) -> Any:
    """Return the query as `model`.

    Raises:
        InvalidInput: a parameter is unknown, given twice or cannot be used.
    """
    values = {name: texts[0] for name, texts in sent.lists()}
    twice = [name for name, texts in sent.lists() if len(texts) > 1]
    if twice:
        raise InvalidInput("A parameter is given twice.", [(name, "twice") for name in twice])
    try:
        return model.model_validate_strings(values)
    except Invalid as error:
        faults = json_body.faults(error, "query")
        raise InvalidInput("Some parameters cannot be used.", faults) from error


def cursor(name: str, last: UUID | None) -> str | None:
    """Return what a caller sends to get the part of the list called `name` after `last`.

    It is a position and no right: every list is of the caller's own brand.
    """
    if last is None:
        return None
    return base64.urlsafe_b64encode(last.bytes + _check(name, last.bytes)).decode().rstrip("=")


def _position(name: str, given: str) -> UUID:
    try:
        last = UUID(bytes=base64.urlsafe_b64decode(given + "==")[:-CHECK_BYTES])
    except (binascii.Error, ValueError):
        last = None
    # Base64 has several words for the same bytes; only the one that was given out is good.
    if last is None or given != cursor(name, last):
        raise InvalidInput(
            "Send the next_cursor of the part before, or none to begin anew.",
            [("cursor", "is not one that this list gave out")],
        )
    return last


def _check(name: str, last: bytes) -> bytes:
    # Finds typing errors and cursors of other lists. It need not be secret: a cursor opens nothing.
    return sha256(name.encode() + last).digest()[:CHECK_BYTES]
