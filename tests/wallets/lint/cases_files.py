"""Cases of the archive, the manifest, the files and the images."""

import io
import json
import stat
import struct
import warnings
import zipfile
from collections.abc import Mapping

from service.wallets.apple.lint import package

from .builders import (
    Draft,
    add,
    both,
    nothing,
    png,
    put,
    remove,
    strings,
    use,
    zipped,
)
from .cases import Case

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
NFC_KEY = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACjlM7b6C/e0YluzBmfAH7YH75+LioD+9bMAYocDGHsqM="
ENROLLMENT = {
    "requiredPersonalizationFields": ["PKPassPersonalizationFieldName"],
    "description": "Join the program",
}
WITH_NFC = put("nfc", {"message": "4006381", "encryptionPublicKey": NFC_KEY})
WITH_LOGO = add("personalizationLogo@2x.png", png(300, 80))


def enrolling(**changes: object) -> bytes:
    return json.dumps({**ENROLLMENT, **changes}).encode()


def in_folder(files: Mapping[str, bytes]) -> bytes:
    return zipped({f"card.pass/{name}": content for name, content in files.items()})


def with_twice(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO(zipped(files))
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("icon.png", files["icon.png"])
    return buffer.getvalue()


def with_folders(files: Mapping[str, bytes]) -> bytes:
    """Name folders as entries of their own, as many programs do; a phone does not mind."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.mkdir("en.lproj")
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_link(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO(zipped({n: c for n, c in files.items() if n != "strip.png"}))
    with zipfile.ZipFile(buffer, "a") as archive:
        entry = zipfile.ZipInfo("strip.png")
        entry.create_system = 3
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return buffer.getvalue()


def encrypted(files: Mapping[str, bytes]) -> bytes:
    """Set the flag of an encrypted file in the directory of the zip."""
    packed = bytearray(zipped({"strip.png": b"", **files}))
    header = packed.index(b"PK\x01\x02")
    flags = header + 8
    struct.pack_into("<H", packed, flags, struct.unpack_from("<H", packed, flags)[0] | 1)
    return bytes(packed)


def unlisted(name: str, content: bytes = b"x") -> dict[str, object]:
    return {"later": lambda files: files.__setitem__(name, content)}


def hashes_but(**changes: object) -> dict[str, object]:
    return {"write_manifest": lambda hashes: json.dumps({**hashes, **changes}).encode()}


def lint_bytes(content: bytes) -> dict[str, object]:
    return {"pack": lambda files: content}


def pass_json(content: bytes) -> dict[str, object]:
    return {"pass_json": lambda drawn: content}


def heavy(draft: Draft) -> None:
    draft.files["notes.bin"] = bytes(3_000_000)


ARCHIVE = [
    Case(
        "archive-unreadable", use(**lint_bytes(b"<html>Not found</html>")), use(pack=with_folders)
    ),
    Case(
        "archive-too-large",
        use(**lint_bytes(bytes(package.LARGEST_BYTES + 1))),
        add("notes.txt", b"small"),
    ),
    Case("archive-entry", use(pack=with_link), nothing, beside=frozenset({"manifest-file-absent"})),
    Case("archive-entry", use(pack=encrypted), nothing, beside=frozenset({"manifest-file-absent"})),
    *(
        Case("archive-entry", add(name, b""), add("notes/a..b", b""))
        for name in ("../icon.png", "/etc/x", "notes\\x")
    ),
    Case("archive-folder", use(pack=in_folder), use(pack=with_folders)),
    Case("archive-name-twice", use(pack=with_twice)),
    Case("archive-name-case", both(add("notes.txt", b""), add("Notes.txt", b""))),
]
MANIFEST = [
    Case("manifest-missing", use(later=lambda files: files.pop("manifest.json"))),
    Case(
        "manifest-unreadable",
        use(write_manifest=lambda hashes: b"\xef\xbb\xbf" + json.dumps(hashes).encode()),
        use(write_manifest=lambda hashes: json.dumps(hashes, indent=2).encode()),
    ),
    Case("manifest-unreadable", use(write_manifest=lambda hashes: b"[]")),
    Case("manifest-unreadable", use(**hashes_but(**{"icon.png": 7}))),
    Case("manifest-file-unlisted", use(**unlisted("notes.txt")), add("notes.txt", b"x")),
    Case("manifest-macos-file", use(**unlisted("__MACOSX/._icon.png")), add(".DS_Store", b"x")),
    Case("manifest-file-absent", use(**hashes_but(**{"notes.txt": "0" * 40}))),
    Case("manifest-hash", use(**unlisted("icon.png", png(38, 38) + b"changed"))),
    Case("manifest-hash", use(**hashes_but(**{"icon.png": ""}))),
]
FILES = [
    Case(
        "pass-json-missing",
        use(later=lambda files: files.pop("pass.json")),
        beside=frozenset({"manifest-file-absent"}),
    ),
    Case("pass-json-unreadable", use(**pass_json(b"{'single': 1}"))),
    Case("pass-json-unreadable", use(**pass_json(b"[" * 100_000))),
    Case("pass-json-unreadable", use(**pass_json('{"a": "\u00e9"}'.encode("latin-1")))),
    Case("pass-json-unreadable", use(**pass_json(b'{"a": NaN}'))),
    Case(
        "pass-json-mark",
        use(pass_json=lambda content: b"\xef\xbb\xbf" + json.dumps(content).encode()),
        use(pass_json=lambda content: json.dumps(content, indent=1).encode()),
    ),
    Case("pass-heavy", heavy),
    Case(
        "strings-unreadable",
        add("en.lproj/pass.strings", b'"a" = "b"'),
        add(
            "en.lproj/pass.strings",
            b'/* " */ "label.points" = "P"; // "a"\n"change.points" = "%@";Name = Name;',
        ),
    ),
    Case(
        "strings-unreadable",
        add("en.lproj/pass.strings", '"Points" = "Bälle";'.encode("latin-1")),
        add("fr.lproj/pass.strings", b"bplist00"),
    ),
    Case(
        "strings-misplaced",
        add("pass.strings", strings({"a": "b"})),
        add("en.lproj/other.strings", b"whatever"),
    ),
    Case("strings-misplaced", add("fr.lproj/Pass.strings", strings({"a": "b"}))),
    Case(
        "strings-key-shown",
        add("de.lproj/pass.strings", strings({"Name": "Name", "change.points": "%@"})),
        add(
            "de.lproj/pass.strings",
            '"label.points"="PÜNKTE";"change.points"="%@";\n"Name"="Name";'.encode(),
        ),
    ),
    Case(
        "strings-untranslated",
        add("de.lproj/pass.strings", strings({"label.points": "P", "change.points": "%@"})),
    ),
    Case(
        "enrollment-incomplete",
        add("personalization.json", enrolling()),
        both(add("personalization.json", enrolling()), WITH_LOGO, WITH_NFC),
    ),
    Case(
        "enrollment-incomplete",
        both(add("personalization.json", enrolling()), WITH_LOGO),
        WITH_LOGO,
    ),
    Case(
        "enrollment-incomplete",
        both(add("personalization.json", enrolling()), WITH_NFC),
        both(WITH_LOGO, WITH_NFC),
    ),
    Case(
        "enrollment-fields",
        both(
            add("personalization.json", enrolling(requiredPersonalizationFields=["Shoe size"])),
            WITH_LOGO,
            WITH_NFC,
        ),
    ),
    Case(
        "enrollment-fields",
        both(add("personalization.json", enrolling(description="")), WITH_LOGO, WITH_NFC),
    ),
]
ICONS = ("icon.png", "icon@2x.png", "icon@3x.png")
IMAGES = [
    Case("icon-missing", remove(*ICONS)),
    Case("icon-sharp", remove("icon@2x.png"), remove("icon.png")),
    Case("image-unreadable", add("logo@3x.png", b"no image")),
    Case("image-unreadable", add("logo@3x.png", png(480, 150)[:20])),
    Case("image-format", add("logo@3x.png", JPEG)),
    Case("image-name", add("Thumbnail.png", png(90, 90))),
    Case("image-name", add("thumbnail-2x.jpg", JPEG), add("photo.jpg", JPEG)),
    Case("image-size", add("logo.png", png(176, 55)), add("logo.png", png(150, 47))),
    Case("image-aspect", add("logo@2x.png", png(100, 100)), add("logo@2x.png", png(319, 100))),
    Case("image-elsewhere", add("thumbnail.png", png(90, 90))),
    Case(
        "image-elsewhere",
        add("strip.png", png(375, 98)),
        both(
            add("strip.png", png(375, 98)),
            put("preferredStyleSchemes", ["posterEventTicket", "eventTicket"]),
        ),
        base="event_ticket",
    ),
    Case("image-elsewhere", add("background.png", png(345, 505)), base="generic"),
    Case(
        "image-one-language",
        both(
            remove("strip.png", "strip@2x.png", "strip@3x.png"),
            add("en.lproj/strip.png", png(375, 144)),
        ),
        add("en.lproj/strip.png", png(375, 144)),
    ),
    Case(
        "poster-background",
        remove("background.png", "background@2x.png", "background@3x.png"),
        base="poster",
    ),
    Case(
        "poster-logo",
        remove("primaryLogo.png", "primaryLogo@2x.png", "primaryLogo@3x.png"),
        base="poster",
    ),
    Case(
        "poster-alone",
        lambda draft: draft.content.pop("storeCard"),
        base="poster",
        beside=frozenset({"image-elsewhere"}),
    ),
]
CASES = [*ARCHIVE, *MANIFEST, *FILES, *IMAGES]
