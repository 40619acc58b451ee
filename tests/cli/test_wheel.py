"""What is shipped works without the repository around it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.e2e.deployment import REPOSITORY


def test_a_program_is_set_up_from_the_built_wheel(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
    where = tmp_path / "elsewhere"
    where.mkdir()

    def run(*arguments: str) -> str:
        # -P: the current folder must not help out; only the unpacked wheel has `service`.
        done = subprocess.run(
            [sys.executable, "-P", *arguments],
            cwd=where,
            env={"PYTHONPATH": str(tmp_path / "site"), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    found = run("-c", "from service.wiring import templates_folder; print(templates_folder())")
    run("-m", "service", "migrate")
    run("-m", "service", "brands", "create", "Shop")
    made = run("-m", "service", "programs", "create", "--brand", "Shop", "--kind", "stamps")

    assert Path(found.strip()) == tmp_path / "site" / "service" / "templates"
    assert "stamps" in made
