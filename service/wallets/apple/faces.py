"""The faces of a pass: a classic style, and beside it the poster of iOS 27.

A phone draws the poster if it knows it, so both say the same in their own places.
"""

from collections.abc import Mapping, Sequence

from service.domain.designs import Design, DesignField, Section
from service.domain.passes import PassContent
from service.wallets.apple.fields import PreparedField, prepared
from service.wallets.apple.models.fields import FieldJson
from service.wallets.apple.options import AppleOptions
from service.wallets.apple.text import plain

POSTER = "posterGeneric"
MOST_PRIMARY = 4  # of a poster (docs/sources.md, a-8)
FaceJson = dict[str, list[FieldJson]]
Placed = Mapping[Section, Sequence[DesignField]]


class Face:
    """One style of a design, prepared. Immutable: any thread may draw from it."""

    def __init__(self, sections: Mapping[str, Sequence[PreparedField]]) -> None:
        self._sections = tuple((name, tuple(fields)) for name, fields in sections.items())

    def drawn(self, content: PassContent) -> FaceJson:
        """Return the fields of one card by section; a section without any is left out."""
        face: FaceJson = {}
        for name, fields in self._sections:
            drawn = [each for field in fields if (each := field.drawn(content)) is not None]
            if drawn:
                face[name] = drawn
        return face


def faces(design: Design, options: AppleOptions) -> dict[str, Face]:
    """Return the faces of a design by the name of their style."""
    found: dict[str, Face] = {options.of_pass.style: _classic(design, options)}
    if options.of_pass.poster:
        found[POSTER] = _poster(design, options)
    return found


def _classic(design: Design, options: AppleOptions) -> Face:
    return Face(
        {
            f"{section}Fields": _prepared(design, options, fields, section)
            for section, fields in _placed(design).items()
        }
    )


def _poster(design: Design, options: AppleOptions) -> Face:
    """Return the poster: one header field, up to four primary ones, one in the footer.

    The first of the primary fields is the title if it has no label. The logo's text, which says
    the program's name on the other styles, is not drawn, so where the design has no title the name
    is it. What has no place on the front is on the back: a customer misses nothing.
    """
    placed = _placed(design)
    header, primary = placed[Section.HEADER], placed[Section.PRIMARY]
    other = [*placed[Section.SECONDARY], *placed[Section.AUXILIARY]]
    title = () if primary and primary[0].label is None else (TITLE,)
    room = MOST_PRIMARY - len(title)
    hidden = [*header[1:], *primary[room:], *other[1:], *placed[Section.BACK]]
    return Face(
        {
            "headerFields": _prepared(design, options, header[:1], Section.HEADER),
            "primaryFields": [*title, *_prepared(design, options, primary[:room], Section.PRIMARY)],
            "footerFields": _prepared(design, options, other[:1], Section.SECONDARY),
            "backFields": _prepared(design, options, hidden, Section.BACK),
        }
    )


def _placed(design: Design) -> Placed:
    return {
        section: [field for field in design.fields if field.section is section]
        for section in Section
    }


def _prepared(
    design: Design, options: AppleOptions, fields: Sequence[DesignField], section: Section
) -> list[PreparedField]:
    return [prepared(design, field, options.of_fields[field.key], section) for field in fields]


def _program(content: PassContent) -> FieldJson:
    return {"value": plain(content.program_name)}


# A design's own keys have no hyphen.
TITLE = PreparedField("program-name", is_open=True, value=_program, loud={}, quiet={})
