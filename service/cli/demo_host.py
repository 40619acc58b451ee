"""Finds the demo that runs here, or starts one of its own for as long as it is needed."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from service.domain.errors import SetupError
from service.settings import PREFIX, Settings

READY_WITHIN_S = 60.0
ANSWER_WITHIN_S = 2.0
LOOK_EVERY_S = 0.1
STOP_WITHIN_S = 20.0


@contextmanager
def demo(settings: Settings) -> Iterator[Mapping[str, Any]]:
    """Yield what var/demo.json says of a demo that answers.

    Raises:
        SetupError: none runs, and none could be started.
    """
    told = _running(settings.master_key_file.parent / "demo.json")
    if told is not None:
        yield told
        return
    with tempfile.TemporaryDirectory(prefix="tessera-demo-") as name:
        folder = Path(name)
        with _started(folder) as process:
            yield _ready(folder, process)


def _running(file: Path) -> Mapping[str, Any] | None:
    try:
        told: Mapping[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return told if _answers(told["base_url"]) else None


def _answers(base_url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(f"{base_url}/readyz", timeout=ANSWER_WITHIN_S).ok
        except requests.RequestException:
            return False


@contextmanager
def _started(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a demo in a folder of its own, on a free port."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "run", "--demo"],
            cwd=folder,
            env=kept | {f"{PREFIX}PORT": str(_free_port())},
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ready(folder: Path, process: "subprocess.Popen[bytes]") -> Mapping[str, Any]:
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end and process.poll() is None:
        told = _running(folder / "var" / "demo.json")
        if told is not None:
            return told
        time.sleep(LOOK_EVERY_S)
    said = (folder / "log").read_text(errors="replace").strip().splitlines()
    raise SetupError(f"The demo did not start. {' '.join(said[-3:])}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
