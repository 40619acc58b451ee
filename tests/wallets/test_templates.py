"""Every shipped design is complete: languages, images, change messages, program defaults."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from service.domain.cards import CardStatus
from service.domain.designs import Design, Section
from service.domain.numbers import CheckDigit, NumberScheme
from service.domain.programs import BarcodeFormat

from .builders import TEMPLATES, a_design

NAMES = sorted(path.parent.name for path in TEMPLATES.glob("*/design.json"))
LARGEST = {"icon": (38, 38), "logo": (160, 50), "strip": (375, 144)}
LARGEST_TOTAL_BYTES = 160_000


@pytest.fixture(params=NAMES)
def design(request: pytest.FixtureRequest) -> Design:
    return a_design(request.param)


@pytest.fixture(params=NAMES)
def program(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = TEMPLATES / request.param / "program.json"
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return {**content, "design": request.param}


def test_points_and_cashback_are_shipped() -> None:
    assert {"points", "cashback"} <= set(NAMES)


def test_every_language_says_the_same_things(design: Design) -> None:
    english, russian = design.strings["en"], design.strings["ru"]

    assert english.keys() == russian.keys()
    assert {f"status.{status}" for status in CardStatus} | {"status.concealed"} <= english.keys()
    in_words = [text for text in russian.values() if re.search(r"[^\W\d_]", text)]
    assert all(re.search(r"[\u0400-\u04ff]", text) for text in in_words)
    assert not any(re.search(r"[\u0400-\u04ff]", text) for text in english.values())


def test_a_change_of_balance_and_one_of_status_are_announced_by_one_field_each(
    design: Design,
) -> None:
    announcing = [field for field in design.fields if field.change_message]

    balances = [field for field in announcing if field.shows.startswith("balance:")]
    others = {field.shows for field in announcing if field not in balances}
    assert len(balances) == 1
    assert others == {"status"}


def test_every_change_message_has_a_place_for_the_value(design: Design) -> None:
    keys = [field.change_message for field in design.fields if field.change_message]

    for strings in design.strings.values():
        assert all(strings[key].count("%@") == 1 for key in keys)


def test_the_status_is_on_the_back_and_the_balance_on_top(design: Design) -> None:
    where = {field.shows.partition(":")[0]: field.section for field in design.fields}

    assert where["status"] is Section.BACK
    assert where["balance"] is Section.HEADER


def test_a_pass_says_what_customers_ask(design: Design) -> None:
    shown = {field.shows for field in design.fields}

    assert {"text:text.worth", "text:text.expiry", "text:text.terms", "card_number"} <= shown


def test_no_key_could_be_taken_for_a_name(design: Design) -> None:
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", key) for key in design.strings["en"])


@pytest.mark.parametrize("name", NAMES)
def test_images_have_apples_sizes_and_weigh_little(name: str) -> None:
    total = 0
    for base, (width, height) in LARGEST.items():
        for suffix, scale in (("", 1), ("@2x", 2), ("@3x", 3)):
            path = TEMPLATES / name / f"{base}{suffix}.png"
            total += path.stat().st_size
            with Image.open(path) as image:
                exact = base != "logo"
                assert image.format == "PNG"
                assert image.width <= width * scale
                assert image.height == height * scale
                assert not exact or image.width == width * scale

    assert total < LARGEST_TOTAL_BYTES


def test_program_defaults_are_ones_the_service_accepts(program: dict[str, Any]) -> None:
    scheme = program["number_scheme"]

    NumberScheme(scheme["prefix"], scheme["length"], CheckDigit(scheme["check"]))
    BarcodeFormat(program["barcode_format"])
    assert program["kind"] == program["design"]
    assert program["cards_per_account"] == 1
    assert program["below_zero"] is False


def test_every_balance_of_a_program_is_on_its_pass(program: dict[str, Any]) -> None:
    shown = {field.shows for field in a_design(program["design"]).fields}

    assert {f"balance:{balance['code']}" for balance in program["balances"]} <= shown
