"""The side of a contest that runs inside a peer's own environment: standard library only.

A line `save PATH` asks for one pass as a file, a line `run SECONDS` for as many as that much
processor time allows; the answer to both is one line.
"""

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def take_turns(build: Callable[[], bytes]) -> None:
    """Do what the lines of standard input ask for, until there are no more."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order, _, argument = line.strip().partition(" ")
        sys.stdout.write((_save if order == "save" else _run)(build, argument) + "\n")
        sys.stdout.flush()


def _save(build: Callable[[], bytes], path: str) -> str:
    Path(path).write_bytes(build())
    return "saved"


def _run(build: Callable[[], bytes], seconds: str) -> str:
    """Return passes per second of processor time, that of started programs included."""
    count, start, elapsed = 0, _spent(), 0.0
    while elapsed < float(seconds):
        build()
        count += 1
        elapsed = _spent() - start
    return str(count / elapsed)


def _spent() -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(who) for who in whose]
    return sum(each.ru_utime + each.ru_stime for each in used)


class Design:
    """What every peer is given: files by name, the content of pass.json, certificate and key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate, self.key, self.wwdr = (
            str(folder / f"{name}.pem") for name in ("certificate", "key", "wwdr")
        )
        inside = folder / "files"
        self.files = {
            path.relative_to(inside).as_posix(): path.read_bytes()
            for path in sorted(inside.rglob("*"))
            if path.is_file() and path.name != "pass.json"
        }
        self.content: dict[str, Any] = json.loads((inside / "pass.json").read_text("utf-8"))

    @classmethod
    def given(cls) -> "Design":
        """Return the design in the folder that the command line names."""
        return cls(Path(sys.argv[1]))


class Said:
    """A part of a pass that says what it was given, in the way these libraries ask parts."""

    def __init__(self, name: str, said: dict[str, Any]) -> None:
        self.jsonname = name
        self._said = said

    def json_dict(self) -> dict[str, Any]:
        return self._said
