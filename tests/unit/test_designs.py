"""A design that does not hold together is refused with a word about what is wrong."""

import copy
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.domain import designs
from service.domain.designs import Design, Section
from service.domain.errors import InvalidInput

TEMPLATES = Path(__file__).parents[2] / "templates" / "passes"
SOURCE = json.loads((TEMPLATES / "points" / "design.json").read_text("utf-8"))
ICON = {"icon.png": b"png"}


def read(source: dict[str, Any], images: dict[str, bytes] | None = None) -> Design:
    return designs.read(
        source,
        ICON if images is None else images,
        id=UUID(int=1),
        brand_id=UUID(int=2),
        version=3,
    )


def changed(*path: str | int, to: object) -> dict[str, Any]:
    """The shipped design with one place changed."""
    source = copy.deepcopy(SOURCE)
    place = source
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = to
    return source


def without(*path: str) -> dict[str, Any]:
    source = copy.deepcopy(SOURCE)
    place = source
    for part in path[:-1]:
        place = place[part]
    del place[path[-1]]
    return source


@pytest.mark.parametrize("folder", sorted(f.parent.name for f in TEMPLATES.glob("*/design.json")))
def test_every_shipped_design_holds_together(folder: str) -> None:
    source = json.loads((TEMPLATES / folder / "design.json").read_text("utf-8"))

    design = read(source)

    assert design.name == source["name"]
    assert {field.section for field in design.fields} <= set(Section)


@pytest.mark.parametrize(
    "source",
    [
        without("name"),
        without("colors"),
        without("colors", "label"),
        without("fields"),
        without("strings"),
        changed("colors", to=None),
        changed("fields", to=[]),
        changed("fields", "attic", to=[{"key": "x", "shows": "status"}]),
        changed("fields", "header", to=5),
        changed("fields", "header", to=["points"]),
        changed("fields", "header", 0, "size", to=3),
        changed("fields", "header", 0, to={"key": "points"}),
        changed("fields", "header", 0, "shows", to=5),
        changed("strings", to=[]),
        changed("strings", "en", to=None),
        changed("colors", "label", to=7),
    ],
)
def test_a_design_with_a_part_missing_or_of_the_wrong_kind_is_refused(
    source: dict[str, Any],
) -> None:
    with pytest.raises(InvalidInput):
        read(source)


@pytest.mark.parametrize(
    "color", ["#161A42", "rgb(1,2,3)", "rgb(1, 2)", "rgba(1, 2, 3)", "", "rgb(256, 0, 0)"]
)
def test_a_color_that_wallets_do_not_read_is_refused(color: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(changed("colors", "background", to=color))

    assert ("colors", color) in refused.value.faults


@pytest.mark.parametrize("shows", ["", "balance:", "balance:Points", "text:", "phone", "status "])
def test_a_field_that_shows_what_there_is_not_is_refused(shows: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(changed("fields", "header", 0, "shows", to=shows))

    assert ("points", shows) in refused.value.faults


def test_two_fields_of_one_key_are_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        read(changed("fields", "secondary", 0, "key", to="points"))

    assert ("points", "is used twice") in refused.value.faults


@pytest.mark.parametrize("key", ["label.points", "change.points", "text.worth"])
def test_a_language_that_lacks_a_string_is_named(key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(without("strings", "ru", key))

    assert refused.value.faults == (("strings.ru", f"lacks {key}"),)


def test_a_design_without_the_icon_that_apple_demands_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        read(SOURCE, {"icon@2x.png": b"png"})

    assert refused.value.faults == (("images", "lacks icon.png"),)


def test_all_faults_are_told_at_once() -> None:
    source = changed("colors", "label", to="red")
    source["fields"]["header"][0]["shows"] = "nothing"

    with pytest.raises(InvalidInput) as refused:
        read(source, {})

    assert len(refused.value.faults) == 3
