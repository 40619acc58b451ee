"""`tessera certs`: from the signing request to the check, on the database and in a running service.

The portal's part is the test authority's: it certifies what `csr` wrote.
"""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.cli import control_socket
from service.cli.administration import perform
from service.cli.certificate_acts import moment
from service.cli.certs import certs
from service.cli.run import database_file, database_held
from service.domain.errors import InvalidInput, SetupError
from service.emulators.certificates import Authority
from service.wiring import utc_now
from tests.cli.test_commands import tessera
from tests.world import PASS_TYPE, TEAM, World

SHOP = ("--brand", "Shop")


@pytest.fixture
def folder(tmp_path: Path, authority: Authority) -> Path:
    tessera(tmp_path, "migrate")
    tessera(tmp_path, "brands", "create", "Shop")
    (tmp_path / "wwdr.pem").write_bytes(authority.wwdr_pem)
    return tmp_path


def test_the_whole_way_of_a_certificate(folder: Path, authority: Authority) -> None:
    empty = tessera(folder, "certs", "check")
    made = tessera(folder, "certs", "csr", *SHOP, "--email", "ops@example.com", "--out", "pass.csr")
    verify = ["openssl", "req", "-in", folder / "pass.csr", "-noout", "-verify"]
    verified = subprocess.run(verify, check=False, capture_output=True)
    csr = (folder / "pass.csr").read_bytes()
    cer = authority.certify(csr, PASS_TYPE, TEAM, now=utc_now(), days=9)
    (folder / "pass.cer").write_bytes(cer)
    files = ("--certificate", "pass.cer", "--wwdr", "wwdr.pem")
    imported = tessera(folder, "certs", "import", *SHOP, *files)
    checked = tessera(folder, "certs", "check", *SHOP)

    assert (empty.returncode, empty.stdout) == (0, "There are no certificates yet.\n")
    assert made.returncode == 0, made.stderr
    assert "1. Open https://developer.apple.com" in made.stderr
    assert verified.returncode == 0
    assert imported.returncode == 0, imported.stderr
    assert PASS_TYPE in imported.stdout
    assert checked.returncode == 1
    assert "expires on" in checked.stdout
    assert "next:" in checked.stdout
    assert {file.name for file in folder.iterdir() if b"PRIVATE KEY" in contents(file)} == set()


def contents(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_running_service_does_it_and_the_exit_code_tells(world: World) -> None:
    settings = world.context.settings
    database = database_file(settings)
    environment = {
        "TESSERA_DATABASE_URL": settings.database_url,
        "TESSERA_MASTER_KEY_FILE": str(settings.master_key_file),
    }

    def called(*arguments: str) -> "subprocess.CompletedProcess[str]":
        brand = ("--brand", "Tests")
        return tessera(database.parent, "certs", *arguments, *brand, **environment)

    with database_held(settings), control_socket.listening(world.context, database):
        sound = called("check", "--json")
        asked = called("csr", "--email", "ops@example.com")
        world.clock.forward(days=352)
        ending = called("check", "--json")

    assert sound.returncode == 0, sound.stderr
    assert json.loads(sound.stdout)[0]["must_act"] is False
    assert ending.returncode == 1
    (row,) = json.loads(ending.stdout)
    assert row["days_left"] == 12
    assert "customers get no new passes" in row["faults"][0]
    # What is printed goes through a pipe; the steps stand beside it.
    assert world.authority.certify(asked.stdout.encode(), PASS_TYPE, TEAM, now=utc_now())
    assert "tessera certs import" in asked.stderr


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "pass.csr"
    file.write_text("kept")

    with pytest.raises(SetupError, match="is there already"):
        certs(["csr", *SHOP, "--email", "a@b.example", "--out", str(file)], standalone_mode=False)

    assert file.read_text() == "kept"


def importing(world: World, folder: Path, days: int = 400, **more: Any) -> dict[str, Any]:
    issued = world.authority.pass_certificate(PASS_TYPE, TEAM, now=world.clock(), days=days)
    (folder / "pass.pem").write_bytes(issued.certificate_pem)
    (folder / "pass.key").write_bytes(issued.key_pem)
    arguments = {
        "brand": "Tests",
        "certificate": str(folder / "pass.pem"),
        "key": str(folder / "pass.key"),
        "wwdr": [],
        "password_file": None,
        "active_from": None,
        "is_nfc": False,
    }
    result = perform(world.context, "certs import", arguments | more)
    assert isinstance(result, dict)
    return result


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2027-06-01", (2027, 6, 1, 0, 0)),
        ("2027-06-01T08:30", (2027, 6, 1, 8, 30)),
        ("2027-06-01T08:30:00Z", (2027, 6, 1, 8, 30)),
        ("2027-06-01T08:30+02:00", (2027, 6, 1, 6, 30)),
    ],
)
def test_the_switch_over_is_a_day_or_a_time_in_utc(said: str, meant: tuple[int, ...]) -> None:
    assert moment(said) == datetime(*meant, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_switch_over_that_is_no_time_is_refused() -> None:
    with pytest.raises(InvalidInput, match="such as 2027-01-15"):
        moment("next week")


def test_an_import_says_from_when_on_it_signs(world: World, tmp_path: Path) -> None:
    later, now = importing(world, tmp_path, active_from="2027-06-01"), importing(world, tmp_path)

    assert later["signs"] == "from 2027-06-01 00:00 UTC"
    assert now["signs"] == "now"


def test_a_password_comes_from_a_file_whose_last_line_end_does_not_count(
    world: World, tmp_path: Path
) -> None:
    issued = world.authority.pass_certificate(PASS_TYPE, TEAM, now=world.clock())
    (tmp_path / "c.pem").write_bytes(issued.certificate_pem)
    (tmp_path / "k.pem").write_bytes(issued.key_pem)
    command = "openssl pkcs12 -export -legacy -in c.pem -inkey k.pem -out c.p12 -passout pass:sec"
    subprocess.run(command.split(), cwd=tmp_path, check=True)
    (tmp_path / "password").write_text("sec\r\n")
    files = {"certificate": str(tmp_path / "c.p12"), "key": None}

    with pytest.raises(SetupError, match="password is needed"):
        importing(world, tmp_path, **files)
    result = importing(world, tmp_path, **files, password_file=str(tmp_path / "password"))

    assert result["outcome"] == "imported"
    assert importing(world, tmp_path, **files, password_file=str(tmp_path / "password"))[
        "outcome"
    ] == ("known already")


def test_notes_tell_of_a_gap_and_of_another_pass_type(world: World, tmp_path: Path) -> None:
    late = f"{world.clock() + timedelta(days=380):%Y-%m-%d}"

    (gap,) = importing(world, tmp_path, active_from=late)["notes"]
    other = world.authority.pass_certificate("pass.com.example.second", TEAM, now=world.clock())
    (tmp_path / "other.pem").write_bytes(other.certificate_pem + other.key_pem)
    files = {"certificate": str(tmp_path / "other.pem"), "key": None}
    (another,) = importing(world, tmp_path, **files)["notes"]

    assert "no pass can be signed" in gap
    assert PASS_TYPE in another


def test_a_check_shows_what_every_certificate_is(world: World) -> None:
    world.card()

    (row,) = perform(world.context, "certs check", {"brand": "Tests"})

    assert isinstance(row, dict)
    assert {name: row[name] for name in ("brand", "pass_type_id", "team_id", "state", "key")} == {
        "brand": "Tests",
        "pass_type_id": PASS_TYPE,
        "team_id": TEAM,
        "state": "active",
        "key": "RSA 2048",
    }
    assert (row["wwdr"], row["nfc"], row["faults"], row["must_act"]) == ("G4", False, [], False)
