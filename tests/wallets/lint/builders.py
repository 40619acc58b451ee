"""Good passes of every style to start from, and ways to spoil one part of them."""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from service.emulators.certificates import Authority, Issued
from service.emulators.control import utc_now
from service.wallets.apple.lint.finding import Finding
from service.wallets.apple.lint.lint import lint
from service.wallets.apple.lint.package import read_package

TYPE_ID, TEAM_ID = "pass.com.example.loyalty", "A1B2C3D4E5"
OPTIONS = (PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities)
FAR = "2099-12-31T23:59:59Z"


@dataclass(frozen=True)
class Signer:
    """Who signs: a certificate with its key, and the intermediate to put beside it."""

    issued: Issued
    authority: Authority

    @cached_property
    def _key(self) -> Any:
        return load_pem_private_key(self.issued.key_pem, None)

    def sign(
        self,
        manifest: bytes,
        *,
        options: tuple[PKCS7Options, ...] = OPTIONS,
        with_intermediate: bool = True,
        encoding: Encoding = Encoding.DER,
    ) -> bytes:
        leaf = x509.load_pem_x509_certificate(self.issued.certificate_pem)
        builder = PKCS7SignatureBuilder().set_data(manifest).add_signer(leaf, self._key, SHA256())
        if with_intermediate:
            wwdr = x509.load_pem_x509_certificate(self.authority.wwdr_pem)
            builder = builder.add_certificate(wwdr)
        return builder.sign(encoding, options)


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@dataclass
class Draft:
    """A pass in the making. Whatever is set here replaces the good way of doing it."""

    signer: Signer
    content: dict[str, Any]
    files: dict[str, bytes]
    pass_json: Callable[[dict[str, Any]], bytes] = field(
        default=lambda content: json.dumps(content, ensure_ascii=False).encode()
    )
    write_manifest: Callable[[dict[str, str]], bytes] = field(
        default=lambda hashes: json.dumps(hashes).encode()
    )
    sign: Callable[[bytes], bytes] | None = None
    pack: Callable[[dict[str, bytes]], bytes] = field(default=zipped)
    later: Callable[[dict[str, bytes]], object] = field(default=lambda files: None)
    now: datetime = field(default_factory=utc_now)
    roots: bytes = b""

    def built(self) -> bytes:
        files = {"pass.json": self.pass_json(self.content), **self.files}
        hashes = {name: hashlib.sha1(content).hexdigest() for name, content in files.items()}
        files["manifest.json"] = self.write_manifest(hashes)
        files["signature"] = (self.sign or self.signer.sign)(files["manifest.json"])
        self.later(files)
        return self.pack(files)

    def findings(self) -> list[Finding]:
        return lint(read_package(self.built()), self.now, self.roots)


Change = Callable[[Draft], object]


@cache
def png(width: int, height: int) -> bytes:
    """Return a black PNG of that size, one bit a pixel, written by hand."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + (width + 7) // 8) * height, 9)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def images(base: str, width: int, height: int) -> dict[str, bytes]:
    """Return an image at its three scales."""
    names = {1: f"{base}.png", 2: f"{base}@2x.png", 3: f"{base}@3x.png"}
    return {name: png(width * scale, height * scale) for scale, name in names.items()}


def strings(table: Mapping[str, str]) -> bytes:
    text = "".join(f'"{key}" = "{value}";\n' for key, value in table.items())
    return b"\xff\xfe" + text.encode("utf-16-le")


def identity() -> dict[str, Any]:
    return {
        "formatVersion": 1,
        "passTypeIdentifier": TYPE_ID,
        "teamIdentifier": TEAM_ID,
        "serialNumber": "S-1",
        "organizationName": "Corner Shop",
        "description": "Loyalty card",
        "barcodes": [
            {"format": "PKBarcodeFormatQR", "message": "4006381", "messageEncoding": "iso-8859-1"}
        ],
    }


def sections() -> dict[str, Any]:
    return {
        "headerFields": [
            {
                "key": "points",
                "label": "label.points",
                "value": 120,
                "numberStyle": "PKNumberStyleDecimal",
                "changeMessage": "change.points",
            }
        ],
        "primaryFields": [{"key": "name", "label": "Name", "value": "A. Holder"}],
        "secondaryFields": [
            {
                "key": "until",
                "label": "Until",
                "value": "2030-12-31T23:59:00+01:00",
                "dateStyle": "PKDateStyleShort",
                "timeStyle": "PKDateStyleNone",
                "textAlignment": "PKTextAlignmentRight",
            }
        ],
        "auxiliaryFields": [{"key": "balance", "value": 12.5, "currencyCode": "EUR"}],
        "backFields": [
            {
                "key": "site",
                "label": "Web",
                "value": "example.com",
                "attributedValue": "<a href='https://example.com'>Our site</a>",
                "dataDetectorTypes": ["PKDataDetectorTypeLink"],
            }
        ],
    }


def languages() -> dict[str, bytes]:
    english = {"label.points": "POINTS", "change.points": "You now have %@ points", "Name": "Name"}
    russian = {"label.points": "БАЛЛЫ", "change.points": "Баллы: %@", "Name": "Имя"}
    return {
        "en.lproj/pass.strings": strings(english),
        "ru.lproj/pass.strings": strings(russian),
    }


def store_card() -> tuple[dict[str, Any], dict[str, bytes]]:
    content = {
        **identity(),
        "storeCard": sections(),
        "backgroundColor": "rgb(12, 34, 56)",
        "foregroundColor": "rgb(255,255,255)",
        "logoText": "Corner Shop",
        "webServiceURL": "https://cards.example.com/apple",
        "authenticationToken": "t" * 16,
        "expirationDate": FAR,
        "sharingProhibited": True,
        "locations": [{"latitude": 52.5, "longitude": 13.4, "relevantText": "Welcome"}],
        "maxDistance": 100,
        "beacons": [{"proximityUUID": "E2C56DB5-DFFB-48D2-B060-D0F5A71096E0", "major": 1}],
        "associatedStoreIdentifiers": [123456789],
        "appLaunchURL": "shop://card",
        "userInfo": {"anything": [1, None]},
        "unknownKeyOfSomebody": None,
    }
    files = images("icon", 38, 38) | images("logo", 160, 50) | images("strip", 375, 144)
    return content, files | languages()


def coupon() -> tuple[dict[str, Any], dict[str, bytes]]:
    content, files = store_card()
    content["coupon"] = content.pop("storeCard")
    return content, files


def generic() -> tuple[dict[str, Any], dict[str, bytes]]:
    content = {**identity(), "generic": sections()}
    return content, images("icon", 38, 38) | images("thumbnail", 90, 90) | languages()


def poster() -> tuple[dict[str, Any], dict[str, bytes]]:
    """A store card for every phone, with a poster and actions for iOS 27."""
    content, files = store_card()
    content["posterGeneric"] = {
        "primaryFields": [{"key": "points", "value": "120 points"}],
        "footerFields": [{"key": "name", "value": "A. Holder"}],
    }
    content["featuredActions"] = [
        {"identifier": "shop", "type": "shop", "url": "https://example.com/shop"},
        {"identifier": "call", "type": "call", "url": "tel:+4930123456"},
    ]
    return content, files | images("background", 345, 505) | images("primaryLogo", 126, 30)


def event_ticket() -> tuple[dict[str, Any], dict[str, bytes]]:
    content = {
        **identity(),
        "eventTicket": {**sections(), "additionalInfoFields": [{"key": "info", "value": "Gate B"}]},
        "relevantDate": FAR,
        "relevantDates": [
            {"date": FAR, "relevantDate": FAR},
            {"startDate": "2099-12-30T20:00:00Z", "endDate": "2099-12-31T20:00:00Z"},
        ],
        "groupingIdentifier": "trip-1",
    }
    return content, images("icon", 38, 38) | images("background", 180, 220) | languages()


def boarding_pass() -> tuple[dict[str, Any], dict[str, bytes]]:
    boarding = {
        "transitType": "PKTransitTypeTrain",
        "primaryFields": [
            {"key": "from", "label": "Berlin", "value": "BER"},
            {"key": "to", "label": "Paris", "value": "PAR"},
        ],
    }
    return {**identity(), "boardingPass": boarding}, images("icon", 38, 38)


BASES = {
    "store_card": store_card,
    "coupon": coupon,
    "generic": generic,
    "poster": poster,
    "event_ticket": event_ticket,
    "boarding_pass": boarding_pass,
}


def a_draft(signer: Signer, base: str = "store_card") -> Draft:
    content, files = BASES[base]()
    return Draft(signer, content, files)


def put(path: str, value: object) -> Change:
    """Return a change that writes a value into pass.json: `storeCard.headerFields.0.key`."""

    def change(draft: Draft) -> None:
        holder, last = _holder(draft.content, path)
        holder[last] = deepcopy(value)

    return change


def take(path: str) -> Change:
    """Return a change that removes a key from pass.json."""

    def change(draft: Draft) -> None:
        holder, last = _holder(draft.content, path)
        del holder[last]

    return change


def add(name: str, content: bytes) -> Change:
    """Return a change that adds a file, or replaces it."""
    return lambda draft: draft.files.__setitem__(name, content)


def remove(*names: str) -> Change:
    """Return a change that leaves files out."""
    return lambda draft: [draft.files.pop(name) for name in names]


def use(**changes: Any) -> Change:
    """Return a change that replaces a step of the making."""
    return lambda draft: [setattr(draft, name, value) for name, value in changes.items()]


def both(*changes: Change) -> Change:
    return lambda draft: [change(draft) for change in changes]


def nothing(draft: Draft) -> None:
    """Leave the good pass as it is."""


def _holder(content: Any, path: str) -> tuple[Any, Any]:
    *parts, last = (int(part) if part.isdigit() else part for part in path.split("."))
    for part in parts:
        content = content[part]
    return content, last
