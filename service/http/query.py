"""Reads the query of an address strictly, and the cursors that lists go on from."""

import base64
import binascii
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as Invalid
from werkzeug.datastructures import MultiDict

from service.domain.errors import InvalidInput
from service.domain.pages import Cut
from service.http import json_body

LARGEST_PAGE = 100
PAGE = 50
CHECK_BYTES = 4


def _readable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("takes printable characters only")
    return text


Word = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_readable)]


class Query(BaseModel):
    """The query of an address; unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Listing(Query):
    """The query of a list that is read part by part."""

    cursor: Word | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = PAGE

    def cut(self, name: str) -> Cut:
        """Return which part of the list called `name` is wanted.

        Raises:
            InvalidInput: the cursor is none that this list gave out.
        """
        return Cut(self.limit, None if self.cursor is None else _position(name, self.cursor))


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
        raw = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    last, check = raw[:-CHECK_BYTES], raw[-CHECK_BYTES:]
    if len(last) != len(UUID(int=0).bytes) or check != _check(name, last):
        raise InvalidInput(
            "Send the next_cursor of the part before, or none to begin anew.",
            [("cursor", "is not one that this list gave out")],
        )
    return UUID(bytes=last)


def _check(name: str, last: bytes) -> bytes:
    # Finds typing errors and cursors of other lists. It need not be secret: a cursor opens nothing.
    return sha256(name.encode() + last).digest()[:CHECK_BYTES]
