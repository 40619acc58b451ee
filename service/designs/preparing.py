"""From a designer's files to a design that may be published: all checks, all images."""

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
    written = sheet.read(files)
    sketch = image_set.sketched(files)
    # The rules ask for the names of images alone; decoding is for a design that may be published.
    draft = Prepared(written.source, dict.fromkeys(sketch.names, b""), ()).design(NOBODY, NOBODY, 0)
    faults = [*written.faults, *sketch.faults, *_rules(draft, sketch.faults)]
    if faults:
        raise design_rules.refusal(faults)
    if draft.stamps is not None:
        stamps.check(draft, draft.stamps, font)
    draft = _with_strips(replace(draft, images=image_set.drawn(sketch, files)), font)
    _ask(judge, draft)
    return Prepared(written.source, draft.images, design_rules.advice(draft))


def _with_strips(draft: Design, font: Path) -> Design:
    if draft.stamps is None:
        return draft
    kept = {name: png for name, png in draft.images.items() if name not in STRIP_FILES}
    return replace(draft, images=kept | stamps.drawn(draft, draft.stamps, font))


def _rules(draft: Design, told: Sequence[Fault]) -> list[Fault]:
    """Return the faults of the whole; an icon that was refused is not missing besides."""
    has_bad_icon = any(fault.place.startswith("images/icon") for fault in told)
    found = design_rules.faults(draft)
    return [f for f in found if not (has_bad_icon and f.code == design_rules.MISSING_IMAGE)]


def _ask(judge: Judge, draft: Design) -> None:
    found = [Fault(place, "wallet_refuses", text) for place, text in judge(draft)]
    if found:
        raise design_rules.refusal(found)
