"""Reads a `.pkpass` of any origin. A file that cannot be read is a finding, never an exception."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT, MANIFEST, SIGNATURE = "pass.json", "manifest.json", "signature"
LARGEST_BYTES = 30_000_000
LARGEST_UNPACKED_BYTES = 60_000_000
MOST_ENTRIES = 1_000
MOST_PASSES = 100
MOST_HEADERS = 20_000  # counted before the zip is opened: opening costs memory for each of them
DIRECTORY_HEADER = b"PK\x01\x02"
IS_ENCRYPTED = 0x1
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# All that `zipfile` was seen to raise over damaged files.
READ_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError),
    *(RuntimeError, OSError, ValueError, OverflowError, AssertionError),
)


@dataclass(frozen=True)
class Archive:
    """What the zip itself is like. `names` are those of its files, in its order."""

    names: tuple[str, ...] = ()
    fault: str = ""
    is_too_large: bool = False
    encrypted: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    folder: str = ""  # all files lie in it instead of at the root


@dataclass(frozen=True)
class PassPackage:
    """The files of a pass by name, and the archive they came in. A folder around them is gone."""

    files: Mapping[str, bytes] = field(repr=False)
    archive: Archive

    @property
    def passes(self) -> Mapping[str, bytes]:
        """The passes in a `.pkpasses` bundle, by name; empty if this is a single pass.

        One that cannot be unpacked is there without content. At most 100 are told.
        """
        names = [name for name in self.archive.names if not is_of_macos(name)]
        if not all(name.lower().endswith(".pkpass") for name in names):
            return {}
        return {name: self.files.get(name, b"") for name in names[:MOST_PASSES]}


def read_package(content: bytes) -> PassPackage:
    """Return what is in a `.pkpass` or `.pkpasses`; reads at most 60 MB and 1,000 files."""
    if len(content) > LARGEST_BYTES or content.count(DIRECTORY_HEADER) > MOST_HEADERS:
        return PassPackage({}, Archive(is_too_large=True))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            return _read(opened)
    except READ_ERRORS as error:
        return PassPackage({}, Archive(fault=str(error) or type(error).__name__))


def is_of_macos(name: str) -> bool:
    """Tell whether a Mac added this file by itself when the folder was packed."""
    last = name.rsplit("/", 1)[-1]
    return name.startswith("__MACOSX/") or last == ".DS_Store" or last.startswith("._")


def _read(opened: zipfile.ZipFile) -> PassPackage:
    entries = [entry for entry in opened.infolist() if not entry.filename.endswith("/")]
    if len(entries) > MOST_ENTRIES or sum(e.file_size for e in entries) > LARGEST_UNPACKED_BYTES:
        return PassPackage({}, Archive(is_too_large=True))
    encrypted = [entry for entry in entries if entry.flag_bits & IS_ENCRYPTED]
    links = [entry for entry in entries if stat.S_ISLNK(entry.external_attr >> 16)]
    files: dict[str, bytes] = {}
    damaged = []
    for entry in entries:
        if entry in encrypted or entry in links or entry.filename in files:
            continue
        try:
            files[entry.filename] = _content(opened, entry)
        except READ_ERRORS:
            damaged.append(entry)
    folder = _folder_around(files)
    archive = Archive(
        names=_names(entries),
        encrypted=_names(encrypted),
        links=_names(links),
        damaged=_names(damaged),
        folder=folder,
    )
    return PassPackage(_without(folder, files), archive)


def _content(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.compress_type not in METHODS:
        raise zipfile.BadZipFile("compressed in a way that phones do not know")
    return opened.read(entry)


def _names(entries: Iterable[zipfile.ZipInfo]) -> tuple[str, ...]:
    return tuple(entry.filename for entry in entries)


def _folder_around(files: Mapping[str, bytes]) -> str:
    """Return the one folder that holds the whole pass, with its slash; empty: there is none."""
    if CONTENT in files:
        return ""
    tops = {name.partition("/")[0] for name in files if not is_of_macos(name)}
    folder = f"{tops.pop()}/" if len(tops) == 1 else ""
    return folder if folder and folder + CONTENT in files else ""


def _without(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name.removeprefix(folder): content for name, content in files.items()}
