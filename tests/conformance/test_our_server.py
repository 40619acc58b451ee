"""Our own server gets full marks, as anybody can find out with the tessera command."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from service.conformance.copy import Copy, in_hand
from service.conformance.suite import CHECKS
from tests.e2e.deployment import TESSERA, Deployment

WITHIN_S = 240
# What docs/conformance.md tells others to write: a points event for the card of the serial $1.
CHANGE = """
case "$1" in {first}) number={number};; *) number={second_number};; esac
curl -fsS {base_url}/v1/points -H "Authorization: Bearer {api_key}" \
  -H "Content-Type: application/json" \
  -d '{{"event_id": "'$(date +%s%N)'", "card_number": "'$number'", "add": 1}}'
"""


def saved(deployment: Deployment, name: str) -> tuple[dict[str, Any], Path]:
    """Return a new member's card, and the file of its pass."""
    card = deployment.card(name, 100)
    file = deployment.folder / f"{name}.pkpass"
    answer = requests.get(card["links"]["apple"], timeout=20)
    assert answer.status_code == 200
    file.write_bytes(answer.content)
    return card, file


def conformance(deployment: Deployment, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TESSERA, "conformance", *arguments],
        cwd=deployment.folder,
        env=deployment.environment,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def test_our_own_server_gets_full_marks(deployment: Deployment) -> None:
    deployment.start()
    (card, file), (second_card, second_file) = (saved(deployment, name) for name in ("a", "b"))
    change = CHANGE.format(
        first=in_hand(file).serial,
        number=card["number"],
        second_number=second_card["number"],
        base_url=deployment.base_url,
        api_key=deployment.access.api_key,
    )

    done = conformance(
        deployment,
        *("--pass", str(file), "--second-pass", str(second_file), "--change", change),
        *("--apns", deployment.apns.control_url, "--flood", "--json"),
    )

    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    faults = [each for each in report["checks"] if each["outcome"] != "passed"]
    assert faults == [], json.dumps(faults, indent=1)
    assert report["passed"] == report["tried"] == report["known"] == len(CHECKS)
    assert done.returncode == 0
    assert installed(deployment, card) == installed(deployment, second_card) == []


def installed(deployment: Deployment, card: dict[str, Any]) -> list[Any]:
    """Return what is left installed; the suite cleans up behind itself."""
    (shown,) = deployment.call("GET", f"/v1/cards/{card['id']}/delivery")["passes"]
    left: list[Any] = shown["installations"]
    return left


@pytest.mark.parametrize("deployment", ["embedded"], indirect=True)
def test_a_report_shows_what_was_not_tried_and_what_failed(deployment: Deployment) -> None:
    deployment.start()
    _, file = saved(deployment, "a")

    shown = conformance(deployment, "--pass", str(file))
    wrong = conformance(
        deployment,
        f"{deployment.base_url}/elsewhere",
        "--pass",
        str(file),
        "--only",
        "register-new",
    )

    untried = sum(bool(check.needs) for check in CHECKS)
    tried = len(CHECKS) - untried
    assert shown.returncode == 0, shown.stdout
    assert f"{tried} of {tried} passed; {untried} of {len(CHECKS)} not tried." in shown.stdout
    assert "needs --change and --second-pass" in shown.stdout
    assert wrong.returncode == 1
    assert "FAILED" in wrong.stdout
    assert "-> 404; expected 201" in wrong.stdout
    assert "1 of 1 checks failed" in wrong.stderr


def test_a_pass_file_is_read_for_its_web_service_alone(tmp_path: Path) -> None:
    copy = Copy("pass.x", "S-1", "secret-token", "https://cards.example.com/apple")

    assert "secret-token" not in repr(copy)
