"""Designs by command: published from a folder or zip, listed, checked without a database."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import administration, control_socket
from service.cli.designs import designs
from service.domain.errors import DesignRefused, InvalidInput, NotFound
from service.operations.programs import brand_called
from tests.designs.builders import files, png, zipped
from tests.world import World


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in files({"images/google/logo.png": png(660, 660)}).items():
        file = tmp_path / "coffee" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return tmp_path / "coffee"


def test_a_folder_and_a_zip_become_versions_that_are_listed(world: World, folder: Path) -> None:
    packed = folder.parent / "coffee.zip"
    packed.write_bytes(zipped())
    perform = administration.perform

    first = perform(world.context, "designs publish", {"brand": "Tests", "path": str(folder)})
    second = perform(world.context, "designs publish", {"brand": "Tests", "path": str(packed)})

    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert (first["version"], first["languages"], first["images"]) == (1, ["en"], 4)
    assert first["warnings"] == []
    assert (second["version"], len(second["warnings"])) == (2, 1)
    rows = perform(world.context, "designs list", {"brand": "Tests"})
    assert isinstance(rows, list)
    assert [(row["name"], row["version"]) for row in rows] == [
        ("coffee", 2),
        ("coffee", 1),
        ("points", 1),
    ]
    assert rows[0]["id"] == second["id"]


def test_a_long_list_is_read_to_its_end(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.cli.design_acts.PART", 2)
    for _ in range(4):
        administration.perform(
            world.context, "designs publish", {"brand": "Tests", "path": str(folder)}
        )

    rows = administration.perform(world.context, "designs list", {"brand": "Tests"})

    assert len(rows) == 5


def test_a_running_service_tells_every_fault_of_the_design(world: World, folder: Path) -> None:
    (folder / "images" / "icon.png").write_bytes(b"GIF89a")
    database = folder.parent / "tessera.db"
    asked = {"brand": "Tests", "path": str(folder)}

    with (
        control_socket.listening(world.context, database),
        pytest.raises(InvalidInput) as caught,
    ):
        control_socket.ask(database, "designs publish", asked)

    assert caught.value.faults == (("images/icon.png", "not_png: is GIF: export it as a PNG"),)


def test_a_design_is_published_to_a_brand_that_there_is(world: World, folder: Path) -> None:
    with pytest.raises(NotFound, match="no brand called Nobody"):
        administration.perform(
            world.context, "designs publish", {"brand": "Nobody", "path": str(folder)}
        )

    assert brand_called(world.context, "Tests") == world.brand.id


def test_a_design_is_checked_without_a_database(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSERA_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")

    done = CliRunner().invoke(designs, ["check", str(folder)])
    warned = CliRunner().invoke(designs, ["check", str(_without_logo(folder))])

    assert (done.exit_code, done.output) == (0, "The design coffee can be published.\n")
    assert warned.exit_code == 0
    assert "Attention: images/google/logo.png is missing" in warned.output


def _without_logo(folder: Path) -> Path:
    (folder / "images" / "google" / "logo.png").unlink()
    return folder


def test_a_design_with_faults_fails_the_check(folder: Path) -> None:
    (folder / "strings" / "ru.toml").write_text('"a.b" = "c"')

    done = CliRunner().invoke(designs, ["check", str(folder)])

    assert done.exit_code == 1
    assert isinstance(done.exception, DesignRefused)
    assert ("strings/ru.toml", "missing_string: lacks label.points") in done.exception.faults
