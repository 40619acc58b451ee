"""Other makers of passes at work, and what independent tools say of what they make."""

import json
import subprocess
from collections.abc import Mapping
from hashlib import sha1
from pathlib import Path
from typing import Self

from asn1crypto import cms

from bench.peers.environments import ROOT, last_line

ROUND_S = 1.0


class Player:
    """A peer at work in a process of its own, started on the core of its starter."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        self._expect_line()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def save(self, path: Path) -> None:
        """Write one pass to a file."""
        self._ask(f"save {path}")

    def rate(self) -> float:
        """Return passes per second of processor time."""
        return float(self._ask(f"run {ROUND_S}"))

    def _ask(self, order: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return self._expect_line()

    def _expect_line(self) -> str:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(last_line(self._process.stderr.read()))
        return line.strip()


def lay_out(
    folder: Path, files: dict[str, bytes], strings: Mapping[str, object], pem: dict[str, bytes]
) -> None:
    """Write down what every peer is given: the files of a pass, its strings, certificate, key."""
    for name, content in files.items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "strings.json").write_text(json.dumps(strings))
    for name, content in pem.items():
        (folder / f"{name}.pem").write_bytes(content)


def remark(pkpass: Path, root: Path, given: set[str]) -> str:
    """Return what openssl and unzip say of a pass, and in what it differs from what was given."""
    folder = pkpass.with_suffix("")
    unzipped = _succeeds(["unzip", "-o", "-q", str(pkpass), "-d", str(folder)])
    if not (unzipped and _succeeds(["unzip", "-tq", str(pkpass)])):
        return "NOT VERIFIED: unzip finds a fault"
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    verify = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"]
    verify += ["-in", str(folder / "signature"), "-content", str(folder / "manifest.json")]
    if not _succeeds([*verify, "-CAfile", str(root), "-out", str(folder / "verified")]):
        return "NOT VERIFIED: openssl refuses the signature"
    return ", ".join(["verified", *_differences(found, given)])


def _differences(found: dict[str, bytes], given: set[str]) -> list[str]:
    said = json.loads(found["manifest.json"])
    signed = cms.ContentInfo.load(found["signature"])["content"]
    wrong = sum(sha1(found.get(name, b"")).hexdigest() != said[name] for name in said)
    lacking = given - found.keys()
    digest = signed["signer_infos"][0]["digest_algorithm"]["algorithm"].native
    differences = {
        f"{wrong} hashes WRONG": wrong,
        f"lacks {', '.join(sorted(lacking))}": lacking,
        "signature holds the manifest": signed["encap_content_info"]["content"].native is not None,
        f"digest {digest}": digest != "sha256",
    }
    return [text for text, is_so in differences.items() if is_so]


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
