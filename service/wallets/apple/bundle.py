"""Packs a pass: a zip of the design's files, `pass.json`, their hashes and the signature.

The zip is written by hand, because all but three small files are the same for every pass of a
design: they are hashed and compressed once. Structures: PKWARE APPNOTE 6.3.10, 4.3.7 - 4.3.16.
Bundle: Wallet Passes > Building a pass; SHA-1 is what Apple's own PassBuilder writes;
both checked 2026-11-22.
"""

import hashlib
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Self

from service.domain.designs import Design
from service.domain.errors import InvalidInput
from service.domain.passes import WalletName

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
VERSION = 20  # 2.0: deflate and folders
STORED, DEFLATED = 0, 8
MIDNIGHT, FIRST_OF_1980 = 0, 0x21  # the zip format's earliest moment: the same for every file
IMAGE_NAME = re.compile(r"([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\.lproj/)?[A-Za-z]+(@[23]x)?\.png")
OTHER_WALLETS = tuple(f"{name}/" for name in WalletName)
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class _Entry(NamedTuple):
    """One file of the zip, ready to be written: its local part, and its directory line."""

    name: bytes
    method: int
    checksum: int
    packed: bytes
    size: int

    @classmethod
    def deflated(cls, name: str, content: bytes) -> Self:
        """Compress `content`, or store it if that is no smaller, as with most PNG files."""
        deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = deflate.compress(content) + deflate.flush()
        if len(packed) >= len(content):
            return cls.stored(name, content)
        return cls(name.encode("ascii"), DEFLATED, zlib.crc32(content), packed, len(content))

    @classmethod
    def stored(cls, name: str, content: bytes) -> Self:
        return cls(name.encode("ascii"), STORED, zlib.crc32(content), content, len(content))

    @property
    def local(self) -> bytes:
        return LOCAL.pack(b"PK\3\4", *self._common, 0) + self.name + self.packed

    def directory_line(self, offset: int) -> bytes:
        rest = (0, 0, 0, 0, 0, offset)
        return CENTRAL.pack(b"PK\1\2", VERSION, *self._common, *rest) + self.name

    @property
    def _common(self) -> tuple[int, ...]:
        kind = (VERSION, 0, self.method, MIDNIGHT, FIRST_OF_1980)
        return (*kind, self.checksum, len(self.packed), self.size, len(self.name))


class PreparedDesign:
    """A design's files, hashed and compressed once. Immutable: any thread may build from it."""

    def __init__(self, design: Design) -> None:
        """Prepare the files.

        Raises:
            InvalidInput: an image or language has a name Wallet does not know.
        """
        files = _files(design)
        entries = [_Entry.deflated(name, content) for name, content in files.items()]
        self._locals, self._directory = _write(entries, offset=0)
        self._count = len(entries)
        hashes = {name: _sha1(content) for name, content in files.items()}
        # pass.json comes last in the manifest, so that all before it stays as it is.
        self._manifest_start = json.dumps({**hashes, "pass.json": ""}, indent=0)[:-3].encode()

    def build(self, pass_json: bytes, sign: Callable[[bytes], bytes]) -> bytes:
        """Return the signed `.pkpass`; `sign` gets the manifest and returns its signature.

        The files stand in a fixed order and have a fixed date.
        """
        manifest = self._manifest_start + _sha1(pass_json).encode() + b'"\n}'
        changing = (
            _Entry.stored("pass.json", pass_json),
            _Entry.stored("manifest.json", manifest),
            _Entry.stored("signature", sign(manifest)),
        )
        bodies, lines = _write(changing, offset=len(self._locals))
        start, length = len(self._locals) + len(bodies), len(self._directory) + len(lines)
        count = self._count + len(changing)
        end = END.pack(b"PK\5\6", 0, 0, count, count, length, start, 0)
        return b"".join((self._locals, bodies, self._directory, lines, end))


def _write(entries: Iterable[_Entry], *, offset: int) -> tuple[bytes, bytes]:
    """Return the local parts, the first at `offset` of the zip, and the directory lines."""
    bodies, lines = [], []
    for entry in entries:
        body = entry.local
        bodies.append(body)
        lines.append(entry.directory_line(offset))
        offset += len(body)
    return b"".join(bodies), b"".join(lines)


def _files(design: Design) -> dict[str, bytes]:
    images = {n: png for n, png in design.images.items() if not n.startswith(OTHER_WALLETS)}
    faults = [(f"images.{n}", "unknown name") for n in images if not IMAGE_NAME.fullmatch(n)]
    faults += [(f"strings.{n}", "no language") for n in design.strings if not LANGUAGE.fullmatch(n)]
    if faults:
        raise InvalidInput("The design has files that no pass can hold.", faults)
    files = dict(images)
    for language, strings in design.strings.items():
        files[f"{language}.lproj/pass.strings"] = strings_file(strings)
    return dict(sorted(files.items()))


def strings_file(strings: Mapping[str, str]) -> bytes:
    """Return a `pass.strings` file: UTF-16 with a byte order mark, as Apple documents it."""
    lines = "".join(f'"{_escape(key)}" = "{_escape(text)}";\n' for key, text in strings.items())
    return b"\xff\xfe" + lines.encode("utf-16-le")


def _escape(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("\r\n", "\n").replace("\n", "\\n").replace("\t", "\\t")


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
