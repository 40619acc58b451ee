"""From a designer's files to a design that may be published: all checks, all images."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from service.designs import image_set, sheet, stamps
from service.domain import design_rules, designs
from service.domain.design_rules import Fault
from service.domain.designs import Design

NOBODY = UUID(int=0)
STRIP_FILES = ("strip.png", "strip@2x.png", "strip@3x.png")
Judge = Callable[[Design], Sequence[tuple[str, str]]]
# Pictures are large while they are worked on; a second upload waits for its turn.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Prepared:
    """A design on its way into the database: what is kept of it, and what it may do without."""

    source: Mapping[str, Any]
    images: Mapping[str, bytes]
    warnings: Sequence[str]

    @property
    def name(self) -> str:
        return str(self.source["name"])

    def design(self, id: UUID, brand_id: UUID, version: int) -> Design:
        """Return it as a version of a brand's design."""
        return designs.read(self.source, self.images, id=id, brand_id=brand_id, version=version)


def prepare(files: Mapping[str, bytes], font: Path, judge: Judge) -> Prepared:
    """Return the design that the files make, after every check that needs no brand.

    `font` draws the text on strips; `judge` tells what each wallet finds wrong with the design.

    Raises:
        DesignRefused: it cannot be published; tells all faults at once, with their files.
    """
    with _one_at_a_time:
        return _prepared(files, font, judge)


def _prepared(files: Mapping[str, bytes], font: Path, judge: Judge) -> Prepared:
    written = sheet.read(files)
    pictures = image_set.read(files)
    read = Prepared(written.source, pictures.files, ())
    draft = read.design(NOBODY, NOBODY, 0)
    faults = [*written.faults, *pictures.faults, *_rules(draft, pictures.faults)]
    if faults:
        raise design_rules.refusal(faults)
    if draft.stamps is not None:
        kept = {name: png for name, png in draft.images.items() if name not in STRIP_FILES}
        draft = replace(draft, images=kept | stamps.drawn(draft, draft.stamps, font))
    _ask(judge, draft)
    return Prepared(written.source, draft.images, design_rules.advice(draft))


def _rules(draft: Design, told: Sequence[Fault]) -> list[Fault]:
    """Return the faults of the whole; an icon that was refused is not missing besides."""
    has_bad_icon = any(fault.place.startswith("images/icon") for fault in told)
    found = design_rules.faults(draft)
    return [f for f in found if not (has_bad_icon and f.code == design_rules.MISSING_IMAGE)]


def _ask(judge: Judge, draft: Design) -> None:
    found = [Fault(place, "wallet_refuses", text) for place, text in judge(draft)]
    if found:
        raise design_rules.refusal(found)
