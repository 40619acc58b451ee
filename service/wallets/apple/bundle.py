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
from typing import NamedTuple

from service.domain.designs import Design
from service.domain.errors import InvalidInput
from service.domain.passes import WalletName

# What a file's own header and its line in the directory have in common.
COMMON = struct.Struct("<5H3I2H")
PLACE = struct.Struct("<3H2I")
END = struct.Struct("<4s4H2IH")
VERSION = 20  # 2.0: deflate and folders
MADE_BY = struct.pack("<H", VERSION)
STORED, DEFLATED = 0, 8
MIDNIGHT, FIRST_OF_1980 = 0, 0x21  # the zip format's earliest moment: the same for every file
OWN_FILES = 3  # pass.json, manifest.json, signature
IMAGE_NAME = re.compile(r"([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\.lproj/)?[A-Za-z]+(@[23]x)?\.png")
OTHER_WALLETS = tuple(f"{name}/" for name in WalletName)
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_Entry = tuple[bytes, bytes, bytes]  # a file's name, COMMON of it, its content as it is written


class SignedPart(NamedTuple):
    """What of a pass is its own: three files, and their lines in the zip's directory."""

    files: bytes
    lines: bytes


class PreparedDesign:
    """A design's files, hashed and compressed once. Immutable: any thread may build from it."""

    def __init__(
        self, design: Design, extra: Mapping[str, bytes] | None = None, stamps: int = 0
    ) -> None:
        """Prepare the files of a card with so many `stamps`, and `extra` ones by name.

        Raises:
            InvalidInput: an image or language has a name Wallet does not know.
        """
        files = dict(sorted({**files_of(design, stamps), **(extra or {})}.items()))
        entries = [_deflated(name.encode(), content) for name, content in files.items()]
        self._files, self._lines = _written(entries, offset=0)
        self._count = len(entries) + OWN_FILES
        hashes = {name: _sha1(content) for name, content in files.items()}
        # pass.json comes last in the manifest, so that all before it stays as it is.
        self._manifest_start = json.dumps({**hashes, "pass.json": ""}, indent=0)[:-3].encode()

    def signed(self, pass_json: bytes, sign: Callable[[bytes], bytes]) -> SignedPart:
        """Return what makes a pass of the design; `sign` turns the manifest into its signature.

        Nothing is compressed: that would cost a twentieth of a signature, and save about 1 %.
        """
        manifest = self._manifest_start + _sha1(pass_json).encode() + b'"\n}'
        entries = (
            _stored(b"pass.json", pass_json),
            _stored(b"manifest.json", manifest),
            _stored(b"signature", sign(manifest)),
        )
        return SignedPart(*_written(entries, offset=len(self._files)))

    def packed(self, own: SignedPart) -> bytes:
        """Return the `.pkpass`. Its files stand in a fixed order and have a fixed date."""
        start = len(self._files) + len(own.files)
        length = len(self._lines) + len(own.lines)
        end = END.pack(b"PK\5\6", 0, 0, self._count, self._count, length, start, 0)
        return b"".join((self._files, own.files, self._lines, own.lines, end))


def _deflated(name: bytes, content: bytes) -> _Entry:
    """Compress `content`, or store it if that is no smaller, as with most PNG files."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflate.compress(content) + deflate.flush()
    if len(packed) >= len(content):
        return _stored(name, content)
    return name, _common(DEFLATED, content, packed, name), packed


def _stored(name: bytes, content: bytes) -> _Entry:
    return name, _common(STORED, content, content, name), content


def _common(method: int, content: bytes, packed: bytes, name: bytes) -> bytes:
    crc, sizes = zlib.crc32(content), (len(packed), len(content))
    return COMMON.pack(VERSION, 0, method, MIDNIGHT, FIRST_OF_1980, crc, *sizes, len(name), 0)


def _written(entries: Iterable[_Entry], *, offset: int) -> tuple[bytes, bytes]:
    """Return the files, the first at `offset` of the zip, and their lines in the directory."""
    files, lines = b"", b""
    for name, common, packed in entries:
        place = PLACE.pack(0, 0, 0, 0, offset + len(files))
        lines += b"".join((b"PK\1\2", MADE_BY, common, place, name))
        files += b"".join((b"PK\3\4", common, name, packed))
    return files, lines


def files_of(design: Design, stamps: int = 0) -> dict[str, bytes]:
    """Return the files that the design gives to a pass of a card with so many stamps.

    Raises:
        InvalidInput: an image or language has a name Wallet does not know.
    """
    shown = design.images_with_stamps(stamps).items()
    images = {name: png for name, png in shown if not name.startswith(OTHER_WALLETS)}
    faults = [(f"images.{n}", "unknown name") for n in images if not IMAGE_NAME.fullmatch(n)]
    faults += [(f"strings.{n}", "no language") for n in design.strings if not LANGUAGE.fullmatch(n)]
    if faults:
        raise InvalidInput("The design has files that no pass can hold.", faults)
    files = dict(images)
    for language, strings in design.strings.items():
        files[f"{language}.lproj/pass.strings"] = strings_file(strings)
    return files


def strings_file(strings: Mapping[str, str]) -> bytes:
    """Return a `pass.strings` file: UTF-16 with a byte order mark, as Apple documents it."""
    lines = "".join(f'"{_escape(key)}" = "{_escape(text)}";\n' for key, text in strings.items())
    return b"\xff\xfe" + lines.encode("utf-16-le")


def _escape(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("\r\n", "\n").replace("\n", "\\n").replace("\t", "\\t")


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
