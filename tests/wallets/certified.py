"""Certificates that only tests need: of an EC key, with odd names and serial numbers."""

from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from service.domain.credentials import AppleCredential
from service.emulators.certificates import Authority, Issued
from service.emulators.control import utc_now

from .builders import TEAM_ID, TYPE_ID, a_credential


def elliptic_credential(authority: Authority) -> AppleCredential:
    return a_credential(authority, elliptic(authority, TYPE_ID, TEAM_ID))


def elliptic(authority: Authority, type_id: str, team_id: str) -> Issued:
    """Issue a certificate like the authority's own, but for an EC key."""
    model = x509.load_pem_x509_certificate(
        authority.pass_certificate(type_id, team_id, now=utc_now()).certificate_pem
    )
    key = generate_private_key(SECP256R1())
    builder = x509.CertificateBuilder(
        model.issuer,
        model.subject,
        key.public_key(),
        model.serial_number,
        model.not_valid_before_utc,
        model.not_valid_after_utc,
        [each for each in model.extensions if each.oid != x509.SubjectKeyIdentifier.oid],
    )
    certificate = builder.sign(_wwdr_key(authority), SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Issued(certificate.public_bytes(Encoding.PEM), pem)


def _wwdr_key(authority: Authority) -> Any:
    return load_pem_private_key(authority._wwdr.key_pem, None)


def self_signed(key: Any, serial: int, names: Sequence[str]) -> x509.Certificate:
    """Return a certificate with this serial number and these common names."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each) for each in names])
    now = utc_now()
    return x509.CertificateBuilder(name, name, key.public_key(), serial, now, now).sign(
        key, SHA256()
    )
