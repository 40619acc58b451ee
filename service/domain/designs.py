"""A pass template as data: colors, fields, strings per language, images.

A design never changes: an edit makes the next version, a new `id`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

from service.domain.errors import InvalidInput

COLOR = re.compile(r"rgb\((\d{1,3}), (\d{1,3}), (\d{1,3})\)")
LARGEST_PART = 255
GOOGLE_LOGO, GOOGLE_HERO = "google/logo.png", "google/hero.png"
# What a field may show: a balance by code, a text of the design, or a fact of the card.
SHOWS = re.compile(r"balance:[a-z_]+|text:[a-z_.]+|member_name|card_number|tier|status|expires_at")


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


@dataclass(frozen=True)
class Design:
    """`strings` is language -> key -> text; `images` is file name (`icon@2x.png`) -> PNG bytes.

    Images in a folder of a wallet's name (`google/logo.png`) are for that wallet; those in one of
    a language (`ru.lproj/strip.png`) are for it alone. `apple` is what only Apple Wallet knows.
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

    @property
    def has_google_logo(self) -> bool:
        """Say whether Google can show the design: it asks for a logo of its own."""
        return GOOGLE_LOGO in self.images

    def image_path(self, name: str) -> str | None:
        """Return where the image is served: other bytes have another address. None: there is none.

        Google keeps what it fetched under an address for ever (docs/sources.md, g-4).
        """
        digest = self._digests.get(name)
        return None if digest is None else f"/images/{digest}.png"

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {name: image_digest(png) for name, png in self.images.items()}


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
    """Return the design written in a `design.json`.

    Raises:
        InvalidInput: a color, field or string is missing or malformed; says which.
    """
    try:
        colors = {name: source["colors"][name] for name in ("background", "foreground", "label")}
        fields = tuple(
            DesignField(section=Section(section), **said)
            for section, listed in source["fields"].items()
            for said in listed
        )
        design = Design(
            id=id,
            brand_id=brand_id,
            name=source["name"],
            version=version,
            fields=fields,
            strings=source["strings"],
            images=images,
            apple=source.get("apple", {}),
            **colors,
        )
        faults = _faults(design)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"The design is incomplete: {error}") from error
    if faults:
        raise InvalidInput("The design does not hold together.", faults)
    return design


def _faults(design: Design) -> list[tuple[str, str]]:
    colors = (design.background, design.foreground, design.label)
    faults = [("colors", color) for color in colors if not _is_color(color)]
    faults += [
        (field.key, field.shows) for field in design.fields if not SHOWS.fullmatch(field.shows)
    ]
    keys = [field.key for field in design.fields]
    faults += [(key, "is used twice") for key in set(keys) if keys.count(key) > 1]
    used = {key for f in design.fields for key in (f.label, f.change_message) if key}
    used |= {f.shows.removeprefix("text:") for f in design.fields if f.shows.startswith("text:")}
    for language, strings in design.strings.items():
        faults += [(f"strings.{language}", f"lacks {key}") for key in sorted(used - strings.keys())]
    faults += [("images", "lacks icon.png")] if "icon.png" not in design.images else []
    faults += [("strings", "are missing")] if not design.strings else []
    return faults


def _is_color(text: str) -> bool:
    found = COLOR.fullmatch(text)
    return found is not None and all(int(part) <= LARGEST_PART for part in found.groups())
