"""Reads a design's folder, or its zip, from a disk that is the reader's own."""

from collections.abc import Iterator
from pathlib import Path

from service.designs import archive
from service.designs.names import faults_of_names, faults_of_sizes
from service.domain.design_rules import refusal
from service.domain.errors import InvalidInput

KIND = "program.toml"  # beside a shipped design: what a program of its kind is like


def files_at(path: Path) -> dict[str, bytes]:
    """Return the files of a design by name, from its folder or its zip.

    Raises:
        InvalidInput: there is no such folder or file.
        DesignRefused: it is too large, or holds what no design has.
    """
    try:
        return _folder(path) if path.is_dir() else _zip(path)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error


def _zip(path: Path) -> dict[str, bytes]:
    with path.open("rb") as stream:
        return archive.unpacked(stream.read(archive.LARGEST_ZIP + 1))


def _folder(folder: Path) -> dict[str, bytes]:
    paths = {path.relative_to(folder).as_posix(): path for path in _files_in(folder)}
    found = faults_of_names(paths)
    found += faults_of_sizes({name: path.stat().st_size for name, path in paths.items()})
    if found:
        raise refusal(found)
    return {name: path.read_bytes() for name, path in sorted(paths.items())}


def _files_in(folder: Path) -> Iterator[Path]:
    """Yield the files that are meant: hidden ones are left behind by file managers."""
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in inside.parts)
        if not (is_hidden or path.is_dir() or inside.as_posix() == KIND):
            yield path
