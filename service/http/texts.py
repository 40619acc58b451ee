"""The texts of requests that have rules of their own: what members are called, words of a query.

What can be written can be asked for: a word of a query may hold all that a member's id may.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

# An id becomes a part of a path, so it has no slash. Control characters and the ends of lines and
# paragraphs break logs and lists; U+FFFD stands where an address held bytes that are no text.
_NEVER = r"/\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd"
MEMBER_ID = re.compile(rf"[^\s{_NEVER}](?:[^{_NEVER}]{{0,253}}[^\s{_NEVER}])?")
MEMBER_ID_RULE = "takes 1 to 255 characters: no slash, no control character, no blank at either end"


def _member_id(text: str) -> str:
    if not MEMBER_ID.fullmatch(text):
        raise PydanticCustomError("member_id", MEMBER_ID_RULE)
    return text


def _storable(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul", "holds a NUL character")
    return text


MemberId = Annotated[
    str,
    AfterValidator(_member_id),
    Field(json_schema_extra={"pattern": f"^{MEMBER_ID.pattern}$"}),
]
Word = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_storable)]
