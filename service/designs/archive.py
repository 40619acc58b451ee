"""Takes a design's zip apart in memory; whatever is odd about it is refused before it is read.

The limits are held on what the zip's directory declares before anything is unpacked, and again on
what comes out. Structures: PKWARE APPNOTE 6.3.10, 4.3.7 - 4.3.16, checked 2026-11-24.
"""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise

from service.designs.names import (
    LONGEST_PATH,
    MEGABYTE,
    MOST_FILES,
    faults_of_names,
    faults_of_sizes,
)
from service.domain.design_rules import Fault, refusal
from service.domain.errors import DesignRefused

LARGEST_ZIP = 5 * MEGABYTE
LOCAL = struct.Struct("<4s5H3I2H")
END = struct.Struct("<4s4H2IH")
DIRECTORY_LINE = 46  # bytes of its fixed part
MOST_ENTRIES = MOST_FILES + 50  # folders have entries of their own
LARGEST_DIRECTORY = MOST_ENTRIES * (DIRECTORY_LINE + 400)
LOCATOR_64 = b"PK\x06\x07"  # it stands 20 bytes before the end's own record
FOLDER = re.compile(r"strings/|images/([A-Za-z0-9-]+/)?")
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED, DESCRIPTOR_FOLLOWS = 0x2041, 0x8
LARGEST_DESCRIPTOR = 24
SMALL, HIGHEST_RATIO = 64 * 1024, 100
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
)


def unpacked(zipped: bytes) -> dict[str, bytes]:
    """Return the files of a design's zip by name. Nothing is written to disk.

    Raises:
        DesignRefused: the zip is too large, damaged or hostile, or holds what no design has.
    """
    start = _directory_start(zipped)
    try:
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            entries = archive.infolist()
            _check(zipped, entries, start)
            files = [entry for entry in entries if not _is_folder(entry)]
            return {entry.filename: _content(archive, entry) for entry in files}
    except DAMAGE as error:
        raise _refused("is damaged: pack it anew") from error


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    # A read without a length would unpack a bomb before it looks at the declared size.
    with archive.open(entry) as stream:
        return stream.read(entry.file_size + 1)


def _refused(text: str) -> DesignRefused:
    return refusal([Fault("zip", "bad_zip", text)])


def _directory_start(zipped: bytes) -> int:
    """Return where the directory begins, after checking that it ends the zip and is short."""
    if len(zipped) > LARGEST_ZIP:
        raise refusal([Fault("zip", "too_large", f"has more than {LARGEST_ZIP // MEGABYTE} MB")])
    if len(zipped) < END.size or zipped[-END.size :][:4] != b"PK\5\6":
        raise _refused("is no zip, or something follows its end")
    _, disk, first_disk, here, count, size, start, comment = END.unpack(zipped[-END.size :])
    is_whole = (disk, first_disk, here, comment) == (0, 0, count, 0)
    if not is_whole or start + size != len(zipped) - END.size:
        raise _refused("is in parts, or its directory is not where it says")
    if zipped[-END.size - 20 :].startswith(LOCATOR_64):
        raise _refused("has the form for files above 4 GB")
    if count > MOST_ENTRIES or size > LARGEST_DIRECTORY:
        raise refusal([Fault("zip", "too_many_files", f"has more than {MOST_FILES} files")])
    return int(start)


def _check(zipped: bytes, entries: list[zipfile.ZipInfo], start: int) -> None:
    files = [entry for entry in entries if not _is_folder(entry)]
    found = [fault for entry in entries for fault in _faults_of(entry)]
    found += faults_of_names(entry.filename for entry in files)
    found += faults_of_sizes({entry.filename: entry.file_size for entry in files})
    if found:
        raise refusal(found)
    _check_places(zipped, entries, start)


def _faults_of(entry: zipfile.ZipInfo) -> Iterator[Fault]:
    name = _shown(entry)
    if _is_folder(entry):
        yield from _fault_of_folder(entry)
    if entry.flag_bits & ENCRYPTED:
        yield Fault(name, "bad_zip", "is encrypted")
    if entry.compress_type not in METHODS:
        yield Fault(name, "bad_zip", "is packed by a method other than store and deflate")
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        yield Fault(name, "bad_zip", "is a link or device, not a file")
    if entry.orig_filename != entry.filename or not entry.filename.isascii():
        yield Fault(name, "bad_path", "names are plain ASCII")
    if entry.file_size > SMALL and entry.file_size > HIGHEST_RATIO * entry.compress_size:
        yield Fault(name, "bad_zip", f"unpacks to more than {HIGHEST_RATIO} times its size")


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith("/")  # its own method fails on an empty name


def _shown(entry: zipfile.ZipInfo) -> str:
    return ascii(entry.orig_filename)[1:-1][:LONGEST_PATH]


def _fault_of_folder(entry: zipfile.ZipInfo) -> Iterator[Fault]:
    """Yield what is wrong with an entry that stands for a folder; the files name theirs anyway."""
    if entry.file_size or not FOLDER.fullmatch(entry.filename):
        yield Fault(_shown(entry), "unexpected_file", "is no folder of a design")


def _check_places(zipped: bytes, entries: list[zipfile.ZipInfo], start: int) -> None:
    """Refuse entries that share bytes, and bytes that belong to no entry."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    ends = [(entry.header_offset, _end(zipped, entry), entry.flag_bits) for entry in ordered]
    places = [(0, 0, 0), *ends, (start, start, 0)]
    for (_, end, flags), (following, _, _) in pairwise(places):
        room = LARGEST_DESCRIPTOR if flags & DESCRIPTOR_FOLLOWS else 0
        if not 0 <= following - end <= room:
            raise _refused("holds overlapping files, or bytes that belong to none")


def _end(zipped: bytes, entry: zipfile.ZipInfo) -> int:
    """Return where an entry's packed bytes end; its own header tells how long its extras are."""
    header = LOCAL.unpack_from(zipped, entry.header_offset)
    name_length, extra_length = header[-2:]
    return int(entry.header_offset + LOCAL.size + name_length + extra_length + entry.compress_size)
