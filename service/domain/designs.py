"""A pass template as data: colors, fields, strings per language, images.

A design never changes: an edit makes the next version, a new `id`. Whether one may be published
is told by `design_rules`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

from service.domain.errors import InvalidInput

COLOR = re.compile(r"rgb\((\d{1,3}), (\d{1,3}), (\d{1,3})\)")
GOOGLE_LOGO, GOOGLE_HERO = "google/logo.png", "google/hero.png"
# Below it are the strips of a card with stamps: `stamps/7/strip@2x.png`.
STAMPS = "stamps/"
# What a field may show: a balance by code, what of it is pending, how much of it expires next and
# when, a text of the design, or a fact of the card.
BALANCE_PARTS = ("balance", "pending", "expiring", "expiring_at")
SHOWS = re.compile(
    rf"(?:{'|'.join(BALANCE_PARTS)}):[a-z][a-z0-9_]*|text:[a-z][a-z0-9_.]*"
    r"|member_name|card_number|tier|status|expires_at"
)


class Section(StrEnum):
    HEADER = "header"
    PRIMARY = "primary"
    SECONDARY = "secondary"
    AUXILIARY = "auxiliary"
    BACK = "back"


@dataclass(frozen=True)
class DesignField:
    """One field: `label` and `change_message` are keys of the strings; `shows` says the value.

    `apple` is what only Apple Wallet knows, for instance an alignment.
    """

    section: Section
    key: str
    shows: str
    label: str | None = None
    change_message: str | None = None
    apple: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str | None:
        """Return the key of the text that the field shows, or None if it shows no text."""
        return self.shows.removeprefix("text:") if self.shows.startswith("text:") else None

    @property
    def balance(self) -> str | None:
        """Return the code of the balance that the field shows, or shows a part of."""
        kind, _, code = self.shows.partition(":")
        return code if kind in BALANCE_PARTS else None


class Mark(StrEnum):
    """The sign on a collected stamp."""

    CHECK = "check"
    CUP = "cup"
    HEART = "heart"
    STAR = "star"


@dataclass(frozen=True)
class Stamps:
    """A strip with `of` places, as many of them filled as `balance` (a code) has whole units.

    `filled` is the color of a collected stamp, `empty` that of a place still free. `text` is a key
    of the strings; in that text `{n}` is how many there are and `{of}` how many there can be.
    """

    balance: str
    of: int
    filled: str
    empty: str
    mark: Mark = Mark.CHECK
    text: str | None = None

    def shown(self, amount: int) -> int:
        """Return how many places are filled when the balance is `amount` whole units."""
        return max(0, min(amount, self.of))


@dataclass(frozen=True)
class Design:
    """`strings` is language -> key -> text, the default language first.

    `images` is file name (`icon@2x.png`) -> PNG bytes. Those in a folder of a wallet's name
    (`google/logo.png`) are for that wallet, those in one of a language (`ru.lproj/strip.png`) for
    it alone, and those below `stamps/` for a card with that many. `apple` is what only Apple
    Wallet knows.
    """

    id: UUID
    brand_id: UUID
    name: str
    version: int
    background: str
    foreground: str
    label: str
    fields: tuple[DesignField, ...]
    strings: Mapping[str, Mapping[str, str]]
    images: Mapping[str, bytes]
    apple: Mapping[str, Any] = field(default_factory=dict)
    stamps: Stamps | None = None

    @property
    def has_google_logo(self) -> bool:
        """Say whether Google can show the design: it asks for a logo of its own."""
        return GOOGLE_LOGO in self.images

    @property
    def default_language(self) -> str:
        """Return the language of who speaks none of the others."""
        return next(iter(self.strings))

    def images_with_stamps(self, filled: int) -> dict[str, bytes]:
        """Return the images of a card that has `filled` stamps, under the names of any other's."""
        own = f"{STAMPS}{filled}/"
        found = {n: png for n, png in self.images.items() if not n.startswith(STAMPS)}
        drawn = {n: png for n, png in self.images.items() if n.startswith(own)}
        return found | {name.removeprefix(own): png for name, png in drawn.items()}

    def image_path(self, name: str) -> str | None:
        """Return where the image is served: other bytes have another address. None: there is none.

        Google keeps what it fetched under an address for ever (docs/sources.md, g-4).
        """
        digest = self._digests.get(name)
        return None if digest is None else f"/images/{digest}.png"

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {name: image_digest(png) for name, png in self.images.items()}


@dataclass(frozen=True)
class ListedDesign:
    """A version of a design as lists show it."""

    id: UUID
    name: str
    version: int
    languages: tuple[str, ...]
    created_at: datetime


def image_digest(png: bytes) -> str:
    """Return the name under which an image is served."""
    return sha256(png).hexdigest()


def read(
    source: Mapping[str, Any],
    images: Mapping[str, bytes],
    *,
    id: UUID,
    brand_id: UUID,
    version: int,
) -> Design:
    """Return the design whose parts `source` holds, as they are kept with each version.

    Raises:
        InvalidInput: a part is missing or of another kind; says which.
    """
    try:
        colors = {name: source["colors"][name] for name in ("background", "foreground", "label")}
        return Design(
            id=id,
            brand_id=brand_id,
            name=source["name"],
            version=version,
            fields=tuple(_fields(source["fields"])),
            strings=_in_order(source["strings"], source.get("default_language")),
            images=images,
            apple=source.get("apple", {}),
            stamps=_stamps(source.get("stamps")),
            **colors,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"The design is incomplete: {error}") from error


def languages_of(source: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the languages of a design that is kept so, the default one first."""
    return tuple(_in_order(source["strings"], source.get("default_language")))


def _fields(listed: Mapping[str, Any]) -> Iterable[DesignField]:
    for section, fields in listed.items():
        for said in fields:
            yield DesignField(section=Section(section), **said)


def _in_order(
    strings: Mapping[str, Mapping[str, str]], first: str | None
) -> dict[str, Mapping[str, str]]:
    """Return the strings with the default language first: databases sort the keys of JSON."""
    if not strings:
        raise ValueError("there are no strings")
    return {name: dict(strings[name]) for name in sorted(strings, key=lambda each: each != first)}


def _stamps(said: Mapping[str, Any] | None) -> Stamps | None:
    if said is None:
        return None
    return Stamps(**{**said, "mark": Mark(said.get("mark", Mark.CHECK))})
