"""The faces of a pass: a classic style, and the poster of iOS 27 beside it."""

import json
from typing import Any

import pytest

from service.domain.designs import DesignField, Section
from service.wallets.apple.content import PreparedContent

from .builders import TEAM_ID, a_content, a_design
from .golden_passes import STYLES

POSTER_IMAGES = {f"{name}@3x.png": b"" for name in ("background", "primaryLogo")}


def text(section: Section, key: str, label: str | None = "label.terms", **said: Any) -> DesignField:
    return DesignField(section, key, "text:text.terms", label, apple=said)


def faces(*fields: DesignField, poster: bool = True, style: str = "storeCard") -> dict[str, Any]:
    """Return the keys of the fields of each face, by section."""
    images = {**a_design().images, **POSTER_IMAGES}
    design = a_design(fields=fields, images=images, apple={"poster": poster, "style": style})
    made: dict[str, Any] = json.loads(PreparedContent(design, TEAM_ID).pass_json(a_content()))
    return {key: made[key] for key in (*STYLES, "posterGeneric") if key in made}


def keys(face: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {section: [field["key"] for field in fields] for section, fields in face.items()}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("poster", [False, True])
def test_a_pass_has_one_classic_style_and_the_poster_only_if_asked_for(
    style: str, poster: bool
) -> None:
    made = faces(text(Section.HEADER, "a"), style=style, poster=poster)

    assert list(made) == ([style, "posterGeneric"] if poster else [style])


def test_what_has_no_place_on_the_front_of_a_poster_is_on_its_back() -> None:
    made = faces(
        *(text(Section.HEADER, key) for key in ("h1", "h2")),
        text(Section.PRIMARY, "p1", label=None),
        *(text(Section.PRIMARY, key) for key in ("p2", "p3", "p4", "p5")),
        *(text(Section.SECONDARY, key) for key in ("s1", "s2")),
        text(Section.AUXILIARY, "a1"),
        text(Section.BACK, "b1"),
    )

    assert keys(made["posterGeneric"]) == {
        "headerFields": ["h1"],
        "primaryFields": ["p1", "p2", "p3", "p4"],
        "footerFields": ["s1"],
        "backFields": ["h2", "p5", "s2", "a1", "b1"],
    }


def test_a_poster_says_whatever_the_classic_style_says() -> None:
    made = faces(*a_design().fields)

    said = {
        style: {key for each in keys(face).values() for key in each} for style, face in made.items()
    }
    assert said["storeCard"] == said["posterGeneric"] - {"program-name"}


def test_the_programs_name_is_the_title_of_a_poster_that_has_none() -> None:
    titled = faces(text(Section.PRIMARY, "p1", label=None))["posterGeneric"]["primaryFields"]
    labelled = faces(text(Section.PRIMARY, "p1"))["posterGeneric"]["primaryFields"]
    empty = faces(text(Section.BACK, "b1"))["posterGeneric"]["primaryFields"]

    name = {"key": "program-name", "value": "Coffee Points"}
    assert titled == [{"key": "p1", "value": "text.terms"}]
    assert [each["key"] for each in labelled] == ["program-name", "p1"]
    assert labelled[0] == empty[0] == name


def test_a_title_leaves_room_for_three_more_primary_fields() -> None:
    made = faces(*(text(Section.PRIMARY, f"p{number}") for number in range(1, 5)))

    assert keys(made["posterGeneric"]) == {
        "primaryFields": ["program-name", "p1", "p2", "p3"],
        "backFields": ["p4"],
    }


def test_a_footer_may_come_from_the_auxiliary_fields() -> None:
    made = faces(text(Section.AUXILIARY, "a1"))

    assert keys(made["posterGeneric"])["footerFields"] == ["a1"]
    assert keys(made["storeCard"]) == {"auxiliaryFields": ["a1"]}


def test_what_moves_to_the_back_is_no_longer_aligned_and_makes_no_telephone_links() -> None:
    made = faces(
        text(Section.SECONDARY, "s1"),
        DesignField(Section.SECONDARY, "number", "card_number", apple={"text_alignment": "right"}),
    )

    (moved,) = made["posterGeneric"]["backFields"]
    assert moved == {"key": "number", "value": "9001234567890128", "dataDetectorTypes": []}
    assert made["storeCard"]["secondaryFields"][1]["textAlignment"] == "PKTextAlignmentRight"


def test_every_key_of_a_face_is_there_once() -> None:
    for face in faces(*a_design().fields).values():
        used = [key for each in keys(face).values() for key in each]
        assert len(set(used)) == len(used)


def test_no_pass_names_style_schemes_or_a_group() -> None:
    design = a_design(apple={"style": "generic"})

    made = json.loads(PreparedContent(design, TEAM_ID).pass_json(a_content()))

    assert not {"preferredStyleSchemes", "groupingIdentifier"} & made.keys()
