"""Opens a `.pkpass` as an iPhone does, and says why when an iPhone would silently refuse it."""

import hashlib
import hmac
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from service.emulators.pass_content import check_content, style_of
from service.emulators.pass_refused import PassRefused
from service.emulators.pass_signature import Signature, check_certificate_names, verify_signature
from service.emulators.pass_strings import parse_strings

MANIFEST = "manifest.json"
SIGNATURE = "signature"
CONTENT = "pass.json"
STRINGS = "pass.strings"
LARGEST_PASS_BYTES = 20_000_000
# All that `zipfile` was seen to raise over damaged files; encrypted ones are a RuntimeError.
READ_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError),
    *(RuntimeError, OSError, ValueError),
)

__all__ = ["OpenedPass", "PassRefused", "open_pass", "read_content", "unpack"]


@dataclass(frozen=True)
class OpenedPass:
    """A pass that passed every check, with what a phone reads out of it."""

    content: Mapping[str, object] = field(repr=False)
    manifest: bytes = field(repr=False)
    strings: Mapping[str, Mapping[str, str]] = field(repr=False)
    signed_at: datetime

    @property
    def serial(self) -> str:
        return str(self.content["serialNumber"])

    @property
    def pass_type_id(self) -> str:
        return str(self.content["passTypeIdentifier"])

    @property
    def style(self) -> str:
        return style_of(self.content)

    @property
    def web_service_url(self) -> str | None:
        """Where updates come from, without a slash at the end; None: never."""
        url = self.content.get("webServiceURL")
        return str(url).rstrip("/") if url is not None else None

    @property
    def authentication_token(self) -> str:
        return str(self.content.get("authenticationToken", ""))

    @property
    def is_voided(self) -> bool:
        return self.content.get("voided") is True

    def same_content(self, other: "OpenedPass") -> bool:
        """Tell whether nothing but the signature differs."""
        return self.manifest == other.manifest


def open_pass(pkpass: bytes, root_pem: bytes) -> OpenedPass:
    """Return the opened pass; `root_pem` holds the one or more roots this phone trusts.

    Raises:
        PassRefused: with a stable code and a sentence, at the first thing that is wrong.
    """
    files = unpack(pkpass)
    signature = _check_signature(files, root_pem)
    content = read_content(files)
    check_certificate_names(signature.signer, content)
    strings = {
        name.removesuffix(f".lproj/{STRINGS}"): parse_strings(name, files[name])
        for name in files
        if _is_strings(name)
    }
    return OpenedPass(content, files[MANIFEST], strings, signature.signed_at)


def unpack(pkpass: bytes) -> dict[str, bytes]:
    """Return a pass's files, which are those of its manifest; who signed it is not looked at.

    Raises:
        PassRefused: it is no zip, or manifest and files do not agree.
    """
    files = _unzip(pkpass)
    _check_manifest(files)
    return files


def read_content(files: Mapping[str, bytes]) -> Mapping[str, object]:
    """Return the content of pass.json.

    Raises:
        PassRefused: it is no JSON, or a phone would not take it.
    """
    return check_content(_json_object(files[CONTENT], "pass_json_malformed", CONTENT))


def _unzip(pkpass: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(pkpass)) as archive:
            entries = [each for each in archive.infolist() if not each.filename.endswith("/")]
            _check_entries(entries)
            return {entry.filename: archive.read(entry) for entry in entries}
    except READ_ERRORS as error:
        raise PassRefused("not_a_zip", f"the file is not a readable zip: {error}") from error


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise PassRefused("duplicate_file", "the zip holds two files of the same name")
    if sum(entry.file_size for entry in entries) > LARGEST_PASS_BYTES:
        raise PassRefused("too_large", f"unpacked it is over {LARGEST_PASS_BYTES} bytes")
    unsafe = [name for name in names if name.startswith("/") or ".." in name.split("/")]
    if unsafe:
        raise PassRefused("unsafe_path", f"{unsafe[0]} points outside the pass")
    if MANIFEST not in names and any(name.endswith("/" + MANIFEST) for name in names):
        raise PassRefused("nested_folder", "the files lie in a folder, not at the zip's root")


def _check_manifest(files: Mapping[str, bytes]) -> None:
    if MANIFEST not in files:
        raise PassRefused("manifest_missing", "there is no manifest.json")
    manifest = _json_object(files[MANIFEST], "manifest_malformed", MANIFEST)
    present = set(files) - {MANIFEST, SIGNATURE}
    unlisted = sorted(present - set(manifest))
    if unlisted:
        raise PassRefused("file_not_listed", f"{unlisted[0]} is not in manifest.json")
    missing = sorted(set(manifest) - present)
    if missing:
        raise PassRefused("file_missing", f"manifest.json lists {missing[0]}, which is not there")
    for name in sorted(present):
        if not hmac.compare_digest(_sha1(files[name]), str(manifest[name]).encode()):
            raise PassRefused("hash_mismatch", f"{name} is not what manifest.json says")
    for name, code in ((CONTENT, "pass_json_missing"), ("icon.png", "icon_missing")):
        if name not in present:
            raise PassRefused(code, f"there is no {name}")


def _check_signature(files: Mapping[str, bytes], root_pem: bytes) -> Signature:
    if SIGNATURE not in files:
        raise PassRefused("signature_missing", "there is no file named signature")
    return verify_signature(files[SIGNATURE], files[MANIFEST], root_pem)


def _sha1(content: bytes) -> bytes:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest().encode()


def _json_object(content: bytes, code: str, name: str) -> dict[str, object]:
    try:
        # Strict UTF-8 without a mark, and only the numbers JSON knows.
        value = json.loads(content.decode("utf-8"), parse_constant=_not_json)
    except ValueError as error:
        raise PassRefused(code, f"{name} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise PassRefused(code, f"{name} is not a JSON object")
    return value


def _not_json(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _is_strings(name: str) -> bool:
    folder, _, file = name.partition("/")
    return folder.endswith(".lproj") and file == STRINGS
