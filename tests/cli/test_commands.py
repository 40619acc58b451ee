"""The tessera command on a database, alone and beside a running service."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from service.emulators.certificates import Authority
from service.wiring import utc_now
from tests.cli.demo import Demo
from tests.e2e.deployment import REPOSITORY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def tessera(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TESSERA_")}
    return subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(REPOSITORY)} | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_commands_set_up_a_brand_without_the_demo(folder: Path) -> None:
    tessera(folder, "migrate")
    tessera(folder, "brands", "create", "Shop")

    program = tessera(folder, "programs", "create", "--brand", "Shop", "--kind", "points")
    key = tessera(
        folder, "keys", "create", "--brand", "Shop", "--name", "till", "--scope", "lookup", "--json"
    )
    source = tessera(folder, "sources", "create", "--brand", "Shop", "--name", "crm", "--json")
    listed = tessera(folder, "programs", "list", "--brand", "Shop", "--json")

    assert "kind:" in program.stdout
    assert json.loads(key.stdout)["api_key"].startswith("tsk_live_")
    assert json.loads(key.stdout)["scopes"] == ["lookup"]
    assert json.loads(source.stdout)["secret"].startswith("whsec_")
    assert [each["kind"] for each in json.loads(listed.stdout)] == ["points"]


def test_a_barcode_that_cannot_carry_the_numbers_is_refused_until_they_fit(folder: Path) -> None:
    tessera(folder, "migrate")
    tessera(folder, "brands", "create", "Shop")
    wanted = ("programs", "create", "--brand", "Shop", "--kind", "points", "--barcode", "ean13")

    refused = tessera(folder, *wanted)
    scheme = ("--number-prefix", "29", "--number-length", "13", "--number-check", "ean")
    made = tessera(folder, *wanted, *scheme)

    assert refused.returncode == 1
    assert "number_scheme: needs a length of 13 and the check digit ean" in refused.stderr
    assert made.returncode == 0, made.stderr


def test_a_command_reaches_the_running_service_that_holds_the_database(folder: Path) -> None:
    with Demo(folder):
        made = tessera(folder, "brands", "create", "Second", "--json")
        again = tessera(folder, "brands", "create", "Second")

    assert json.loads(made.stdout)["name"] == "Second"
    assert again.returncode == 1
    assert "There is a brand called Second already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (("run",), {}, "tessera migrate"),
        (("run",), {"TESSERA_DATABASE_URL": "mysql://x/y"}, "must be sqlite:///FILE or postgresql"),
        (("run",), {"TESSERA_PORTS": "1"}, "Unknown setting TESSERA_PORTS"),
        (("run",), {"TESSERA_PORT": "99999"}, "TESSERA_PORT"),
        (("run",), {"TESSERA_BASE_URL": "cards.example.com"}, "must be an address such as https"),
        (("serve",), {}, "needs PostgreSQL"),
        (
            ("brands", "list"),
            {"TESSERA_DATABASE_URL": "postgresql://u:secret@127.0.0.1:9/none"},
            "The database does not answer",
        ),
    ],
)
def test_what_cannot_start_says_what_to_fix(
    folder: Path, arguments: tuple[str, ...], settings: dict[str, str], said: str
) -> None:
    tessera(folder, "migrate")
    fresh = {"TESSERA_DATABASE_URL": "sqlite:///fresh.db"} if arguments == ("run",) else {}

    done = tessera(folder, *arguments, **{**fresh, **settings})

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_a_certificate_that_does_not_fit_is_refused_with_the_reason(
    folder: Path, authority: Authority
) -> None:
    tessera(folder, "migrate")
    tessera(folder, "brands", "create", "Shop")
    one = authority.pass_certificate("pass.com.example.one", "TEAM000001", now=utc_now())
    two = authority.pass_certificate("pass.com.example.two", "TEAM000001", now=utc_now())
    (folder / "one.pem").write_bytes(one.certificate_pem)
    (folder / "one.key").write_bytes(one.key_pem)
    (folder / "two.key").write_bytes(two.key_pem)
    (folder / "wwdr.pem").write_bytes(authority.wwdr_pem)
    (folder / "root.pem").write_bytes(authority.root_pem)
    (folder / "junk.pem").write_text("not a certificate")

    def imported(certificate: str, key: str, wwdr: str) -> subprocess.CompletedProcess[str]:
        files = ("--certificate", certificate, "--key", key, "--wwdr", wwdr)
        return tessera(folder, "certs", "import", "--brand", "Shop", *files)

    refusals = {
        "unreadable": imported("junk.pem", "one.key", "wwdr.pem"),
        "missing": imported("none.pem", "one.key", "wwdr.pem"),
        "other key": imported("one.pem", "two.key", "wwdr.pem"),
        "other issuer": imported("one.pem", "one.key", "root.pem"),
    }
    good = imported("one.pem", "one.key", "wwdr.pem")

    assert {name: done.returncode for name, done in refusals.items()} == dict.fromkeys(refusals, 1)
    assert all("Traceback" not in done.stderr for done in refusals.values())
    assert "cannot be read" in refusals["missing"].stderr
    assert good.returncode == 0, good.stderr
    assert "pass.com.example.one" in good.stdout


def test_a_revoked_key_opens_nothing_any_more(folder: Path) -> None:
    with Demo(folder) as demo:
        brand = ("--brand", "Tessera Demo")
        made = tessera(folder, "keys", "create", *brand, "--name", "till", "--all-scopes", "--json")
        secret = json.loads(made.stdout)["api_key"]
        keys = json.loads(tessera(folder, "keys", "list", *brand, "--json").stdout)
        (key,) = [each["id"] for each in keys if each["name"] == "till"]
        address = f"{demo.told['base_url']}/v1/lookup"
        call = {"json": {"number": "1"}, "headers": {"Authorization": f"Bearer {secret}"}}

        before = requests.post(address, timeout=10, **call)
        revoked = tessera(folder, "keys", "revoke", *brand, key)
        after = requests.post(address, timeout=10, **call)

    assert secret not in json.dumps(keys)
    assert revoked.returncode == 0
    assert (before.status_code, after.status_code) == (200, 401)
