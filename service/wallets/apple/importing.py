"""Makes a credential of the files that an operator hands in, or says what does not fit.

What a Pass Type ID certificate looks like: docs/sources.md, a-3.
"""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID, ObjectIdentifier
from uuid_utils.compat import uuid7

from service.domain.credentials import AppleCredential, CertificateFiles, KnownParts
from service.domain.errors import SetupError
from service.wallets.apple.certificate_files import Contents, Key, opened, opened_key
from service.wallets.apple.certificates import identity, is_made_for_nfc
from service.wallets.apple.intermediates import is_authority, issuer_of, name_of
from service.wallets.apple.signing_requests import key_digest

PASS_TYPE_MARK = ObjectIdentifier("1.2.840.113635.100.6.1.16")


def read_credential(
    files: CertificateFiles, known: KnownParts, at: datetime, *, is_nfc: bool = False
) -> AppleCredential:
    """Return a credential, with a new id and the ids that the certificate names, once all fits.

    `at` (aware) is when it is to take over: it must be valid then. `is_nfc` says that it may sign
    NFC passes though it bears no mark of that.

    Raises:
        SetupError: a part is unreadable, missing, of another certificate or out of date.
    """
    given = opened(files.certificate, "certificate file", files.password)
    certificate = _pass_certificate(given.certificates)
    key = _key(files, given, certificate, known)
    wwdr = issuer_of(certificate, _intermediates(files, given, known), at)
    credential = AppleCredential(
        id=uuid7(),
        type_id=_subject_part(certificate, NameOID.USER_ID),
        team_id=_subject_part(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME),
        certificate_pem=certificate.public_bytes(Encoding.PEM),
        private_key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        wwdr_pem=wwdr.public_bytes(Encoding.PEM),
        is_nfc=is_nfc or is_made_for_nfc(certificate),
    )
    fault = identity(credential).why_unfit(at)
    if fault:
        raise SetupError(f"It cannot take over on {at:%Y-%m-%d %H:%M} UTC. {fault}")
    return credential


def _pass_certificate(certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    leaves = [each for each in certificates if not is_authority(each)]
    fit = [each for each in leaves if _is_marked(each)]
    if len(fit) == 1:
        return fit[0]
    if fit:
        names = ", ".join(name_of(each.subject) for each in fit)
        raise SetupError(f"The certificate file holds {len(fit)}: {names}. Export the one alone.")
    if leaves:
        raise SetupError(
            f"{name_of(leaves[0].subject)} is not a Pass Type ID certificate. Export the one "
            "called 'Pass Type ID: ...'."
        )
    if certificates:
        raise SetupError(
            f"The certificate file holds the intermediate {name_of(certificates[0].subject)}: name "
            "that file with --wwdr, and the Pass Type ID certificate with --certificate."
        )
    raise SetupError(
        "The certificate file holds a key but no certificate. In the keychain export the "
        "certificate together with its key."
    )


def _is_marked(certificate: x509.Certificate) -> bool:
    return any(each.oid == PASS_TYPE_MARK for each in certificate.extensions)


def _key(
    files: CertificateFiles, given: Contents, certificate: x509.Certificate, known: KnownParts
) -> Key:
    if files.key is not None:
        return opened_key(files.key, files.password)
    if given.key is not None:
        return given.key
    pem = known.key_of(key_digest(certificate.public_key()))
    if pem is None:
        raise SetupError(_no_key(given))
    key = load_pem_private_key(pem, None)
    assert isinstance(key, Key)
    return key


def _no_key(given: Contents) -> str:
    begun = "No signing request of this brand was made with the certificate's key"
    if given.is_p12:
        return (
            f"The .p12 file holds the certificate without its private key. {begun} either. In the "
            "keychain open the certificate, mark it together with its key, and export both."
        )
    return (
        f"{begun}. If the request was made elsewhere, name the key's file with --key, or import "
        "a .p12 file that holds both."
    )


def _intermediates(
    files: CertificateFiles, given: Contents, known: KnownParts
) -> list[x509.Certificate]:
    handed = [c for each in files.wwdr for c in opened(each, "WWDR file").certificates]
    kept = [found for pem in known.wwdr_pems for found in _kept(pem)]
    return [each for each in (*handed, *given.certificates) if is_authority(each)] + kept


def _kept(pem: bytes) -> list[x509.Certificate]:
    """Return an intermediate that came with another certificate, or none if it is damaged."""
    try:
        found = x509.load_pem_x509_certificate(pem)
        return [found] if is_authority(found) else []
    except ValueError:
        return []


def _subject_part(certificate: x509.Certificate, oid: ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    if not found:
        raise SetupError("The certificate's subject lacks the pass type or the team.")
    return str(found[0].value)
