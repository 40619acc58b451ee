"""How one field is written: what a design may say of it, and its parts as Wallet reads them.

Source: Wallet Passes > PassFieldContent (docs/sources.md, a-1).
"""

from typing import Any, Literal, TypedDict

from pydantic import Field, ValidationInfo, field_validator

from service.domain.designs import Section
from service.wallets.apple.models.said import Listed, Said, StringsKey, design_of, field_of
from service.wallets.apple.models.semantics import Meaning, SemanticsJson

AMOUNTS = frozenset({"balance", "pending", "expiring"})
DATES = frozenset({"expires_at", "expiring_at"})
# What each meaning may be said of.
SHOWN_BY: dict[Meaning, frozenset[str]] = {
    "balance": frozenset({"balance"}),
    "totalPrice": AMOUNTS,
    "membershipProgramName": frozenset({"text"}),
    "membershipProgramNumber": frozenset({"card_number"}),
}
DateStyle = Literal["none", "short", "medium", "long", "full"]


class FieldJson(TypedDict, total=False):
    """One field. `value` is there always; the key of a text stands for it in every language."""

    key: str
    value: str | int | float
    label: str
    changeMessage: str
    attributedValue: str
    dataDetectorTypes: list[str]
    textAlignment: str
    dateStyle: str
    timeStyle: str
    isRelative: bool
    ignoresTimeZone: bool
    numberStyle: str
    currencyCode: str
    semantics: SemanticsJson


def kind_of(shows: str) -> str:
    """Return what a field shows, without which one: `balance:points` is a `balance`."""
    return shows.partition(":")[0]


def constant(prefix: str, word: str) -> str:
    """Return Apple's name of a word: `PKDateStyle`, `short` -> `PKDateStyleShort`."""
    return f"{prefix}{word[0].upper()}{word[1:]}"


class FieldOptions(Said):
    """A field's `apple` table."""

    number_style: Literal["decimal", "percent", "scientific", "spellOut"] | None = None
    date_style: DateStyle | None = None
    time_style: DateStyle | None = None
    is_relative: bool | None = None
    ignores_time_zone: bool | None = None
    text_alignment: Literal["left", "center", "right", "natural"] | None = None
    data_detectors: Listed[Literal["phoneNumber", "link", "address", "calendarEvent"]] | None = (
        Field(default=None)
    )
    link: StringsKey | None = None
    meaning: Meaning | None = None

    @field_validator("number_style")
    @classmethod
    def _of_an_amount(cls, said: Any, info: ValidationInfo) -> Any:
        if kind_of(field_of(info).shows) not in AMOUNTS:
            raise ValueError("is for balances")
        return said

    @field_validator("date_style", "time_style", "is_relative", "ignores_time_zone")
    @classmethod
    def _of_a_date(cls, said: Any, info: ValidationInfo) -> Any:
        if kind_of(field_of(info).shows) not in DATES:
            raise ValueError("is for dates")
        return said

    @field_validator("text_alignment")
    @classmethod
    def _where_it_can_be_aligned(cls, said: Any, info: ValidationInfo) -> Any:
        if field_of(info).section in (Section.PRIMARY, Section.BACK):
            raise ValueError("is not for primary and back fields: Wallet aligns them itself")
        return said

    @field_validator("data_detectors")
    @classmethod
    def _on_the_back(cls, said: Any, info: ValidationInfo) -> Any:
        if field_of(info).section is not Section.BACK:
            raise ValueError("is for back fields")
        return said

    @field_validator("link")
    @classmethod
    def _around_a_text(cls, said: Any, info: ValidationInfo) -> Any:
        field = field_of(info)
        if field.section is not Section.BACK or kind_of(field.shows) != "text":
            raise ValueError("is for back fields that show a text")
        for language, strings in design_of(info).strings.items():
            if not strings[said].startswith(("https://", "mailto:", "tel:")):
                raise ValueError(f"has to be an address that phones open, but is not in {language}")
        return said

    @field_validator("meaning")
    @classmethod
    def _of_such_a_fact(cls, said: Meaning, info: ValidationInfo) -> Meaning:
        if kind_of(field_of(info).shows) not in SHOWN_BY[said]:
            raise ValueError(f"is not what a field that shows {field_of(info).shows} can mean")
        return said

    def date(self) -> FieldJson:
        """Return how a date is written; Wallet wants both styles or neither."""
        written: FieldJson = {
            "dateStyle": constant("PKDateStyle", self.date_style or "medium"),
            "timeStyle": constant("PKDateStyle", self.time_style or "none"),
        }
        if self.is_relative is not None:
            written["isRelative"] = self.is_relative
        if self.ignores_time_zone is not None:
            written["ignoresTimeZone"] = self.ignores_time_zone
        return written

    def number(self) -> FieldJson:
        """Return how an amount is written that is no money."""
        return {"numberStyle": constant("PKNumberStyle", self.number_style or "decimal")}
