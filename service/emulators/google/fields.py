"""The words the schema of Google's loyalty cards is written in: one Field per property."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Field:
    """One property: `type` is JSON's, or the name of another schema.

    `values` are an enum's words; those also in `old_values` are its retired spellings.
    """

    type: str
    format: str | None = None
    values: tuple[str, ...] = ()
    old_values: frozenset[str] = frozenset()
    is_list: bool = False
    is_deprecated: bool = False


Schema = dict[str, Field]

TEXT = Field("string")
FLAG = Field("boolean")
INT32 = Field("integer", "int32")
INT64 = Field("string", "int64")
DOUBLE = Field("number", "double")


def part(schema: str) -> Field:
    """Return a property that is another schema."""
    return Field(schema)


def one_of(values: str, *, old: str = "") -> Field:
    """Return an enum of the words in `values`; those in `old` are retired spellings of them."""
    retired = old.split()
    return Field("string", values=(*values.split(), *retired), old_values=frozenset(retired))


def many(item: Field) -> Field:
    """Return a list of `item`."""
    return replace(item, is_list=True)


def deprecated(field: Field) -> Field:
    """Return the property as one that nobody may send any more."""
    return replace(field, is_deprecated=True)
