"""Rules of the signature and of the certificates in it."""

from collections.abc import Iterator
from datetime import timedelta

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.package import MANIFEST, SIGNATURE
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.signature_file import Certificate
from service.wallets.apple.lint.subject import Subject

SET = RuleSet(Stage.SIGNED)
CLOCKS_DIFFER = timedelta(hours=1)


def _signer(subject: Subject) -> Certificate | None:
    return subject.signed.signer if subject.signed else None


def _chain(subject: Subject) -> Iterator[Certificate]:
    signed = subject.signed
    if signed is not None:
        yield from (each for each in (signed.signer, signed.intermediate) if each is not None)


@SET.rule
def signature_missing(subject: Subject) -> Iterator[Hit]:
    if SIGNATURE not in subject.files:
        yield Hit(SIGNATURE)


@SET.rule
def signature_unreadable(subject: Subject) -> Iterator[Hit]:
    if SIGNATURE in subject.files and subject.signed is None:
        yield Hit(SIGNATURE)


@SET.rule
def signature_attached(subject: Subject) -> Iterator[Hit]:
    if subject.signed is not None and subject.signed.is_attached:
        yield Hit(SIGNATURE)


@SET.rule
def signature_other_manifest(subject: Subject) -> Iterator[Hit]:
    if subject.signed is None or MANIFEST not in subject.files:
        return
    if not subject.signed.matches_manifest:
        yield Hit(SIGNATURE)


@SET.rule
def signature_key(subject: Subject) -> Iterator[Hit]:
    signed = subject.signed
    if signed is not None and signed.signer is not None and not signed.holds:
        yield Hit(SIGNATURE, signed.signer.name)


@SET.rule
def signature_no_certificate(subject: Subject) -> Iterator[Hit]:
    if subject.signed is not None and subject.signed.signer is None:
        yield Hit(SIGNATURE)


@SET.rule
def signature_no_time(subject: Subject) -> Iterator[Hit]:
    if subject.signed is not None and subject.signed.signed_at is None:
        yield Hit(SIGNATURE)


@SET.rule
def signature_time_ahead(subject: Subject) -> Iterator[Hit]:
    at = subject.signed.signed_at if subject.signed else None
    if at is not None and at > subject.now + CLOCKS_DIFFER:
        yield Hit(SIGNATURE, at.isoformat())


@SET.rule
def certificate_no_intermediate(subject: Subject) -> Iterator[Hit]:
    signer = _signer(subject)
    if subject.signed is not None and signer is not None and subject.signed.intermediate is None:
        yield Hit(SIGNATURE, signer.name)


@SET.rule
def certificate_untrusted(subject: Subject) -> Iterator[Hit]:
    signed = subject.signed
    if signed is None or signed.intermediate is None or signed.has_trusted_root is not False:
        return
    yield Hit(SIGNATURE, signed.intermediate.name)


@SET.rule
def certificate_pass_type(subject: Subject) -> Iterator[Hit]:
    signer, given = _signer(subject), subject.text("passTypeIdentifier")
    if signer is not None and given and given != signer.pass_type:
        yield Hit("passTypeIdentifier", given, signer.pass_type or "a pass type of Apple")


@SET.rule
def certificate_team(subject: Subject) -> Iterator[Hit]:
    signer, given = _signer(subject), subject.text("teamIdentifier")
    if signer is not None and given and given != signer.team:
        yield Hit("teamIdentifier", given, signer.team or "a team of Apple")


@SET.rule
def certificate_purpose(subject: Subject) -> Iterator[Hit]:
    signer = _signer(subject)
    if signer is not None and not signer.signs_passes:
        yield Hit(SIGNATURE, signer.name)


@SET.rule
def certificate_no_nfc(subject: Subject) -> Iterator[Hit]:
    signer = _signer(subject)
    if signer is not None and "nfc" in subject.content and not signer.signs_nfc:
        yield Hit("nfc", signer.name)


@SET.rule
def certificate_mark(subject: Subject) -> Iterator[Hit]:
    signer = _signer(subject)
    if signer is not None and signer.pass_type_mark != signer.pass_type:
        yield Hit(SIGNATURE, signer.pass_type_mark or "nothing", signer.pass_type)


@SET.rule
def certificate_dates(subject: Subject) -> Iterator[Hit]:
    at = subject.signed.signed_at if subject.signed else None
    for certificate in _chain(subject):
        if at is not None and not certificate.start <= at <= certificate.end:
            validity = f"{certificate.start:%Y-%m-%d} to {certificate.end:%Y-%m-%d}"
            yield Hit(SIGNATURE, certificate.name, validity)


@SET.rule
def certificate_expired(subject: Subject) -> Iterator[Hit]:
    for certificate in _chain(subject):
        if certificate.end < subject.now:
            yield Hit(SIGNATURE, certificate.name, f"{certificate.end:%Y-%m-%d}")
