"""Every shipped kind is complete: languages, images, change messages, program defaults."""

import io
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from service.domain.cards import CardStatus
from service.domain.design_rules import advice, faults
from service.domain.designs import Design, Section
from service.domain.image_slots import APPLE, GOOGLE, file_name
from service.domain.numbers import CheckDigit, NumberScheme
from service.domain.programs import BarcodeFormat
from service.wallets.catalog import design_faults

from .builders import TEMPLATES, a_design

NAMES = sorted(path.parent.name for path in TEMPLATES.glob("*/program.toml"))
LARGEST_PASS_BYTES = 200_000
LARGEST_TEMPLATE_BYTES = 160_000
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(params=NAMES)
def design(request: pytest.FixtureRequest) -> Design:
    return a_design(request.param)


@pytest.fixture(params=NAMES)
def program(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = TEMPLATES / request.param / "program.toml"
    return {**tomllib.loads(path.read_text("utf-8")), "design": request.param}


def test_points_cashback_and_stamps_are_shipped() -> None:
    assert {"points", "cashback", "stamps"} <= set(NAMES)


def test_every_shipped_design_could_be_uploaded_by_anybody(design: Design) -> None:
    assert faults(design) == []
    assert advice(design) == []
    assert design_faults(design, NOON) == []


def test_every_language_says_the_same_things(design: Design) -> None:
    english, russian = design.strings["en"], design.strings["ru"]

    assert list(design.strings) == ["en", "ru"]
    assert english.keys() == russian.keys()
    assert {f"status.{status}" for status in CardStatus} | {"status.concealed"} <= english.keys()
    named = [re.sub(r"{\w+}", "", text) for text in russian.values()]
    in_words = [text for text in named if re.search(r"[^\W\d_]", text)]
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


def test_the_status_is_on_the_back_and_the_balance_on_top(design: Design) -> None:
    where = {field.shows.partition(":")[0]: field.section for field in design.fields}

    assert where["status"] is Section.BACK
    assert where["balance"] is Section.HEADER


def test_a_pass_says_what_customers_ask(design: Design) -> None:
    shown = {field.shows for field in design.fields}

    assert {"text:text.worth", "text:text.expiry", "text:text.terms", "card_number"} <= shown


def test_nothing_lies_over_a_drawn_strip(design: Design) -> None:
    primary = [field for field in design.fields if field.section is Section.PRIMARY]

    assert not (design.stamps and primary)


def sizes(design: Design, base: str, scales: tuple[int, ...]) -> list[tuple[int, int]]:
    images = design.images_with_stamps(0)
    return [Image.open(io.BytesIO(images[file_name(base, scale)])).size for scale in scales]


def test_images_have_the_sizes_that_wallets_ask_for(design: Design) -> None:
    for base in ("icon", "strip", "google/logo", "google/hero"):
        slot = {**APPLE, **GOOGLE}[base]
        wanted = [(slot.width * scale, slot.height * scale) for scale in slot.scales]
        assert sizes(design, base, slot.scales) == wanted
    assert sizes(design, "logo", (1, 2, 3)) == [(50, 50), (100, 100), (150, 150)]


def test_the_images_of_a_pass_weigh_little(design: Design) -> None:
    counts = range(design.stamps.of + 1) if design.stamps else [0]

    for count in counts:
        images = design.images_with_stamps(count).items()
        own = [png for name, png in images if not name.startswith("google/")]
        assert sum(map(len, own)) < LARGEST_PASS_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_one_source_of_each_image_is_shipped(name: str) -> None:
    shipped = list((TEMPLATES / name).rglob("*.png"))

    assert not [file for file in shipped if "@" in file.name]
    assert sum(file.stat().st_size for file in shipped) < LARGEST_TEMPLATE_BYTES


def test_program_defaults_are_ones_the_service_accepts(program: dict[str, Any]) -> None:
    scheme = program["number_scheme"]

    NumberScheme(scheme["prefix"], scheme["length"], CheckDigit(scheme["check"]))
    BarcodeFormat(program["barcode_format"])
    assert program["kind"] == program["design"]
    assert program["cards_per_account"] == 1
    assert program["below_zero"] is False


def test_every_kind_has_numbers_and_a_design_of_its_own() -> None:
    sheets = [tomllib.loads((TEMPLATES / name / "program.toml").read_text()) for name in NAMES]

    assert len({sheet["number_scheme"]["prefix"] for sheet in sheets}) == len(NAMES)
    assert {a_design(name).name for name in NAMES} == set(NAMES)


def test_every_balance_of_a_program_is_on_its_pass(program: dict[str, Any]) -> None:
    shown = {field.shows for field in a_design(program["design"]).fields}

    assert {f"balance:{balance['code']}" for balance in program["balances"]} <= shown
