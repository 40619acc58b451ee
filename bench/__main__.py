"""Run measurements: `python -m bench` runs all, `python -m bench signing calls` some."""

import platform
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.backends.openssl import backend

from bench import calls, fetch, makers, push, signing, threads
from bench.targets import Target, tell

ALL = {
    "push": push.main,
    "calls": calls.main,
    "fetch": fetch.main,
    "threads": threads.main,
    "peers": makers.main,
}
PARTS = {**ALL, "signing": signing.main}  # which is our side of `peers`


def main(asked: list[str]) -> None:
    """Run the parts that are asked for, or all, and tell which targets were met."""
    unknown = sorted(set(asked) - PARTS.keys())
    if unknown:
        raise SystemExit(f"No such part: {', '.join(unknown)}. There are: {', '.join(PARTS)}.")
    sys.stdout.write(machine() + "\n")
    targets: list[Target] = []
    for name in asked or ALL:
        targets += PARTS[name]()
    tell(targets)


def machine() -> str:
    """Return what this is measured on."""
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True)
    return (
        f"{_processor()}, {platform.system()}, Python {platform.python_version()}\n"
        f"limit: {openssl.stdout.strip()}; cryptography: {backend.openssl_version_text()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.machine()


if __name__ == "__main__":
    main(sys.argv[1:])
