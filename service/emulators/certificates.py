"""A throw-away certificate authority shaped like Apple's: a root, a WWDR intermediate, leaves.

It proves nothing to a real iPhone; it lets every check a real iPhone makes be made here.
"""

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from asn1crypto import core  # ships no types
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

PASS_SIGNING_USAGE = ObjectIdentifier("1.2.840.113635.100.4.14")
PASS_TYPE_EXTENSION = ObjectIdentifier("1.2.840.113635.100.6.1.16")
NFC_EXTENSION = ObjectIdentifier("1.2.840.113635.100.6.1.26")
WWDR_NAME = "Tessera Test Worldwide Developer Relations CA"
AUTHORITY_LIFE = timedelta(days=3650)
# A machine whose clock is a little behind must still accept what was issued a moment ago.
CLOCK_TOLERANCE = timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key, both PEM; the key never shows in a repr."""

    certificate_pem: bytes
    key_pem: bytes = field(repr=False)


Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class _Holder:
    certificate: x509.Certificate
    key: Key = field(repr=False)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def issued(self) -> Issued:
        return Issued(self.pem, self.key_pem)


@dataclass(frozen=True)
class _Request:
    """What a certificate shall say, whoever issues it."""

    subject: x509.Name
    life: timedelta
    constraints: x509.BasicConstraints
    key_usage: x509.KeyUsage
    extensions: tuple[x509.ExtensionType, ...] = ()


class Authority:
    """A root and an intermediate which issue pass and server certificates."""

    def __init__(self, root: _Holder, wwdr: _Holder) -> None:
        self._root = root
        self._wwdr = wwdr

    @classmethod
    def create(cls, now: datetime) -> Self:
        """Make new keys and certificates, valid for ten years from `now` (aware)."""
        root_name = _name("Tessera Test Root CA", "Certification Authority")
        root = _issue(_authority_request(root_name, path_length=None), None, now)
        return cls(root, _wwdr(root, "G4", now, AUTHORITY_LIFE))

    def next_generation(
        self, generation: str, *, now: datetime, life: timedelta = AUTHORITY_LIFE
    ) -> Self:
        """Return an authority of the same root that issues by another intermediate."""
        return type(self)(self._root, _wwdr(self._root, generation, now, life))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            OSError: a file is missing or unreadable.
            ValueError: a file is no PEM certificate or RSA key.
        """
        return cls(_read(folder, "root"), _read(folder, "wwdr"))

    def save(self, folder: Path) -> None:
        """Write both certificates and keys as PEM, readable by the owner only."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        for name, holder in (("root", self._root), ("wwdr", self._wwdr)):
            _write_private(folder / f"{name}.key", holder.key_pem)
            (folder / f"{name}.pem").write_bytes(holder.pem)

    @property
    def root_pem(self) -> bytes:
        """The certificate everything else leads to; a phone or client trusts this one."""
        return self._root.pem

    @property
    def wwdr_pem(self) -> bytes:
        """The intermediate, which a pass signature must carry."""
        return self._wwdr.pem

    def pass_certificate(
        self,
        pass_type_id: str,
        team_id: str,
        *,
        now: datetime,
        days: int = 365,
        is_nfc: bool = False,
        is_elliptic: bool = False,
    ) -> Issued:
        """Issue a Pass Type ID certificate, valid for `days` from `now`, with a new key.

        The marks are those of Apple's leaf (docs/sources.md, a-3 and a-32): UID, OU, purpose,
        extensions.
        """
        key: Key = ec.generate_private_key(ec.SECP256R1()) if is_elliptic else _new_key()
        request = _pass_request(pass_type_id, team_id, days, is_nfc=is_nfc)
        certificate = _certified(request, key.public_key(), self._wwdr, now)
        return _Holder(certificate, key).issued()

    def certify(
        self, csr_pem: bytes, pass_type_id: str, team_id: str, *, now: datetime, days: int = 365
    ) -> bytes:
        """Return the certificate of a signing request, DER, as Apple's portal gives it out."""
        key = x509.load_pem_x509_csr(csr_pem).public_key()
        request = _pass_request(pass_type_id, team_id, days, is_nfc=False)
        return _certified(request, key, self._wwdr, now).public_bytes(Encoding.DER)

    def server_certificate(self, names: Iterable[str], *, now: datetime, days: int = 365) -> Issued:
        """Issue a TLS certificate for host names and IP addresses, directly under the root."""
        listed = list(names)
        request = _leaf_request(
            _name(listed[0], "Servers"),
            days,
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
            x509.SubjectAlternativeName([_general_name(name) for name in listed]),
        )
        return _issue(request, self._root, now).issued()


def _name(common_name: str, unit: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tessera (test only)"),
        ]
    )


def _pass_request(pass_type_id: str, team_id: str, days: int, *, is_nfc: bool) -> _Request:
    nfc = (x509.UnrecognizedExtension(NFC_EXTENSION, core.Null().dump()),) if is_nfc else ()
    return _leaf_request(
        _pass_subject("Pass Type ID with NFC" if is_nfc else "Pass Type ID", pass_type_id, team_id),
        days,
        x509.ExtendedKeyUsage([PASS_SIGNING_USAGE, ExtendedKeyUsageOID.CLIENT_AUTH]),
        _pass_type_extension(pass_type_id),
        *nfc,
    )


def _pass_subject(kind: str, pass_type_id: str, team_id: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.USER_ID, pass_type_id),
            # X.509 bounds a common name to 64 characters; the UID carries the whole id.
            x509.NameAttribute(NameOID.COMMON_NAME, f"{kind}: {pass_type_id}"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, team_id),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tessera (test only)"),
        ]
    )


def _pass_type_extension(pass_type_id: str) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(PASS_TYPE_EXTENSION, core.UTF8String(pass_type_id).dump())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _authority_request(subject: x509.Name, path_length: int | None) -> _Request:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return _Request(subject, AUTHORITY_LIFE, constraints, _key_usage(is_authority=True))


def _leaf_request(subject: x509.Name, days: int, *extensions: x509.ExtensionType) -> _Request:
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    usage = _key_usage(is_authority=False)
    return _Request(subject, timedelta(days=days), constraints, usage, extensions)


def _wwdr(root: _Holder, generation: str, now: datetime, life: timedelta) -> _Holder:
    request = _authority_request(_name(WWDR_NAME, generation), path_length=0)
    return _issue(replace(request, life=life), root, now)


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _issue(request: _Request, issuer: _Holder | None, now: datetime) -> _Holder:
    key = _new_key()
    return _Holder(_certified(request, key.public_key(), issuer, now, own_key=key), key)


def _certified(
    request: _Request,
    key: CertificatePublicKeyTypes,
    issuer: _Holder | None,
    now: datetime,
    *,
    own_key: Key | None = None,
) -> x509.Certificate:
    """Certify a public key; without an issuer the certificate is signed by its own key."""
    signer = issuer.key if issuer else own_key
    assert signer is not None
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(issuer.certificate.subject if issuer else request.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(now + request.life)
        .add_extension(request.constraints, critical=True)
        .add_extension(request.key_usage, critical=True)
    )
    for extension in (*_key_identifiers(key, signer), *request.extensions):
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(signer, SHA256())


def _key_identifiers(key: CertificatePublicKeyTypes, signer: Key) -> tuple[x509.ExtensionType, ...]:
    return (
        x509.SubjectKeyIdentifier.from_public_key(key),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _read(folder: Path, name: str) -> _Holder:
    certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
    key = load_pem_private_key((folder / f"{name}.key").read_bytes(), password=None)
    match key:
        case rsa.RSAPrivateKey():
            return _Holder(certificate, key)
        case _:
            raise ValueError(f"{folder / name}.key is not an RSA key")


def _write_private(path: Path, content: bytes) -> None:
    # Removed first: an existing file would keep its old, perhaps wider, mode.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
