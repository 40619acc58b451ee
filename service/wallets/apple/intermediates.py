"""Finds Apple's intermediate (WWDR) that issued a certificate, among all that are at hand.

Several generations are in use, for different purposes; Pass Type IDs are issued by G4 now
(docs/sources.md, a-30). Which one it was is read from the certificate, never assumed.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from service.domain.errors import SetupError

PAGE = "https://www.apple.com/certificateauthority/"


def issuer_of(
    certificate: x509.Certificate, at_hand: Iterable[x509.Certificate], at: datetime
) -> x509.Certificate:
    """Return the intermediate that issued a certificate and lasts longest.

    Raises:
        SetupError: it is not at hand, or will have ended `at` that time; names the right one.
    """
    at_hand = list(at_hand)
    found = [each for each in at_hand if is_issued_by(certificate, each)]
    if not found:
        raise SetupError(_missing(certificate, at_hand))
    longest = max(found, key=lambda each: each.not_valid_after_utc)
    if longest.not_valid_after_utc <= at:
        raise SetupError(
            f"The intermediate {name_of(longest.subject)} ended on "
            f"{longest.not_valid_after_utc:%Y-%m-%d}. Request a new certificate: Apple issues it "
            f"by a newer generation, which is at {PAGE}."
        )
    return longest


def is_issued_by(certificate: x509.Certificate, wwdr: x509.Certificate) -> bool:
    """Say whether this intermediate signed the certificate and is the one that it names."""
    try:
        certificate.verify_directly_issued_by(wwdr)
    except (ValueError, TypeError, InvalidSignature):
        return False
    # Two generations may bear one name: the key identifiers tell them apart for the phone too.
    named, own = _authority_key_id(certificate), _subject_key_id(wwdr)
    return named is None or own is None or named == own


def is_authority(certificate: x509.Certificate) -> bool:
    """Say whether it issues certificates, as an intermediate or a root."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def generation(name: x509.Name) -> str:
    """Return what tells the generations of WWDR apart, like `G4`; without one, the whole name."""
    units = name.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return str(units[0].value) if units else name_of(name).strip('"')


def name_of(name: x509.Name) -> str:
    """Return the common name with the unit: WWDR generations differ in the unit only."""
    wanted = (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)
    parts = [str(entry.value) for oid in wanted for entry in name.get_attributes_for_oid(oid)]
    return f'"{" ".join(parts) or name.rfc4514_string()}"'


def _missing(certificate: x509.Certificate, at_hand: list[x509.Certificate]) -> str:
    others = ", ".join(sorted({name_of(each.subject) for each in at_hand})) or "none"
    return (
        f"The certificate was issued by {name_of(certificate.issuer)}, and that intermediate is "
        f"not among those at hand: {others}. Get Worldwide Developer Relations - "
        f"{generation(certificate.issuer)} from {PAGE} and name the file with --wwdr."
    )


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
