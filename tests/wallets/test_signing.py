"""Signatures hold in the eyes of openssl and asn1crypto, and wrong set-ups say what to fix."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from service.domain.credentials import AppleCredential
from service.domain.errors import SetupError
from service.emulators.certificates import Authority, Issued
from service.emulators.control import utc_now
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
    signature = Signer(credential).sign(MANIFEST)

    assert openssl_verify(tmp_path, MANIFEST, signature, root_path)
    assert not openssl_verify(tmp_path, MANIFEST.replace(b"0123", b"0124"), signature, root_path)


def test_a_signature_is_detached_sha256_dated_and_carries_both_certificates(
    credential: AppleCredential,
) -> None:
    signed = cms.ContentInfo.load(Signer(credential).sign(MANIFEST))["content"]

    (signer,) = signed["signer_infos"]
    attributes = {entry["type"].native: entry["values"].native for entry in signer["signed_attrs"]}
    assert signed["encap_content_info"]["content"].native is None
    assert signer["digest_algorithm"]["algorithm"].native == "sha256"
    assert set(attributes) == {"content_type", "message_digest", "signing_time"}
    assert abs(attributes["signing_time"][0] - utc_now()) < timedelta(minutes=1)
    assert len(signed["certificates"]) == 2


def test_an_elliptic_key_signs_too(authority: Authority, root_path: Path, tmp_path: Path) -> None:
    credential = elliptic_credential(authority)

    signature = Signer(credential).sign(MANIFEST)

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


def test_an_intermediate_of_the_same_name_and_key_but_another_id_is_refused(
    authority: Authority, issued: Issued
) -> None:
    wwdr = x509.load_pem_x509_certificate(authority.wwdr_pem)
    builder = x509.CertificateBuilder(
        wwdr.issuer,
        wwdr.subject,
        wwdr.public_key(),
        wwdr.serial_number,
        wwdr.not_valid_before_utc,
        wwdr.not_valid_after_utc,
    )
    other = builder.add_extension(x509.SubjectKeyIdentifier(b"another id"), critical=False)
    key = load_pem_private_key(authority._root.key_pem, None)
    pem = other.sign(key, SHA256()).public_bytes(Encoding.PEM)  # type: ignore[arg-type]  # RSA

    with pytest.raises(SetupError, match="not by the intermediate given"):
        Signer(a_credential(authority, issued, wwdr_pem=pem))


def locked(pem: bytes) -> bytes:
    key = load_pem_private_key(pem, None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


def test_a_set_up_that_phones_would_refuse_is_refused_with_a_sentence(
    authority: Authority, issued: Issued
) -> None:
    other = authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now())
    stranger = Authority.create(utc_now())
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"certificate_pem": b"\x30\x82 DER"}, "openssl x509 -inform DER"),
        ({"wwdr_pem": b""}, "WWDR intermediate certificate is not readable"),
        ({"private_key_pem": b"-----BEGIN NONSENSE"}, "private key is not readable"),
        ({"private_key_pem": locked(issued.key_pem)}, "locked with a password"),
        ({"private_key_pem": other.key_pem}, "does not belong to"),
        ({"type_id": "pass.com.example.other"}, f"certificate is for {TYPE_ID}"),
        ({"team_id": "ZZZZZZZZZZ"}, f"certificate is for {TEAM_ID}"),
        ({"wwdr_pem": stranger.wwdr_pem}, "not by the intermediate given"),
        ({"wwdr_pem": authority.root_pem}, "not by the intermediate given"),
    ]

    for changes, sentence in wrong:
        with pytest.raises(SetupError, match=sentence):
            Signer(a_credential(authority, issued, **changes))


@pytest.mark.parametrize(
    ("days_left", "words"),
    [
        (61, None),
        (60, None),
        (59, "within 60 days"),
        (29, "within 30 days"),
        (13, "within 14 days"),
        (6, "within 7 days"),
        (0.5, "within 1 day"),
        (-1, "expired on"),
        (400, "is not valid before"),
    ],
)
def test_the_end_of_a_certificate_is_announced_in_time(
    authority: Authority, days_left: float, words: str | None
) -> None:
    issued = authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now(), days=365)
    signer = Signer(a_credential(authority, issued))
    end = x509.load_pem_x509_certificate(issued.certificate_pem).not_valid_after_utc

    faults = signer.faults(end - timedelta(days=days_left))

    mine = [fault for fault in faults if TYPE_ID in fault]
    assert [words in fault for fault in mine if words] == ([True] if words else [])
    assert bool(mine) == (words is not None)


def test_the_chain_for_tls_is_the_certificate_then_its_intermediate(
    credential: AppleCredential,
) -> None:
    chain = x509.load_pem_x509_certificates(Signer(credential).chain_pem)

    assert chain[0].issuer == chain[1].subject
