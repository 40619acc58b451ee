"""Reads the signature of a pass: what it says and whether it holds, never whether one may trust it.

Parsed with asn1crypto, verified with `cryptography`. Source: docs/sources.md, a-3.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import cms  # ships no types
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import (
    SHA1,
    SHA224,
    SHA256,
    SHA384,
    SHA512,
    HashAlgorithm,
)
from cryptography.x509.oid import NameOID, ObjectIdentifier

HASHES: Mapping[str, type[HashAlgorithm]] = {
    each.name: each for each in (SHA1, SHA224, SHA256, SHA384, SHA512)
}
PASS_SIGNING = ObjectIdentifier("1.2.840.113635.100.4.14")
PASS_TYPE_MARK = ObjectIdentifier("1.2.840.113635.100.6.1.16")
NFC_MARK = ObjectIdentifier("1.2.840.113635.100.6.1.26")
DER_SET = b"\x31"
# All that parsing foreign bytes was seen to raise: asn1crypto reads a part when it is first asked.
MALFORMED = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError),
    *(RecursionError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension),
)


@dataclass(frozen=True)
class Certificate:
    """What the rules ask of a certificate. `pass_type_mark`: the pass type in Apple's extension."""

    pass_type: str
    team: str
    name: str
    start: datetime
    end: datetime
    signs_passes: bool
    signs_nfc: bool
    pass_type_mark: str


@dataclass(frozen=True)
class Signed:
    """A readable signature. `intermediate` is the carried certificate that issued the signer.

    `has_trusted_root`: None if no root was given to follow the chain to.
    """

    is_attached: bool
    signer: Certificate | None
    intermediate: Certificate | None
    has_trusted_root: bool | None
    signed_at: datetime | None
    matches_manifest: bool
    holds: bool


def read_signature(signature: bytes, manifest: bytes, roots: bytes) -> Signed | None:
    """Return what a signature says of the manifest; None if it is not readable CMS."""
    try:
        return _read(signature, manifest, x509.load_pem_x509_certificates(roots) if roots else [])
    except MALFORMED:
        return None


def _read(signature: bytes, manifest: bytes, roots: list[x509.Certificate]) -> Signed:
    info = cms.ContentInfo.load(signature, strict=True)
    if info["content_type"].native != "signed_data":
        raise ValueError("not SignedData")
    data = info["content"]
    (signer_info,) = data["signer_infos"]
    carried = [x509.load_der_x509_certificate(each.dump()) for each in data["certificates"]]
    signer = _signer(signer_info, carried)
    issuer = _issuer(signer, carried)
    attributes = {each["type"].native: each["values"] for each in signer_info["signed_attrs"]}
    return Signed(
        is_attached=data["encap_content_info"]["content"].native is not None,
        signer=_certificate(signer),
        intermediate=_certificate(issuer),
        has_trusted_root=_issuer(issuer, roots) is not None if roots else None,
        signed_at=_signing_time(attributes),
        matches_manifest=_matches(signer_info, attributes, manifest),
        holds=_holds(signer_info, signer, attributes, manifest),
    )


def _signer(
    signer_info: cms.SignerInfo, carried: Iterable[x509.Certificate]
) -> x509.Certificate | None:
    """Return the certificate that the signature names, by issuer and serial number or by key id."""
    named = signer_info["sid"]
    for certificate in carried:
        if named.name == "issuer_and_serial_number":
            issuer, number = named.chosen["issuer"].dump(), named.chosen["serial_number"].native
            if (issuer, number) == (certificate.issuer.public_bytes(), certificate.serial_number):
                return certificate
        elif named.native == _key_id(certificate, x509.SubjectKeyIdentifier):
            return certificate
    return None


def _issuer(
    certificate: x509.Certificate | None, among: Iterable[x509.Certificate]
) -> x509.Certificate | None:
    """Return the certificate of the authority that issued this one."""
    if certificate is None:
        return None
    return next((each for each in among if _is_issued_by(certificate, each)), None)


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate == issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*MALFORMED, InvalidSignature):
        return False
    # Two generations of Apple's intermediate bear one name: the key ids tell them apart.
    named = _key_id(certificate, x509.AuthorityKeyIdentifier)
    own = _key_id(issuer, x509.SubjectKeyIdentifier)
    return None in (named, own) or named == own


def _key_id(
    certificate: x509.Certificate,
    kind: type[x509.SubjectKeyIdentifier] | type[x509.AuthorityKeyIdentifier],
) -> bytes | None:
    try:
        value = certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    return value.digest if isinstance(value, x509.SubjectKeyIdentifier) else value.key_identifier


def _certificate(certificate: x509.Certificate | None) -> Certificate | None:
    if certificate is None:
        return None
    return Certificate(
        pass_type=_subject_part(certificate, NameOID.USER_ID),
        team=_subject_part(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME),
        name=_subject_part(certificate, NameOID.COMMON_NAME),
        start=certificate.not_valid_before_utc,
        end=certificate.not_valid_after_utc,
        signs_passes=_signs_passes(certificate),
        signs_nfc=NFC_MARK in {extension.oid for extension in certificate.extensions},
        pass_type_mark=_pass_type_mark(certificate),
    )


def _subject_part(certificate: x509.Certificate, oid: ObjectIdentifier) -> str:
    parts = certificate.subject.get_attributes_for_oid(oid)
    return str(parts[0].value) if parts else ""


def _signs_passes(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return PASS_SIGNING in usage


def _pass_type_mark(certificate: x509.Certificate) -> str:
    """Return the pass type in Apple's extension: a DER string, two bytes and then the text."""
    for extension in certificate.extensions:
        if extension.oid == PASS_TYPE_MARK and isinstance(
            extension.value, x509.UnrecognizedExtension
        ):
            return extension.value.value[2:].decode("utf-8", "replace")
    return ""


def _signing_time(attributes: Mapping[str, cms.SetOf]) -> datetime | None:
    times = attributes.get("signing_time")
    found = times[0].native if times else None
    return found.astimezone(UTC) if isinstance(found, datetime) else None


def _matches(
    signer_info: cms.SignerInfo, attributes: Mapping[str, cms.SetOf], manifest: bytes
) -> bool:
    """Tell whether the digest that was signed is the manifest's."""
    name = signer_info["digest_algorithm"]["algorithm"].native
    if not attributes:
        return True  # the manifest itself was signed: `holds` tells
    if name not in HASHES:
        return False
    digest = hashlib.new(name, manifest, usedforsecurity=False).digest()
    return bool(attributes["message_digest"][0].native == digest)


def _holds(
    signer_info: cms.SignerInfo,
    signer: x509.Certificate | None,
    attributes: Mapping[str, cms.SetOf],
    manifest: bytes,
) -> bool:
    """Tell whether the signature was made by the signer's key."""
    algorithm = HASHES.get(signer_info["digest_algorithm"]["algorithm"].native)
    if signer is None or algorithm is None:
        return False
    # What is signed is the set itself, not its tagged form inside the structure (RFC 5652 5.4).
    signed = DER_SET + signer_info["signed_attrs"].dump()[1:] if attributes else manifest
    value, key = signer_info["signature"].native, signer.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, signed, padding.PKCS1v15(), algorithm())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, signed, ec.ECDSA(algorithm()))
        else:
            return False
    except InvalidSignature:
        return False
    return True
