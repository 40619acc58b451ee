"""Builds small passes, well-made or damaged, without any code of the service."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from service.emulators.certificates import Authority, Issued

PASS_TYPE_ID = "pass.test.tessera"
TEAM_ID = "TEAM123456"
TOKEN = "token-of-sixteen-or-more"
OPTIONS = [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities]


def a_content(**changes: object) -> dict[str, object]:
    """Return a pass.json; a change to None removes the key."""
    content: dict[str, object] = {
        "formatVersion": 1,
        "passTypeIdentifier": PASS_TYPE_ID,
        "teamIdentifier": TEAM_ID,
        "serialNumber": "S-1",
        "organizationName": "Corner Shop",
        "description": "Loyalty card",
        "barcodes": [
            {"format": "PKBarcodeFormatQR", "message": "4006381", "messageEncoding": "iso-8859-1"}
        ],
        "storeCard": {
            "headerFields": [
                {"key": "points", "label": "POINTS", "value": 120, "changeMessage": "Now %@ points"}
            ],
            "backFields": [{"key": "terms", "label": "Terms", "value": "Be kind"}],
        },
    }
    content.update(changes)
    return {key: value for key, value in content.items() if value is not None}


def files_of(
    content: Mapping[str, object], extra: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    return {"pass.json": json.dumps(content).encode(), "icon.png": b"icon", **(extra or {})}


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    return json.dumps(
        {
            name: hashlib.sha1(body, usedforsecurity=False).hexdigest()
            for name, body in files.items()
        }
    ).encode()


def sign(
    manifest: bytes,
    authority: Authority,
    issued: Issued,
    *,
    options: list[PKCS7Options] | None = None,
    with_wwdr: bool = True,
) -> bytes:
    key = load_pem_private_key(issued.key_pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    leaf = x509.load_pem_x509_certificate(issued.certificate_pem)
    builder = PKCS7SignatureBuilder().set_data(manifest).add_signer(leaf, key, SHA256())
    if with_wwdr:
        builder = builder.add_certificate(x509.load_pem_x509_certificate(authority.wwdr_pem))
    return builder.sign(Encoding.DER, OPTIONS if options is None else options)


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def signed_files(
    authority: Authority,
    issued: Issued,
    content: Mapping[str, object] | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    files = files_of(a_content() if content is None else content, extra)
    manifest = manifest_of(files)
    signature = sign(manifest, authority, issued)
    return {**files, "manifest.json": manifest, "signature": signature}


def a_pass(
    authority: Authority,
    issued: Issued,
    content: Mapping[str, object] | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> bytes:
    return zipped(signed_files(authority, issued, content, extra))
