"""`tessera demo`: the story is told with real values, on a demo that runs or one started for it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cli.demo import Demo
from tests.e2e.deployment import REPOSITORY

STEPS = ["issue", "install", "webhook", "push", "fetch", "block", "proof"]
# What differs from one telling to the next: ids, numbers, links, times.
VARYING = re.compile(r"https?://\S+|[\w.-]*\d[\w.-]*|\b[0-9a-f]{6,}\b")


def tell(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TESSERA_")}
    return subprocess.run(
        [sys.executable, "-m", "service", "demo", *options],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(REPOSITORY), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def steps_of(told: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert told.returncode == 0, told.stderr
    return {each["step"]: each for each in json.loads(told.stdout)["steps"]}


def test_the_story_is_told_on_the_running_demo(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        steps = steps_of(tell(tmp_path, "--json"))

    assert list(steps) == STEPS
    assert steps["issue"]["facts"]["link"].startswith(demo.told["base_url"])
    installed, fetched, blocked = (steps[n]["phones"] for n in ("install", "fetch", "block"))
    assert [each["phone"] for each in fetched] == ["iPhone 1", "iPhone 2", "Google Wallet"]
    assert [each["points"] for each in installed] == ["120"] * 3
    assert [each["points"] for each in fetched] == ["175"] * 3
    assert [each["state"] for each in blocked] == ["void", "void", "inactive"]
    assert [each["barcode"] for each in blocked] == [None] * 3
    assert steps["webhook"]["facts"]["outcome"] == "applied"
    assert steps["block"]["facts"]["till_after"] == "can redeem: no (card_blocked)"
    assert steps["proof"]["facts"]["google"] == "wants version 3, accepted 3"
    times = [
        value
        for each in steps.values()
        for name, value in each["facts"].items()
        if name.endswith("_ms")
    ]
    assert len(times) == 6
    assert all(isinstance(value, int) and value >= 0 for value in times)


def test_the_readme_shows_a_recording_of_what_is_told_today(tmp_path: Path) -> None:
    section = (REPOSITORY / "README.md").read_text().split("\n## The story of one card\n")[1]
    recorded = re.findall(r"```text\n(.*?)```", section, flags=re.DOTALL)[0]

    told = tell(tmp_path)

    assert told.returncode == 0, told.stderr
    assert likeness(recorded) == likeness(told.stdout)
    assert not (tmp_path / "var").exists()


def likeness(text: str) -> list[str]:
    """Return the lines with everything that varies replaced, and spaces told once."""
    lines = (VARYING.sub("#", re.sub(r"[─\s]+", " ", line)).strip() for line in text.splitlines())
    return [line for line in lines if line]


def test_a_demo_that_stops_answering_is_told(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        told = demo.told
        told["emulators"]["phone"] = "http://127.0.0.1:9"
        (tmp_path / "var" / "demo.json").write_text(json.dumps(told))

        ended = tell(tmp_path)

    assert ended.returncode == 1
    assert "does not answer on http://127.0.0.1:9/phones" in ended.stderr
    assert "Traceback" not in ended.stderr
