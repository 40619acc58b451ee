"""Verifies a pass's signature: a detached CMS over manifest.json, up to a trusted root.

Parsed with asn1crypto and checked with `cryptography`, so that neither judges its own work.
Source: docs/sources.md, a-3.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms  # ships no types
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509.oid import NameOID, ObjectIdentifier

from service.emulators.certificates import PASS_SIGNING_USAGE
from service.emulators.pass_refused import PassRefused

DIGESTS: Mapping[str, type[HashAlgorithm]] = {"sha256": SHA256, "sha1": SHA1}
DER_SET = b"\x31"
MALFORMED = (ValueError, TypeError, KeyError, UnsupportedAlgorithm, x509.InvalidVersion)


@dataclass(frozen=True)
class Signature:
    """A signature that holds: who made it, and when."""

    signer: x509.Certificate
    signed_at: datetime


def verify_signature(signature: bytes, manifest: bytes, root_pem: bytes) -> Signature:
    """Return who signed the manifest and when.

    Raises:
        PassRefused: the signature, its attributes or its chain do not hold.
    """
    try:
        return _verify(signature, manifest, x509.load_pem_x509_certificates(root_pem))
    except MALFORMED as error:
        # asn1crypto parses lazily: malformed parts show up wherever they are first looked at.
        detail = f"the signature is not well-formed CMS: {error}"
        raise PassRefused("signature_malformed", detail) from error


def _verify(signature: bytes, manifest: bytes, roots: list[x509.Certificate]) -> Signature:
    signed_data = _parse(signature)
    signer_info = _only_signer(signed_data)
    certificates = _certificates(signed_data)
    signer = _signer_certificate(signer_info, certificates)
    signed_at = _check_attributes(signer_info, manifest)
    _check_value(signer_info, signer)
    _check_chain(signer, certificates, roots, signed_at)
    _check_purpose(signer)
    return Signature(signer, signed_at)


def check_certificate_names(signer: x509.Certificate, content: Mapping[str, object]) -> None:
    """Refuse a pass whose identifiers are not those of the certificate that signed it."""
    for oid, key, code in (
        (NameOID.USER_ID, "passTypeIdentifier", "pass_type_mismatch"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "teamIdentifier", "team_mismatch"),
    ):
        certified = _subject_part(signer, oid)
        if certified != content[key]:
            raise PassRefused(code, f"{key} is {content[key]}, the certificate says {certified}")


def _parse(signature: bytes) -> cms.SignedData:
    info = cms.ContentInfo.load(signature, strict=True)
    if info["content_type"].native != "signed_data":
        raise PassRefused("signature_malformed", "the signature is not a CMS SignedData")
    content = info["content"]["encap_content_info"]
    if content["content_type"].native != "data" or content["content"].native is not None:
        raise PassRefused("signature_not_detached", "the signature must not carry its content")
    return info["content"]


def _only_signer(signed_data: cms.SignedData) -> cms.SignerInfo:
    signers = signed_data["signer_infos"]
    if len(signers) != 1:
        raise PassRefused("signature_malformed", f"it has {len(signers)} signers, not one")
    return signers[0]


def _certificates(signed_data: cms.SignedData) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(each.dump()) for each in signed_data["certificates"]]


def _signer_certificate(
    signer_info: cms.SignerInfo, certificates: list[x509.Certificate]
) -> x509.Certificate:
    sid = signer_info["sid"]
    for certificate in certificates:
        if sid.name == "issuer_and_serial_number":
            issuer = sid.chosen["issuer"].dump()
            serial = sid.chosen["serial_number"].native
            found = serial == certificate.serial_number
            found = found and issuer == certificate.issuer.public_bytes()
        else:
            found = sid.native == _key_identifier(certificate)
        if found:
            return certificate
    raise PassRefused("signer_missing", "the signer's certificate is not in the signature")


def _check_attributes(signer_info: cms.SignerInfo, manifest: bytes) -> datetime:
    attributes = {each["type"].native: each["values"] for each in signer_info["signed_attrs"] or []}
    for name in ("content_type", "message_digest", "signing_time"):
        if len(attributes.get(name, ())) != 1:
            raise PassRefused("signed_attribute_missing", f"signed attribute {name} is missing")
    if attributes["content_type"][0].native != "data":
        raise PassRefused("signed_attribute_wrong", "signed attribute content_type is not data")
    digest = hashlib.new(_digest_name(signer_info), manifest, usedforsecurity=False).digest()
    if not hmac.compare_digest(attributes["message_digest"][0].native, digest):
        raise PassRefused("digest_mismatch", "the signature was made over another manifest.json")
    signed_at: datetime = attributes["signing_time"][0].native
    return signed_at


def _check_value(signer_info: cms.SignerInfo, signer: x509.Certificate) -> None:
    # What is signed is the set itself, not its tagged form inside the structure (RFC 5652 5.4).
    signed = DER_SET + signer_info["signed_attrs"].dump()[1:]
    value = signer_info["signature"].native
    algorithm = DIGESTS[_digest_name(signer_info)]()
    key = signer.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, signed, ec.ECDSA(algorithm))
        else:
            raise PassRefused("signature_invalid", "the signer's key is neither RSA nor EC")
    except InvalidSignature as error:
        raise PassRefused("signature_invalid", "the signature value does not verify") from error


def _check_chain(
    signer: x509.Certificate,
    carried: list[x509.Certificate],
    roots: list[x509.Certificate],
    signed_at: datetime,
) -> None:
    intermediates = [each for each in carried if _issued(each, signer) and _is_authority(each)]
    if not intermediates:
        raise PassRefused("wwdr_missing", "the intermediate that issued the signer is not carried")
    chains = [(wwdr, root) for wwdr in intermediates for root in roots if _issued(root, wwdr)]
    if not chains:
        raise PassRefused("chain_untrusted", "the chain does not lead to a root this phone trusts")
    for certificate in (signer, *chains[0]):
        if not certificate.not_valid_before_utc <= signed_at <= certificate.not_valid_after_utc:
            name = certificate.subject.rfc4514_string()
            detail = f"{name} was not valid when the pass was signed, {signed_at.isoformat()}"
            raise PassRefused("certificate_not_valid", detail)


def _check_purpose(signer: x509.Certificate) -> None:
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        usage = x509.ExtendedKeyUsage([])
    if PASS_SIGNING_USAGE not in usage:
        raise PassRefused("certificate_purpose", "the certificate is not one for signing passes")


def _digest_name(signer_info: cms.SignerInfo) -> str:
    name = str(signer_info["digest_algorithm"]["algorithm"].native)
    if name not in DIGESTS:
        raise PassRefused("digest_unsupported", f"digest {name} is neither SHA-256 nor SHA-1")
    return name


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*MALFORMED, InvalidSignature):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    return extension.value.digest


def _subject_part(certificate: x509.Certificate, oid: ObjectIdentifier) -> str | None:
    parts = certificate.subject.get_attributes_for_oid(oid)
    return str(parts[0].value) if parts else None
