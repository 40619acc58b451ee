"""Adding a program kind is data only: a folder, and not a line of Python."""

import io
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from service.app import create_app
from service.domain.errors import NotFound
from service.operations import programs
from tests.world import World

from .builders import SHEET, STAMPS, files, png

KIND = """\
kind = "visits"
name = "Visits"
barcode_format = "qr"
cards_per_account = 1
below_zero = false

[number_scheme]
prefix = "977"
length = 13
check = "luhn"

[[balances]]
code = "visits"
"""


@pytest.fixture
def new_world(world: World, tmp_path: Path) -> World:
    """The same service, with one folder more among its templates."""
    templates = tmp_path / "templates"
    shutil.copytree(world.context.templates, templates)
    sheet = (SHEET + STAMPS).replace("coffee", "visits").replace('"stamps"', '"visits"')
    added = files(
        {
            "program.toml": KIND.encode(),
            "design.toml": sheet.replace("balance:points", "balance:visits").encode(),
            "images/google/logo.png": png(660, 660),
        }
    )
    for name, content in added.items():
        file = templates / "passes" / "visits" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    context = replace(world.context, templates=templates)
    return replace(world, context=context, client=create_app(context).test_client())


def test_a_folder_of_data_is_a_kind_whose_cards_come_to_the_phone(new_world: World) -> None:
    assert "visits" in programs.kinds(new_world.context)
    program = programs.create_program(new_world.context, new_world.brand.id, "visits")
    path = f"/v1/programs/{program.id}/members/m-1"

    card = new_world.call("PUT", path, {"balances": {"visits": 2}}).json
    answer = new_world.client.get(urlsplit(card["links"]["apple"]).path)

    assert card["number"].startswith("977")
    assert card["account"]["balances"]["visits"]["amount"] == 2
    with zipfile.ZipFile(io.BytesIO(answer.data)) as opened:
        said, strip = json.loads(opened.read("pass.json")), opened.read("strip@2x.png")
    with new_world.context.reading() as transaction:
        design = new_world.context.design(transaction, program.design_id)
    assert strip == design.images["stamps/2/strip@2x.png"]
    assert said["storeCard"]["headerFields"][0]["value"] == 2


def test_a_folder_without_a_program_is_no_kind(new_world: World) -> None:
    (new_world.context.templates / "passes" / "visits" / "program.toml").unlink()

    with pytest.raises(NotFound, match="There are: cashback, points, stamps"):
        programs.create_program(new_world.context, new_world.brand.id, "visits")
