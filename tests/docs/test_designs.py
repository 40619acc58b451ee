"""docs/designs.md tells of everything that a design may say, and its example is a design."""

import re
from typing import get_args

import pytest

from service.designs import preparing, sheet
from service.designs.names import LARGEST_FILE, LARGEST_SUM, LARGEST_TEXT, MEGABYTE, MOST_FILES
from service.designs.stamps import MOST_STRIPS
from service.domain.design_rules import STATUS_WORDS, Code
from service.domain.designs import Mark
from service.domain.image_slots import SLOTS
from service.wallets.catalog import design_faults
from service.wiring import templates_folder, utc_now
from tests.designs.builders import SHEET, files, png
from tests.docs.test_documented import quoted, row_of, section_of, text_of

PAGE = "docs/designs.md"
FONT = templates_folder() / "fonts" / "Inter-SemiBold-subset.otf"
BLOCKS = re.findall(r"```toml\n(.*?)```", text_of(PAGE), re.DOTALL)
TABLES = {
    "": "## design.toml",
    "colors": "### `[colors]`",
    "fields": "### `[fields]`",
    "fields.SECTION": "### `[fields]`",
    "stamps": "## Stamps",
}


def test_the_example_is_a_design_that_can_be_published() -> None:
    said, texts, _ = BLOCKS
    example = {
        "design.toml": said.encode(),
        "strings/en.toml": texts.encode(),
        "images/icon.png": png(114, 114),
    }

    prepared = preparing.prepare(example, FONT, lambda design: design_faults(design, utc_now()))

    assert prepared.name == "coffee"
    assert "These three files are a design" in text_of(PAGE)


def test_the_example_of_stamps_can_be_published() -> None:
    words = files()["strings/en.toml"] + b'"text.count" = "{n} / {of}"\n'
    changes = {"design.toml": (SHEET + BLOCKS[2]).encode(), "strings/en.toml": words}

    prepared = preparing.prepare(files(changes), FONT, lambda design: ())

    assert "stamps/10/strip.png" in prepared.images


@pytest.mark.parametrize("heading", sorted(set(TABLES.values())))
def test_the_keys_that_are_accepted_are_those_that_are_documented(heading: str) -> None:
    assert TABLES.keys() == sheet.ACCEPTED.keys()
    tables = [table for table, below in TABLES.items() if below == heading]
    section = section_of(PAGE, heading).split("\n### ")[0]

    documented = re.findall(r"^\| `(\w+)` \| \S", section, re.MULTILINE)

    assert sorted(documented) == sorted(key for table in tables for key in sheet.ACCEPTED[table])


def test_every_slot_is_documented_with_its_size() -> None:
    for name, slot in SLOTS.items():
        size, least, _ = row_of(PAGE, f"`{name}.png`")
        unit = "pixels" if name.startswith("google/") else "points"
        most = "" if slot.is_filled else "at most "
        assert size == f"{most}{slot.width} x {slot.height} {unit}"
        assert str(max(slot.width * max(slot.scales), slot.height)) in least


def test_every_word_of_a_status_and_every_mark_is_named() -> None:
    assert set(STATUS_WORDS) <= quoted(section_of(PAGE, "## Texts"))
    assert set(Mark) <= quoted(row_of(PAGE, "`mark`")[0])


def test_the_limits_are_those_of_the_code() -> None:
    told = section_of(PAGE, "## What is refused") + section_of(PAGE, "## Stamps")

    for limit in (
        f"{MOST_FILES} files",
        f"{LARGEST_SUM // MEGABYTE} MB unpacked",
        f"{LARGEST_FILE // MEGABYTE} MB a picture",
        f"{LARGEST_TEXT // 1024} KiB a text",
        f"({MOST_STRIPS} at most",
    ):
        assert limit in told


@pytest.mark.parametrize("code", get_args(Code))
def test_every_code_of_a_fault_has_a_row_with_its_cure(code: str) -> None:
    meaning, cure = row_of("docs/errors.md", f"`{code}`", "## Faults of a design")

    assert meaning
    assert cure


def test_no_code_of_a_fault_is_documented_that_there_is_not() -> None:
    section = section_of("docs/errors.md", "## Faults of a design")

    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(get_args(Code))
