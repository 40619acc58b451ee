"""`tessera doctor pass`: what it says of a pass, to people and to scripts, and how it exits."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.main import tessera
from service.emulators.certificates import Authority
from service.emulators.control import utc_now
from tests.e2e.deployment import REPOSITORY
from tests.wallets.lint.builders import (
    TEAM_ID,
    TYPE_ID,
    Change,
    Signer,
    a_draft,
    both,
    put,
    take,
    zipped,
)

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def signer(authority: Authority) -> Signer:
    return Signer(authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now()), authority)


@pytest.fixture
def a_pass(signer: Signer, tmp_path: Path) -> Make:
    """Write a pass, spoiled by the changes, and return where it is."""

    def make(*changes: Change, name: str = "card.pkpass") -> Path:
        draft = a_draft(signer)
        both(*changes)(draft)
        path = tmp_path / name
        path.write_bytes(draft.built())
        return path

    return make


def examined(*arguments: object, columns: int = 80) -> Result:
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(
        tessera, ["doctor", "pass", *map(str, arguments)]
    )


def test_a_good_pass_would_be_opened(a_pass: Make) -> None:
    done = examined(a_pass())

    assert done.exit_code == 0
    assert "A phone would open this pass.\n" in done.output
    assert "not up to a root" in " ".join(done.output.split())


def test_a_broken_pass_is_told_with_what_the_customer_sees_and_the_fix(a_pass: Make) -> None:
    done = examined(a_pass(take("description"), put("formatVersion", 2)))

    words = " ".join(done.output.split())
    assert done.exit_code == 1
    assert "The phone refuses the pass" in words
    assert "required-key-missing" in words
    assert "The pass does not open, and the phone does not say why." in words
    assert "Add description to pass.json." in words
    assert "A phone would refuse this pass: 2 errors." in words


def test_the_verdict_counts_every_severity(a_pass: Make) -> None:
    spoiled = a_pass(
        take("description"),
        put("groupingIdentifier", "g"),
        put("voided", True),
        put("backgroundColor", "#fff"),
    )

    assert "refuse this pass: 1 error, 1 dropped, 2 advice." in examined(spoiled).output


def test_a_pass_that_only_drops_something_still_exits_with_0(a_pass: Make) -> None:
    done = examined(a_pass(put("groupingIdentifier", "g")))

    assert done.exit_code == 0
    assert "The phone leaves something out, silently" in done.output
    assert "A phone would open this pass: 1 dropped." in done.output


def test_all_lines_fit_a_narrow_terminal(a_pass: Make) -> None:
    done = examined(a_pass(take("description"), put("storeCard.backFields.0.label", 5)))

    assert max(map(len, done.output.splitlines())) <= 80


def test_a_script_reads_the_same_as_json(a_pass: Make) -> None:
    done = examined(a_pass(take("description")), "--json")

    told = json.loads(done.output)
    (only,) = told["passes"]
    assert done.exit_code == 1
    assert told["chain_checked_to"] == "intermediate"
    assert (only["name"], only["opens"]) == ("card.pkpass", False)
    assert only["counts"] == {"error": 1, "dropped": 0, "advice": 0}
    (finding,) = only["findings"]
    assert finding["code"] == "required-key-missing"
    assert finding["severity"] == "error"
    assert finding["where"] == "description"
    assert {"rule", "sees", "fix"} <= finding.keys()


def test_every_pass_of_a_bundle_is_examined(a_pass: Make, tmp_path: Path) -> None:
    good = a_pass().read_bytes()
    bad = a_pass(take("description"), name="bad.pkpass").read_bytes()
    bundle = tmp_path / "all.pkpasses"
    bundle.write_bytes(zipped({"1.pkpass": good, "2.pkpass": bad, "3.pkpass": b"junk"}))

    done = examined(bundle, "--json")

    told = {each["name"]: each["opens"] for each in json.loads(done.output)["passes"]}
    assert told == {"1.pkpass": True, "2.pkpass": False, "3.pkpass": False}
    assert done.exit_code == 1


def test_people_see_which_pass_of_a_bundle_is_meant(a_pass: Make, tmp_path: Path) -> None:
    bundle = tmp_path / "all.pkpasses"
    good = a_pass().read_bytes()
    bundle.write_bytes(zipped({"1.pkpass": good, "\x1b[2J.pkpass": good}))

    done = examined(bundle)

    assert "1.pkpass" in done.output
    assert "\x1b" not in done.output
    assert done.output.count("A phone would open this pass.") == 2


def test_the_chain_is_followed_up_to_a_root_if_one_is_given(
    a_pass: Make, signer: Signer, tmp_path: Path
) -> None:
    own, other = tmp_path / "root.pem", tmp_path / "other.pem"
    own.write_bytes(signer.authority.root_pem)
    other.write_bytes(signer.authority.wwdr_pem)

    trusted, untrusted = examined(a_pass(), "--root", own), examined(a_pass(), "--root", other)

    assert trusted.exit_code == 0
    assert "up to the root given" in trusted.output
    assert untrusted.exit_code == 1
    assert "certificate-untrusted" in untrusted.output


def test_what_is_no_pass_is_a_finding_and_no_crash(tmp_path: Path) -> None:
    page = tmp_path / "card.pkpass"
    page.write_text("<html>Not found</html>")

    done = examined(page)

    assert done.exit_code == 1
    assert "archive-unreadable" in done.output
    assert "A phone would refuse this pass: 1 error." in done.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none.pkpass"], 2, "does not exist"),
        (["junk.pem", "--root", "junk.pem"], 1, "junk.pem holds no certificate in PEM"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_message(
    tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "junk.pem").write_text("not a certificate")

    done = subprocess.run(
        [sys.executable, "-m", "service", "doctor", "pass", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
