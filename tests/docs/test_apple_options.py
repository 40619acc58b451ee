"""Every option for Apple Wallet is in its page, and the page's example can be published."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from service.domain.designs import DesignField, Section
from service.domain.programs import BarcodeFormat
from service.wallets.apple.models.actions import FeaturedAction
from service.wallets.apple.models.dates import RelevantDate
from service.wallets.apple.models.fields import FieldOptions
from service.wallets.apple.models.nfc import Nfc, Personalization
from service.wallets.apple.models.places import Beacon, Location
from service.wallets.apple.options import PassOptions, apple_options
from tests.wallets.builders import a_design, with_strings

PAGE = (Path(__file__).parents[2] / "docs" / "apple-wallet.md").read_text("utf-8")
ROWS = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
TABLES: list[type[BaseModel]] = [PassOptions, FieldOptions, Nfc, Personalization]
PARTS: list[type[BaseModel]] = [Location, Beacon, RelevantDate, FeaturedAction]
OPTIONS = sorted({name for table in (*TABLES, *PARTS) for name in table.model_fields})


@pytest.mark.parametrize("name", [*OPTIONS, *BarcodeFormat])
def test_every_option_and_barcode_format_is_in_a_table_of_the_page(name: str) -> None:
    assert f"`{name}`" in ROWS


@pytest.mark.parametrize("table", TABLES)
def test_no_option_is_documented_that_there_is_not(table: type[BaseModel]) -> None:
    title = {PassOptions: "of the pass", FieldOptions: "of a field"}.get(table, "NFC")
    part = next(part for part in PAGE.split("\n## ") if title in part.partition("\n")[0])
    documented = {
        name
        for row in re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }

    known = {Nfc: Personalization, Personalization: Nfc}.get(table)
    others = set(known.model_fields) if known else set()
    assert documented - others == set(table.model_fields)


def test_the_example_of_the_page_can_be_published() -> None:
    said = tomllib.loads(next(re.finditer(r"```toml\n(.*?)```", PAGE, re.DOTALL))[1])
    fields = tuple(
        DesignField(Section(section), **field)
        for section, listed in said["fields"].items()
        for field in listed
    )
    address = dict.fromkeys(("en", "ru"), "https://example.com/terms")
    design = with_strings(a_design(), {"near.shop": address, "url.terms": address})
    images = {**design.images, "background.png": b"", "primaryLogo.png": b""}
    design = a_design(fields=fields, apple=said["apple"], strings=design.strings, images=images)

    options = apple_options(design)

    assert (options.of_pass.style, options.of_pass.poster) == ("generic", True)
    assert options.of_fields["terms"].link == "url.terms"
