"""Reads Pass Type ID certificates and makes sure that Wallet will accept what they sign.

The marks of such a certificate, and of one for NFC passes: docs/sources.md, a-3 and a-32.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from service.domain.certificates import CertificateFacts
from service.domain.credentials import AppleCredential
from service.domain.errors import SetupError
from service.wallets.apple.certificate_files import Key, opened_key
from service.wallets.apple.intermediates import PAGE, generation, is_issued_by, name_of
from service.wallets.apple.signing_requests import key_digest

NFC_MARK = ObjectIdentifier("1.2.840.113635.100.6.1.26")
NFC_NAME = "Pass Type ID with NFC:"


@dataclass(frozen=True)
class Identity:
    """A credential's certificate, key and intermediate, read and checked once.

    `begins_at` and `ends_at` (aware UTC) bound the time in which both certificates are valid.
    """

    type_id: str
    certificate: x509.Certificate
    wwdr: x509.Certificate
    key: Key
    begins_at: datetime
    ends_at: datetime

    @property
    def chain_pem(self) -> bytes:
        """The certificate and its intermediate, as a TLS client shows them to APNs."""
        return self.certificate.public_bytes(Encoding.PEM) + self.wwdr.public_bytes(Encoding.PEM)

    def why_unfit(self, now: datetime) -> str | None:
        """Return why a phone would refuse what is signed at `now` (aware); None when it would not.

        A signature must have been made while both certificates were valid.
        """
        if self.begins_at <= now < self.ends_at:
            return None
        name = f"The Pass Type ID certificate of {self.type_id}"
        if now < self.begins_at:
            at = f"{self.begins_at:%Y-%m-%d %H:%M} UTC"
            return f"{name} is not valid before {at}: check this machine's clock."
        if self.certificate.not_valid_after_utc > self.ends_at:
            name = f"The intermediate {name_of(self.wwdr.subject)} of {self.type_id}"
        return f"{name} expired on {self.ends_at:%Y-%m-%d}: import a renewed certificate."


def identity(credential: AppleCredential) -> Identity:
    """Return the parts of a credential after checking that they belong together.

    Raises:
        SetupError: something does not fit; says what to fix.
    """
    with _readable():
        return _identity(credential)


def _identity(credential: AppleCredential) -> Identity:
    certificate = _certificate(credential.certificate_pem, "Pass Type ID certificate")
    wwdr = _certificate(credential.wwdr_pem, "WWDR intermediate certificate")
    key = opened_key(credential.private_key_pem)
    _check_key(certificate, key)
    _check_subject(certificate, credential)
    _check_issuer(certificate, wwdr)
    return Identity(
        credential.type_id,
        certificate,
        wwdr,
        key,
        begins_at=max(certificate.not_valid_before_utc, wwdr.not_valid_before_utc),
        ends_at=min(certificate.not_valid_after_utc, wwdr.not_valid_after_utc),
    )


def facts(certificate_pem: bytes, wwdr_pem: bytes, *, is_nfc: bool) -> CertificateFacts:
    """Return what a kept certificate and its intermediate say of themselves.

    Raises:
        SetupError: one of them is not readable.
    """
    with _readable():
        return _facts(certificate_pem, wwdr_pem, is_nfc=is_nfc)


def _facts(certificate_pem: bytes, wwdr_pem: bytes, *, is_nfc: bool) -> CertificateFacts:
    certificate = _certificate(certificate_pem, "Pass Type ID certificate")
    wwdr = _certificate(wwdr_pem, "WWDR intermediate certificate")
    subject = certificate.subject
    return CertificateFacts(
        type_id=str(subject.get_attributes_for_oid(NameOID.USER_ID)[0].value),
        team_id=str(subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)[0].value),
        begins_at=certificate.not_valid_before_utc,
        certificate_ends_at=certificate.not_valid_after_utc,
        wwdr=generation(wwdr.subject),
        wwdr_ends_at=wwdr.not_valid_after_utc,
        key_kind=_key_kind(certificate),
        is_nfc=is_nfc,
        fingerprint=certificate.fingerprint(SHA256()),
        key_digest=key_digest(certificate.public_key()),
    )


def is_made_for_nfc(certificate: x509.Certificate) -> bool:
    """Say whether Apple marked it as one that may sign NFC passes, by an extension or its name."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    is_named = any(str(name.value).startswith(NFC_NAME) for name in names)
    return is_named or any(each.oid == NFC_MARK for each in certificate.extensions)


@contextmanager
def _readable() -> Iterator[None]:
    """Take what the parts of a damaged certificate raise, each when it is asked for, as one fault.

    Raises:
        SetupError: something within the block could not be read.
    """
    try:
        yield
    except (ValueError, IndexError, UnsupportedAlgorithm) as error:
        raise SetupError("The certificate or its intermediate is damaged.") from error


def _key_kind(certificate: x509.Certificate) -> str:
    match certificate.public_key():
        case rsa.RSAPublicKey(key_size=bits):
            return f"RSA {bits}"
        case ec.EllipticCurvePublicKey(curve=curve):
            return f"EC {curve.name}"
        case other:
            return type(other).__name__


def _certificate(pem: bytes, name: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise SetupError(f"The {name} is not readable PEM.") from error


def _check_key(certificate: x509.Certificate, key: Key) -> None:
    if certificate.public_key() != key.public_key():
        raise SetupError(
            "The private key does not belong to the Pass Type ID certificate. Use the key whose "
            "signing request was uploaded to Apple, or request a new certificate."
        )


def _check_subject(certificate: x509.Certificate, credential: AppleCredential) -> None:
    """Wallet opens a pass only if both identifiers equal those in the certificate's subject."""
    expected: list[tuple[str, ObjectIdentifier, str]] = [
        ("pass type id", NameOID.USER_ID, credential.type_id),
        ("team id", NameOID.ORGANIZATIONAL_UNIT_NAME, credential.team_id),
    ]
    for name, oid, wanted in expected:
        found = [str(entry.value) for entry in certificate.subject.get_attributes_for_oid(oid)]
        if found != [wanted]:
            raise SetupError(
                f"The {name} is set to {wanted}, but the certificate is for "
                f"{', '.join(found) or 'none'}. Correct the setting or use the other certificate."
            )


def _check_issuer(certificate: x509.Certificate, wwdr: x509.Certificate) -> None:
    if is_issued_by(certificate, wwdr):
        return
    raise SetupError(
        f"The certificate was issued by {name_of(certificate.issuer)}, not by the intermediate "
        f"given, {name_of(wwdr.subject)}. Get the one named from {PAGE}."
    )
