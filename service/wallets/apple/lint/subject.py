"""What rules look at: the files of one pass, and tolerant views of what is in them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from service.wallets.apple.lint.image_file import Image, read_image
from service.wallets.apple.lint.json_file import Json, JsonFile, list_of, read_object, text_of
from service.wallets.apple.lint.package import CONTENT, MANIFEST, SIGNATURE, Archive
from service.wallets.apple.lint.signature_file import Signed, read_signature
from service.wallets.apple.lint.strings_file import is_compiled, read_strings

CLASSIC_STYLES = ("storeCard", "coupon", "eventTicket", "boardingPass", "generic")
POSTER = "posterGeneric"
STYLES = (*CLASSIC_STYLES, POSTER)
FRONT = ("headerFields", "primaryFields", "secondaryFields", "auxiliaryFields")
SECTIONS = (*FRONT, "backFields", "additionalInfoFields", "footerFields")
STRINGS = re.compile(r"([^/]+)\.lproj/pass\.strings")


@dataclass(frozen=True)
class Field:
    """One field of a style, and where it stands."""

    style: str
    section: str
    where: str
    data: Json

    def at(self, key: str) -> str:
        return f"{self.where}.{key}"

    def text(self, key: str) -> str:
        return text_of(self.data, key)


@dataclass(frozen=True)
class Subject:
    """The files of one pass by name, linted at `now` (aware). `archive` is None before packing.

    `roots` are the root certificates (PEM) up to which the chain is followed; none: not followed.
    """

    files: Mapping[str, bytes] = field(repr=False)
    now: datetime
    archive: Archive | None = None
    roots: bytes = b""

    @cached_property
    def pass_json(self) -> JsonFile:
        return read_object(self.files.get(CONTENT, b"{}"))

    @property
    def content(self) -> Json:
        return self.pass_json.value

    def text(self, key: str) -> str:
        return text_of(self.content, key)

    @cached_property
    def classic_styles(self) -> tuple[str, ...]:
        return tuple(style for style in CLASSIC_STYLES if style in self.content)

    @property
    def style(self) -> str:
        """The classic style that a phone takes; empty if there is none."""
        return self.classic_styles[0] if self.classic_styles else ""

    @property
    def has_poster(self) -> bool:
        return POSTER in self.content

    @cached_property
    def style_objects(self) -> Mapping[str, Json]:
        """The styles that are objects, by name."""
        found = {style: self.content.get(style) for style in STYLES}
        return {name: value for name, value in found.items() if isinstance(value, dict)}

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All fields that are objects, in the order of the pass."""
        return tuple(
            Field(style, section, where, data)
            for style, sections in self.style_objects.items()
            for section in SECTIONS
            for where, data in objects(sections, section, f"{style}.{section}")
        )

    @cached_property
    def barcodes(self) -> tuple[tuple[str, Json], ...]:
        """The entries of `barcodes`, with their places."""
        return tuple(objects(self.content, "barcodes"))

    @cached_property
    def shown_barcodes(self) -> tuple[tuple[str, Json], ...]:
        """What a phone may draw: `barcodes`, else the deprecated `barcode`."""
        old = self.content.get("barcode")
        return self.barcodes or ((("barcode", old),) if isinstance(old, dict) else ())

    def objects(self, key: str) -> Iterator[tuple[str, Json]]:
        return objects(self.content, key)

    @cached_property
    def images(self) -> tuple[Image, ...]:
        """The images that Wallet knows by name, at the root and in languages."""
        read = (read_image(name, content) for name, content in self.files.items())
        return tuple(image for image in read if image is not None)

    @cached_property
    def strings(self) -> Mapping[str, Mapping[str, str] | None]:
        """The table of each language, but for compiled ones; None: it cannot be read."""
        named = ((STRINGS.fullmatch(name), content) for name, content in self.files.items())
        return {
            match[1]: read_strings(content)
            for match, content in named
            if match and not is_compiled(content)
        }

    def said(self, text: str) -> tuple[str, ...]:
        """Return how a text of pass.json reads where it is translated; nowhere: as it stands."""
        tables = [table for table in self.strings.values() if table is not None]
        return tuple(table[text] for table in tables if text in table) or (text,)

    @cached_property
    def manifest(self) -> JsonFile:
        return read_object(self.files.get(MANIFEST, b"{}"))

    @cached_property
    def signed(self) -> Signed | None:
        """What the signature says; None: there is none, or it cannot be read."""
        if SIGNATURE not in self.files:
            return None
        manifest = self.files.get(MANIFEST, b"")
        return read_signature(self.files[SIGNATURE], manifest, self.roots)


def objects(value: Json, key: str, where: str = "") -> Iterator[tuple[str, Json]]:
    """Yield the entries of a list that are objects, with their places."""
    for index, entry in enumerate(list_of(value, key)):
        if isinstance(entry, dict):
            yield f"{where or key}[{index}]", entry
