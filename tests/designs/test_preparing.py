"""A design is judged as a whole: every fault of every file is told by one attempt."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.designs import preparing
from service.designs.preparing import NOBODY, Judge, Prepared
from service.domain.designs import Design
from service.domain.errors import DesignRefused
from service.wallets.catalog import design_faults

from .builders import SHEET, STAMPS, damaged, files, png, strings

FONT = Path(__file__).parents[2] / "templates" / "fonts" / "Inter-SemiBold-subset.otf"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def prepare(
    changes: dict[str, bytes | None] | None = None, judge: Judge = lambda design: ()
) -> Prepared:
    return preparing.prepare(files(changes), FONT, judge)


def refused(
    changes: dict[str, bytes | None], judge: Judge = lambda design: ()
) -> list[tuple[str, str]]:
    with pytest.raises(DesignRefused) as caught:
        prepare(changes, judge)
    return list(caught.value.faults)


def by_phones(design: Design) -> list[tuple[str, str]]:
    return design_faults(design, NOON)


def test_a_small_design_is_prepared_for_every_scale() -> None:
    prepared = prepare()

    design = prepared.design(NOBODY, NOBODY, 7)
    assert (prepared.name, design.version) == ("coffee", 7)
    assert set(prepared.images) == {"icon.png", "icon@2x.png", "icon@3x.png"}
    assert design.strings["en"]["text.terms"] == "Ask in the shop."


def test_all_faults_of_all_files_are_told_at_once() -> None:
    sheet = SHEET.replace("rgb(62, 32, 28)", "brown").replace('label = "label.terms"', "lable = 1")

    found = refused(
        {
            "design.toml": sheet.encode(),
            "strings/en.toml": strings(change__points="more"),
            "strings/ru.toml": strings(text__terms=None),
            "images/icon.png": png(38, 38),
            "images/strip.png": b"GIF89a",
        }
    )

    assert [(place, text.partition(":")[0]) for place, text in found] == [
        ("design.toml: fields.back.1.lable", "unknown_key"),
        ("images/icon.png", "image_too_small"),
        ("images/strip.png", "not_png"),
        ("design.toml: colors.background", "bad_color"),
        ("strings/ru.toml", "missing_string"),
        ("strings/en.toml", "change_message_without_value"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"images/x.png": png(9, 9)},
        {"images/ru/icon.png": png(114, 114)},
        {"images/strip.png": png(9, 9)},
        {"images/strip.png": b"GIF89a"},
        {"strings/en.toml": strings(label__points=None)},
        {"design.toml": (SHEET + STAMPS.replace("3", "31")).encode()},
        {"design.toml": (SHEET + STAMPS + 'text = "text.long"\n').encode()},
        {"design.toml": (SHEET + STAMPS + 'text = "text.kanji"\n').encode()},
    ],
)
def test_nothing_is_decoded_before_all_that_can_be_told_without_it_is_well(
    changes: dict[str, bytes | None],
) -> None:
    words = strings(text__long="n" * 101, text__kanji="\u5bff\u53f8")
    icon = damaged(png(114, 114))

    found = refused({"strings/en.toml": words, "images/icon.png": icon, **changes})
    alone = refused({"images/icon.png": icon})

    assert not any("damaged_image" in text for _, text in found)
    assert [(place, text.partition(":")[0]) for place, text in alone] == [
        ("images/icon.png", "damaged_image")
    ]


def test_a_line_upon_stamps_is_short_since_it_is_measured_for_every_strip() -> None:
    sheet = (SHEET + STAMPS + 'text = "text.count"\n').encode()

    found = refused({"design.toml": sheet, "strings/en.toml": strings(text__count="n" * 101)})

    assert prepare({"design.toml": sheet, "strings/en.toml": strings(text__count="n" * 100)})
    assert found == [
        (
            "strings/en.toml",
            "bad_stamps: text.count has more than 100 characters, but stands on one line",
        )
    ]


def test_wallets_are_asked_last_and_see_what_phones_would_get() -> None:
    asked: list[Design] = []

    def judge(design: Design) -> list[tuple[str, str]]:
        asked.append(design)
        return [("Apple pass: icon.png", "is ugly")]

    found = refused({"design.toml": (SHEET + STAMPS).encode()}, judge)
    refused({"images/icon.png": None}, judge)

    assert found == [("Apple pass: icon.png", "wallet_refuses: is ugly")]
    (design,) = asked
    assert "stamps/3/strip@3x.png" in design.images
    assert "icon@2x.png" in design.images


def test_a_design_that_a_phone_shows_whole_is_taken_by_the_linter() -> None:
    assert prepare(judge=by_phones).warnings == [
        "images/google/logo.png is missing: the design is not offered for Google Wallet."
    ]
    assert prepare({"design.toml": (SHEET + STAMPS).encode()}, by_phones)


def test_fields_that_a_phone_would_not_draw_are_refused_in_the_linters_words() -> None:
    fields = "".join(
        f'[[fields.secondary]]\nkey = "f{n}"\nshows = "text:text.terms"\n' for n in range(6)
    )

    found = refused({"design.toml": (SHEET + fields).encode()}, by_phones)

    assert {text.partition(":")[0] for _, text in found} == {"wallet_refuses"}
    assert all(place.startswith("Apple pass: ") for place, _ in found)
    assert len(found) == len(set(found))


def test_an_option_that_apple_does_not_know_is_refused_with_its_place() -> None:
    sheet = SHEET + "apple = {sparkle = true}\n[apple]\nstyle = 'poster'\n"

    found = refused({"design.toml": sheet.encode()}, by_phones)

    assert [place for place, _ in found] == [
        "design.toml: apple.style",
        "design.toml: fields.back.terms.apple.sparkle",
    ]


def test_the_same_files_give_the_same_design() -> None:
    assert prepare() == prepare()
