"""A design is read as it is kept; what breaks a rule is told with its file, place and code."""

import copy
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from service.domain import design_rules, designs
from service.domain.design_rules import STATUS_WORDS, Fault
from service.domain.designs import Design, Mark, Section, Stamps
from service.domain.errors import InvalidInput

WORDS = dict.fromkeys(STATUS_WORDS, "so it is")
SOURCE: dict[str, Any] = {
    "name": "points",
    "default_language": "en",
    "colors": {
        "background": "rgb(22, 26, 66)",
        "foreground": "rgb(255, 255, 255)",
        "label": "rgb(255, 199, 92)",
    },
    "fields": {
        "header": [
            {
                "key": "points",
                "label": "label.points",
                "shows": "balance:points",
                "change_message": "change.points",
            }
        ],
        "back": [{"key": "terms", "shows": "text:text.terms", "label": "label.terms"}],
    },
    "strings": {
        language: {
            "label.points": "POINTS",
            "change.points": "now %@",
            "label.terms": "Terms",
            "text.terms": "Ask us.",
            **WORDS,
        }
        for language in ("ru", "en", "de")
    },
}
STAMPS = {
    "balance": "stamps",
    "of": 10,
    "filled": "rgb(1, 2, 3)",
    "empty": "rgb(4, 5, 6)",
    "text": "text.terms",
}
ICON = {"icon.png": b"png"}


def read(source: dict[str, Any] = SOURCE, images: dict[str, bytes] | None = None) -> Design:
    kept = ICON if images is None else images
    return designs.read(source, kept, id=UUID(int=1), brand_id=UUID(int=2), version=3)


def changed(*path: str | int, to: object) -> dict[str, Any]:
    """The source with one place changed."""
    source = copy.deepcopy(SOURCE)
    place: Any = source
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


def codes(source: dict[str, Any], images: dict[str, bytes] | None = None) -> list[tuple[str, str]]:
    return [(fault.place, fault.code) for fault in design_rules.faults(read(source, images))]


def test_a_design_that_keeps_to_the_rules_has_no_faults() -> None:
    assert design_rules.faults(read()) == []
    assert design_rules.faults(read({**SOURCE, "stamps": STAMPS})) == []


def test_the_default_language_comes_first_however_a_database_sorts_them() -> None:
    assert list(read().strings) == ["en", "ru", "de"]
    assert read().default_language == "en"
    assert designs.languages_of(SOURCE) == ("en", "ru", "de")


def test_a_design_kept_before_there_was_a_default_language_is_read_as_before() -> None:
    before = without("default_language")

    assert read(before).default_language == "ru"
    assert read(before).stamps is None
    assert {field.section for field in read(before).fields} == {Section.HEADER, Section.BACK}


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
        changed("strings", to=[]),
        changed("strings", to={}),
        changed("strings", "en", to=None),
        changed("stamps", to={"balance": "stamps"}),
        changed("stamps", to={**STAMPS, "mark": "skull"}),
    ],
)
def test_a_kept_design_with_a_part_missing_or_of_the_wrong_kind_is_refused(
    source: dict[str, Any],
) -> None:
    with pytest.raises(InvalidInput):
        read(source)


@pytest.mark.parametrize(
    "color", ["#161A42", "rgb(1,2,3)", "rgb(1, 2)", "rgba(1, 2, 3)", "", "rgb(256, 0, 0)"]
)
def test_a_color_that_wallets_do_not_read_is_a_fault(color: str) -> None:
    assert codes(changed("colors", "background", to=color)) == [
        ("design.toml: colors.background", "bad_color")
    ]
    stamps = {**STAMPS, "empty": color}
    assert codes({**SOURCE, "stamps": stamps}) == [("design.toml: stamps.empty", "bad_color")]


@pytest.mark.parametrize("shows", ["", "balance:", "balance:Points", "text:", "phone", "status "])
def test_a_field_that_shows_what_there_is_not_is_a_fault(shows: str) -> None:
    found = codes(changed("fields", "header", 0, "shows", to=shows))

    assert found == [("design.toml: fields.header.points", "unknown_value")]


@pytest.mark.parametrize("part", ["balance", "pending", "expiring", "expiring_at"])
def test_a_field_may_show_a_balance_or_a_part_of_it(part: str) -> None:
    source = changed("fields", "header", 0, "shows", to=f"{part}:points")

    assert codes(source) == []
    assert read(source).fields[0].balance == "points"


@pytest.mark.parametrize("key", ["", "Points", "1st", "a b", "x" * 65])
def test_a_field_with_a_key_that_wallets_do_not_take_is_a_fault(key: str) -> None:
    found = codes(changed("fields", "header", 0, "key", to=key))

    assert found == [(f"design.toml: fields.header.{key}", "bad_key")]


def test_two_fields_of_one_key_are_a_fault() -> None:
    found = codes(changed("fields", "back", 0, "key", to="points"))

    assert found == [("design.toml: fields", "key_twice")]


@pytest.mark.parametrize(
    "key", ["label.points", "change.points", "text.terms", "status.blocked", "status.concealed"]
)
def test_a_language_that_lacks_a_string_is_named_with_the_key(key: str) -> None:
    found = design_rules.faults(read(without("strings", "ru", key)))

    assert found == [Fault("strings/ru.toml", "missing_string", f"lacks {key}")]


def test_the_text_on_stamps_is_needed_in_every_language() -> None:
    stamps = {**STAMPS, "text": "text.count"}

    found = design_rules.faults(read({**SOURCE, "stamps": stamps}))

    assert {fault.place for fault in found} == {f"strings/{e}.toml" for e in ("en", "ru", "de")}
    assert {fault.text for fault in found} == {"lacks text.count"}


@pytest.mark.parametrize("message", ["Points changed", "%@ of %@"])
def test_a_change_message_needs_one_place_for_the_value(message: str) -> None:
    found = codes(changed("strings", "de", "change.points", to=message))

    assert found == [("strings/de.toml", "change_message_without_value")]


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "a\rb", "\x1b[31m", "\ud800"])
def test_a_text_that_cannot_be_shown_is_a_fault(text: str) -> None:
    found = codes(changed("strings", "ru", "text.terms", to=text))

    assert found == [("strings/ru.toml", "bad_text")]


def test_lines_tabs_and_spaces_that_do_not_break_may_stand_in_a_text() -> None:
    assert codes(changed("strings", "ru", "text.terms", to="Да,\n\tконечно\u00a0же 👩‍👧")) == []


@pytest.mark.parametrize("key", ["points", "Label.points", "label.", ".points", "label points"])
def test_a_key_of_a_string_that_could_be_a_name_is_a_fault(key: str) -> None:
    assert codes(changed("strings", "ru", key, to="text")) == [("strings/ru.toml", "bad_key")]


@pytest.mark.parametrize("language", ["e", "english!", "en_GB", ""])
def test_strings_of_no_language_are_a_fault(language: str) -> None:
    found = codes(changed("strings", language, to=SOURCE["strings"]["en"]))

    assert found == [(f"strings/{language}.toml", "bad_language")]


def test_an_image_of_a_language_without_strings_is_a_fault() -> None:
    images = {**ICON, "fr.lproj/strip.png": b"png", "ru.lproj/strip.png": b"png"}

    assert codes(SOURCE, images) == [("images/fr/strip.png", "unknown_language")]


def test_a_design_without_the_icon_that_apple_demands_is_a_fault() -> None:
    assert codes(SOURCE, {"icon@2x.png": b"png"}) == [("images/icon.png", "missing_image")]


@pytest.mark.parametrize("name", ["", " points", "x" * 65, "a\nb", "a\0b"])
def test_a_name_that_cannot_be_listed_is_a_fault(name: str) -> None:
    assert codes(changed("name", to=name)) == [("design.toml: name", "bad_name")]


@pytest.mark.parametrize(
    ("change", "place"),
    [({"of": 1}, "of"), ({"of": 31}, "of"), ({"balance": "My Stamps"}, "balance")],
)
def test_stamps_that_cannot_be_drawn_are_a_fault(change: dict[str, Any], place: str) -> None:
    found = codes({**SOURCE, "stamps": {**STAMPS, **change}})

    assert found == [(f"design.toml: stamps.{place}", "bad_stamps")]


def test_stamps_have_one_strip_for_all_languages() -> None:
    images = {**ICON, "ru.lproj/strip.png": b"png"}

    found = codes({**SOURCE, "stamps": STAMPS}, images)

    assert found == [("images/ru/strip.png", "bad_stamps")]


def test_all_faults_are_told_at_once_and_each_once() -> None:
    source = changed("colors", "label", to="red")
    source["fields"]["header"][0]["shows"] = "nothing"
    found = design_rules.faults(read(source, {}))

    told = design_rules.refusal([*found, *found])

    assert [text.partition(":")[0] for _, text in told.faults] == [
        "bad_color",
        "unknown_value",
        "missing_image",
    ]
    assert told.code == "design_refused"


def test_what_is_told_can_be_printed_and_has_an_end() -> None:
    hostile = [Fault(f"\x1b[2J{number}", "bad_key", "x" * 10_000) for number in range(5_000)]

    told = design_rules.refusal(hostile).faults

    assert len(told) == 101
    assert told[-1] == ("design", "more_faults: 4900 more are not listed")
    assert all(place.isprintable() and len(text) <= 300 for place, text in told)


def test_a_design_without_a_logo_for_google_may_be_published_with_a_warning() -> None:
    (warning,) = design_rules.advice(read())

    assert "images/google/logo.png" in warning
    assert design_rules.advice(read(SOURCE, {**ICON, "google/logo.png": b"png"})) == []


@pytest.mark.parametrize(("amount", "shown"), [(-5, 0), (0, 0), (7, 7), (10, 10), (12, 10)])
def test_as_many_places_are_filled_as_there_are_stamps(amount: int, shown: int) -> None:
    stamps = Stamps("stamps", 10, "rgb(1, 2, 3)", "rgb(4, 5, 6)")

    assert stamps.shown(amount) == shown
    assert stamps.mark is Mark.CHECK


def test_the_strip_of_a_count_takes_the_place_of_any_other() -> None:
    images = {
        "icon.png": b"icon",
        "stamps/1/strip.png": b"one",
        "stamps/1/ru.lproj/strip.png": b"odin",
        "stamps/10/strip.png": b"ten",
    }
    design = replace(read(), images=images)

    assert design.images_with_stamps(1) == {
        "icon.png": b"icon",
        "strip.png": b"one",
        "ru.lproj/strip.png": b"odin",
    }
    assert design.images_with_stamps(10)["strip.png"] == b"ten"
    assert design.images_with_stamps(2) == {"icon.png": b"icon"}
