"""Signatures hold in the eyes of openssl and asn1crypto, and wrong set-ups say what to fix."""

import subprocess
from datetime import timedelta
from pathlib import Path

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from service.domain.credentials import AppleCredential
from service.emulators.certificates import Authority, Issued
from service.emulators.control import utc_now
from service.wallets.apple.certificates import identity
from service.wallets.apple.signing import Signer

from .builders import TEAM_ID, TYPE_ID, a_credential

MANIFEST = b'{\n"pass.json": "0123"\n}'


def openssl_verify(folder: Path, manifest: bytes, signature: bytes, root: Path) -> bool:
    (folder / "manifest.json").write_bytes(manifest)
    (folder / "signature").write_bytes(signature)
    command = "openssl cms -verify -binary -inform DER -in signature -content manifest.json"
    command += f" -CAfile {root} -purpose any -out verified"
    return (
        subprocess.run(command.split(), cwd=folder, check=False, capture_output=True).returncode
        == 0
    )


def test_openssl_accepts_a_signature_and_refuses_a_changed_manifest(
    credential: AppleCredential, root_path: Path, tmp_path: Path
) -> None:
    signature = Signer(identity(credential)).sign(MANIFEST)

    assert openssl_verify(tmp_path, MANIFEST, signature, root_path)
    assert not openssl_verify(tmp_path, MANIFEST.replace(b"0123", b"0124"), signature, root_path)


def test_a_signature_is_detached_sha256_dated_and_carries_both_certificates(
    credential: AppleCredential,
) -> None:
    signed = cms.ContentInfo.load(Signer(identity(credential)).sign(MANIFEST))["content"]

    (signer,) = signed["signer_infos"]
    attributes = {entry["type"].native: entry["values"].native for entry in signer["signed_attrs"]}
    assert signed["encap_content_info"]["content"].native is None
    assert signer["digest_algorithm"]["algorithm"].native == "sha256"
    assert set(attributes) == {"content_type", "message_digest", "signing_time"}
    assert abs(attributes["signing_time"][0] - utc_now()) < timedelta(minutes=1)
    assert len(signed["certificates"]) == 2


def test_an_elliptic_key_signs_too(authority: Authority, root_path: Path, tmp_path: Path) -> None:
    credential = elliptic_credential(authority)

    signature = Signer(identity(credential)).sign(MANIFEST)

    assert openssl_verify(tmp_path, MANIFEST, signature, root_path)


def elliptic_credential(authority: Authority) -> AppleCredential:
    """Issue a certificate like the emulator's, but for an EC key."""
    model = x509.load_pem_x509_certificate(
        authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now()).certificate_pem
    )
    key = ec.generate_private_key(ec.SECP256R1())
    wwdr_key = load_pem_private_key(authority._wwdr.key_pem, None)
    assert not isinstance(wwdr_key, ec.EllipticCurvePrivateKey)
    builder = x509.CertificateBuilder(
        model.issuer,
        model.subject,
        key.public_key(),
        model.serial_number,
        model.not_valid_before_utc,
        model.not_valid_after_utc,
    )
    certificate = builder.sign(wwdr_key, SHA256())  # type: ignore[arg-type]  # it is RSA
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return a_credential(authority, Issued(certificate.public_bytes(Encoding.PEM), pem))
