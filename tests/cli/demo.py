"""The demo as `make run` starts it, in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.e2e.deployment import REPOSITORY, free_port


class Demo:
    """`tessera run --demo` in `folder`; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()

    @property
    def told(self) -> dict[str, Any]:
        """What var/demo.json says."""
        read: dict[str, Any] = json.loads((self.folder / "var" / "demo.json").read_text())
        return read

    def command(self) -> subprocess.Popen[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TESSERA_")}
        return subprocess.Popen(
            [sys.executable, "-m", "service", "run", "--demo"],
            cwd=self.folder,
            env=kept | {"PYTHONPATH": str(REPOSITORY), "TESSERA_PORT": str(self.port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> "Demo":
        self.process = self.command()
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if "stop it with Ctrl-C" in line:
                return self
        raise AssertionError("".join(lines))

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGTERM)

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        output = self.process.stdout
        assert output is not None
        output.read()
        output.close()
        return self.process.wait(30)
