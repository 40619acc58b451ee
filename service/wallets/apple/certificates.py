"""Reads Pass Type ID certificates and makes sure that Wallet will accept what they sign.

Sources: developer.apple.com > WWDR intermediate certificates (G4 signs Pass Type IDs); checked
2026-11-22.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID, ObjectIdentifier
from uuid_utils.compat import uuid7

from service.domain.credentials import AppleCredential
from service.domain.errors import SetupError

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

WARN_DAYS = (1, 7, 14, 30, 60)


@dataclass(frozen=True)
class Identity:
    """A credential's certificate, key and intermediate, read and checked once."""

    type_id: str
    certificate: x509.Certificate
    wwdr: x509.Certificate
    key: Key

    @property
    def chain_pem(self) -> bytes:
        """The certificate and its intermediate, as a TLS client shows them to APNs."""
        return self.certificate.public_bytes(Encoding.PEM) + self.wwdr.public_bytes(Encoding.PEM)

    def faults(self, now: datetime) -> list[str]:
        """Return what is wrong with the certificates' dates at `now` (aware); empty when well.

        The wording of a warning changes 60, 30, 14, 7 and 1 days before the end.
        """
        mine = f"The Pass Type ID certificate of {self.type_id}"
        renew = "Renew it in Apple's developer portal: until then no pass can be signed or updated."
        theirs = "The WWDR intermediate certificate"
        fetch = "Get the current one from https://www.apple.com/certificateauthority/."
        listed = ((self.certificate, mine, renew), (self.wwdr, theirs, fetch))
        return [
            f"{name} {fault}. {cure}"
            for certificate, name, cure in listed
            for fault in _date_faults(certificate, now)
        ]


def identity(credential: AppleCredential) -> Identity:
    """Return the parts of a credential after checking that they belong together.

    Raises:
        SetupError: something does not fit; says what to fix.
    """
    certificate = _certificate(credential.certificate_pem, "Pass Type ID certificate")
    wwdr = _certificate(credential.wwdr_pem, "WWDR intermediate certificate")
    key = _key(credential.private_key_pem)
    _check_key(certificate, key)
    _check_subject(certificate, credential)
    _check_issuer(certificate, wwdr)
    return Identity(credential.type_id, certificate, wwdr, key)


def read_credential(
    certificate_pem: bytes, private_key_pem: bytes, wwdr_pem: bytes
) -> AppleCredential:
    """Return a credential with the ids that the certificate names, after checking all parts.

    Raises:
        SetupError: a part is unreadable, or the parts do not belong together; says what to fix.
    """
    subject = _certificate(certificate_pem, "Pass Type ID certificate").subject
    credential = AppleCredential(
        id=uuid7(),
        type_id=_subject_part(subject, NameOID.USER_ID),
        team_id=_subject_part(subject, NameOID.ORGANIZATIONAL_UNIT_NAME),
        certificate_pem=certificate_pem,
        private_key_pem=private_key_pem,
        wwdr_pem=wwdr_pem,
    )
    identity(credential)
    return credential


def _subject_part(subject: x509.Name, oid: ObjectIdentifier) -> str:
    found = subject.get_attributes_for_oid(oid)
    if not found:
        raise SetupError(
            "The certificate is not a Pass Type ID certificate: its subject lacks the pass type "
            "or the team. Export the one called 'Pass Type ID: ...'."
        )
    return str(found[0].value)


def _certificate(pem: bytes, name: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise SetupError(
            f"The {name} is not readable PEM. Apple's .cer files are DER: convert one with "
            "`openssl x509 -inform DER -in file.cer -out file.pem`."
        ) from error


def _key(pem: bytes) -> Key:
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise SetupError(
            "The private key is locked with a password. Remove it with "
            "`openssl pkey -in locked.key -out pass.key`."
        ) from error
    except ValueError as error:
        raise SetupError(
            "The private key is not readable PEM. Export the certificate together with its key, "
            "then run `openssl pkcs12 -in c.p12 -nocerts -nodes -legacy -out pass.key`."
        ) from error
    if not isinstance(key, Key):
        raise SetupError("The private key is neither RSA nor EC. Make a new one with RSA 2048.")
    return key


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
    if _is_issued_by(certificate, wwdr):
        return
    raise SetupError(
        f"The certificate was issued by {_name(certificate.issuer)}, not by the intermediate "
        f"given, {_name(wwdr.subject)}. Get the one named (for Pass Type IDs it is G4) from "
        "https://www.apple.com/certificateauthority/ and convert it to PEM."
    )


def _is_issued_by(certificate: x509.Certificate, wwdr: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(wwdr)
    except (ValueError, TypeError, InvalidSignature):
        return False
    # Two generations may bear one name: the key identifiers tell them apart for the phone too.
    named, own = _authority_key_id(certificate), _subject_key_id(wwdr)
    return named is None or own is None or named == own


def _authority_key_id(certificate: x509.Certificate) -> bytes | None:
    return _extension(
        lambda: (
            certificate.extensions.get_extension_for_class(
                x509.AuthorityKeyIdentifier
            ).value.key_identifier
        )
    )


def _subject_key_id(certificate: x509.Certificate) -> bytes | None:
    return _extension(
        lambda: (
            certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        )
    )


def _extension(read: Callable[[], bytes | None]) -> bytes | None:
    try:
        return read()
    except x509.ExtensionNotFound:
        return None


def _name(name: x509.Name) -> str:
    """Return the common name with the unit: WWDR generations differ in the unit only."""
    wanted = (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)
    parts = [str(entry.value) for oid in wanted for entry in name.get_attributes_for_oid(oid)]
    return f'"{" ".join(parts) or name.rfc4514_string()}"'


def _date_faults(certificate: x509.Certificate, now: datetime) -> list[str]:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < start:
        return [f"is not valid before {start:%Y-%m-%d %H:%M} UTC: check this machine's clock"]
    if now >= end:
        return [f"expired on {end:%Y-%m-%d}"]
    within = next((days for days in WARN_DAYS if (end - now).days < days), None)
    if within is None:
        return []
    return [f"expires on {end:%Y-%m-%d}, within {within} day{'s' if within > 1 else ''}"]
