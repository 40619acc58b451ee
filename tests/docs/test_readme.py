"""The README's first card is executed, line by line, against the demo."""

import os
import re
import subprocess
from pathlib import Path

from tests.cli.demo import Demo
from tests.e2e.deployment import REPOSITORY


def script() -> str:
    section = (REPOSITORY / "README.md").read_text().split("\n## A first card\n")[1]
    blocks = re.findall(r"```bash\n(.*?)```", section.split("\n## ")[0], flags=re.DOTALL)
    return "set -euo pipefail\n" + "\n".join(blocks)


def test_the_first_card_of_the_readme_works_as_written(tmp_path: Path) -> None:
    with Demo(tmp_path):
        done = subprocess.run(
            ["bash", "-c", script()],
            cwd=tmp_path,
            env={**os.environ, "no_proxy": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "on_phone: 175 usable" in done.stdout
    assert "on_phone: 175 voided" in done.stdout
    assert "in_google: 175 INACTIVE" in done.stdout
    assert "CMS Verification successful" in done.stderr
