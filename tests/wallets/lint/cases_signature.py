"""Cases of the signature and of its certificates."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options
from cryptography.x509.oid import NameOID

from service.emulators.certificates import PASS_SIGNING_USAGE, Authority, Issued
from service.emulators.control import utc_now

from .builders import OPTIONS, TEAM_ID, TYPE_ID, Change, Draft, Signer, both, put, use
from .cases import Case
from .cases_files import WITH_NFC

MARK = x509.ObjectIdentifier("1.2.840.113635.100.6.1.16")
DAY = timedelta(days=1)


@cache
def foreign_authority() -> Authority:
    return Authority.create(utc_now())


def leaf(
    authority: Authority,
    *,
    start: datetime | None = None,
    signs_passes: bool = True,
    mark: str = TYPE_ID,
) -> Issued:
    """Return a certificate of the intermediate which differs from a good one in one thing.

    Its key is an EC one: quick to make, and another kind than the usual.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    names = {
        NameOID.USER_ID: TYPE_ID,
        NameOID.COMMON_NAME: "Odd one",
        NameOID.ORGANIZATIONAL_UNIT_NAME: TEAM_ID,
    }
    begin = start or utc_now() - DAY
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid, text) for oid, text in names.items()]))
        .issuer_name(authority._wwdr.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + 365 * DAY)
    )
    if signs_passes:
        usage = x509.ExtendedKeyUsage([PASS_SIGNING_USAGE])
        builder = builder.add_extension(usage, critical=False)
    if mark:
        text = b"\x0c" + bytes([len(mark)]) + mark.encode()
        builder = builder.add_extension(x509.UnrecognizedExtension(MARK, text), critical=False)
    certificate = builder.sign(authority._wwdr.key, SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Issued(certificate.public_bytes(Encoding.PEM), pem)


def signed_by(make: Callable[[Authority], Issued]) -> Change:
    """Return a change that signs with another certificate of the same authority."""

    def change(draft: Draft) -> None:
        draft.signer = Signer(make(draft.signer.authority), draft.signer.authority)

    return change


def signed_with(**options: object) -> Change:
    """Return a change that signs in another way."""

    def change(draft: Draft) -> None:
        good = draft.signer
        draft.sign = lambda manifest: good.sign(manifest, **options)  # type: ignore[arg-type]

    return change


def over_another_manifest(draft: Draft) -> None:
    good = draft.signer
    draft.sign = lambda manifest: good.sign(manifest + b" ")


def with_another_key(draft: Draft) -> None:
    good, other = draft.signer, leaf(draft.signer.authority)
    mixed = Issued(good.issued.certificate_pem, other.key_pem)
    draft.signer = Signer(mixed, good.authority)


def trusting(root_of: Callable[[Authority], Authority]) -> Change:
    """Return a change that follows the chain up to a root."""
    return lambda draft: setattr(draft, "roots", root_of(draft.signer.authority).root_pem)


def too_early(authority: Authority) -> Issued:
    return leaf(authority, start=utc_now() + 10 * DAY)


CASES = [
    Case("signature-missing", use(later=lambda files: files.pop("signature"))),
    Case("signature-unreadable", use(sign=lambda manifest: b"signed, honestly")),
    Case("signature-unreadable", signed_with(encoding=Encoding.PEM)),
    Case("signature-attached", signed_with(options=OPTIONS[1:])),
    Case(
        "signature-other-manifest",
        over_another_manifest,
        use(write_manifest=lambda hashes: json.dumps(hashes, indent=0).encode()),
    ),
    Case("signature-key", with_another_key, signed_by(leaf)),
    Case(
        "signature-no-certificate",
        both(
            signed_with(options=(*OPTIONS, PKCS7Options.NoCerts)),
            WITH_NFC,
            trusting(lambda authority: authority),
        ),
    ),
    Case("signature-no-time", signed_with(options=(*OPTIONS[:2], PKCS7Options.NoAttributes))),
    Case(
        "signature-time-ahead",
        use(now=utc_now() - 2 * DAY / 24),
        use(now=utc_now() - DAY / 48),
    ),
    Case("certificate-no-intermediate", signed_with(with_intermediate=False)),
    Case(
        "certificate-untrusted",
        trusting(lambda authority: foreign_authority()),
        trusting(lambda authority: authority),
    ),
    Case("certificate-pass-type", put("passTypeIdentifier", "pass.com.example.other")),
    Case("certificate-team", put("teamIdentifier", "ZZZZZZZZZZ")),
    Case("certificate-purpose", signed_by(lambda authority: leaf(authority, signs_passes=False))),
    Case("certificate-no-nfc", both(signed_by(leaf), WITH_NFC), WITH_NFC),
    Case("certificate-mark", signed_by(lambda authority: leaf(authority, mark=""))),
    Case("certificate-mark", signed_by(lambda authority: leaf(authority, mark="pass.other"))),
    Case("certificate-dates", signed_by(too_early)),
    Case(
        "certificate-dates",
        signed_by(lambda authority: leaf(authority, start=utc_now() - 400 * DAY)),
        beside=frozenset({"certificate-expired"}),
    ),
    Case("certificate-expired", use(now=utc_now() + 700 * DAY)),
]
