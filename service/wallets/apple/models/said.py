"""What a design says of a part: strict, closed, and checked against the design itself.

Our names are those of Wallet's keys in snake_case; values are Apple's words as they stand, without
their `PK...` prefix.
"""

from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasGenerator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
)
from pydantic.alias_generators import to_camel

from service.domain.designs import Design, DesignField

Json = dict[str, Any]
T = TypeVar("T")
Listed = Annotated[tuple[T, ...], Field(strict=False)]  # files hold lists, which we keep unchanging
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Said(BaseModel):
    """A table of the design; it is read with a `Context`."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        alias_generator=AliasGenerator(serialization_alias=to_camel),
    )

    def as_json(self) -> Json:
        """Return the part as Wallet reads it; what was not said is left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Context(NamedTuple):
    """The design that is read, and the field whose table it is, if it is a field's."""

    design: Design
    field: DesignField | None = None


def design_of(info: ValidationInfo) -> Design:
    assert isinstance(info.context, Context)
    return info.context.design


def field_of(info: ValidationInfo) -> DesignField:
    assert isinstance(info.context, Context)
    assert info.context.field is not None
    return info.context.field


def _known(key: str, info: ValidationInfo) -> str:
    design = design_of(info)
    lacking = [language for language, strings in design.strings.items() if key not in strings]
    if lacking:
        raise ValueError(f"is no key of the strings of {', '.join(lacking)}")
    return key


def https_url(url: str) -> str:
    """Return the address, which a phone may open from a pass.

    Raises:
        ValueError: it is no https URL with a host.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or not url.isprintable() or " " in url:
        raise ValueError("has to be an https URL")
    return url


# A key of the strings, which every language of the design has.
StringsKey = Annotated[Text, AfterValidator(_known)]
