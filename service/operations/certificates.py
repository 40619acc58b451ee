"""A brand's Apple certificates: requested, imported, one taking over from another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.context import Context
from service.domain.certificates import Certificate, last_in_line
from service.domain.credentials import AppleCredential, CertificateFiles, KnownParts
from service.domain.errors import SetupError
from service.domain.passes import WalletName
from service.operations.credentials import keep, lock_for
from service.storage import certificate_requests, credentials
from service.storage.credentials import Kept
from service.storage.database import Transaction


class Outcome(StrEnum):
    IMPORTED = "imported"
    MOVED = "switch-over moved"  # it was known, and waits for another day now
    KNOWN = "known already"  # nothing has changed


@dataclass(frozen=True)
class Imported:
    """What an import led to.

    `ended_before`: the line of certificates ends then, and this one takes over only later.
    `other_types`: pass types that the brand had before it got its first certificate of this one.
    """

    certificate: Certificate
    outcome: Outcome
    ended_before: datetime | None = None
    other_types: tuple[str, ...] = ()


def request_certificate(context: Context, brand_id: UUID, common_name: str, email: str) -> bytes:
    """Make a key, keep it sealed, and return the signing request (PEM) for Apple's portal.

    Every call makes another key; the certificate that comes back finds its own.

    Raises:
        SetupError: the name or the address cannot stand in a request.
    """
    request = context.wallets.new_signing_request(common_name, email)
    with context.transaction() as transaction:
        certificate_requests.insert(transaction, brand_id, request, context.now())
    return request.csr_pem


def import_certificate(
    context: Context,
    brand_id: UUID,
    files: CertificateFiles,
    *,
    active_from: datetime | None = None,
    is_nfc: bool = False,
) -> Imported:
    """Check a Pass Type ID certificate with all its parts and keep it for the brand's passes.

    It signs from `active_from` (aware; none or past: now) on. The same certificate again changes
    nothing, but for a new `active_from` while it waits for its day. What is refused leaves the one
    in use as it is.

    Raises:
        SetupError: a part is unreadable, missing, out of date or does not fit; says which.
        AlreadyExists: another brand issues this pass type.
    """
    now = context.now()
    at = max(now, active_from or now).replace(microsecond=0)
    with context.reading() as transaction:
        known = _known_parts(context, transaction, brand_id)
        credential = context.wallets.read_apple(files, known, at, is_nfc=is_nfc)
    with context.transaction() as transaction:
        lock_for(transaction, brand_id, credential)
        others = of_brand(context, transaction, brand_id)
        new = _certificate(context, brand_id, credential, at)
        same = _same(others, new)
        if same is None:
            _check_team(others, new)
            keep(context, transaction, brand_id, credential, at)
            certificate_requests.remove(transaction, brand_id, new.facts.key_digest)
            return _taking_over(Outcome.IMPORTED, others, new, now)
        if active_from is None or same.active_from <= now:
            return Imported(same, Outcome.KNOWN)
        credentials.switch_over(transaction, same.id, at)
        rest = [each for each in others if each != same]
        return _taking_over(Outcome.MOVED, rest, replace(same, active_from=at), now)


def of_brand(
    context: Context, transaction: Transaction, brand_id: UUID | None
) -> list[Certificate]:
    """Return the certificates of a brand (None: of all), by brand and type, oldest first.

    Those that cannot be read are left out.
    """
    listed = credentials.kept(transaction, WalletName.APPLE, brand_id)
    facts, _ = context.certificate_facts(transaction, [each.id for each in listed])
    return [
        Certificate(each.id, each.brand_id, each.active_from, facts[each.id])
        for each in listed
        if each.id in facts
    ]


def unreadable(
    context: Context, transaction: Transaction, brand_id: UUID | None
) -> list[tuple[Kept, str]]:
    """Return the certificates of a brand (None: of all) that cannot be read, each with the reason.

    One that a later certificate of its type has taken over from concerns nobody any more.
    """
    listed = credentials.kept(transaction, WalletName.APPLE, brand_id)
    _, faults = context.certificate_facts(transaction, [each.id for each in listed])
    now = context.now()
    signing = [each for each in listed if each.id not in faults and each.active_from <= now]
    newest = {each.type_id: each for each in sorted(signing, key=_seniority)}
    return [
        (each, faults[each.id])
        for each in listed
        if each.id in faults
        and (each.type_id not in newest or _seniority(each) > _seniority(newest[each.type_id]))
    ]


def _seniority(each: Kept) -> tuple[datetime, UUID]:
    return each.active_from, each.id


def _known_parts(context: Context, transaction: Transaction, brand_id: UUID) -> KnownParts:
    def key_of(digest: bytes) -> bytes | None:
        waiting = certificate_requests.private_key(transaction, brand_id, digest)
        return waiting or _key_in_use(context, transaction, brand_id, digest)

    return KnownParts(credentials.intermediates(transaction), key_of)


def _key_in_use(
    context: Context, transaction: Transaction, brand_id: UUID, digest: bytes
) -> bytes | None:
    """Return the key of a certificate of the brand: a renewal may keep the key."""
    for each in of_brand(context, transaction, brand_id):
        if each.facts.key_digest == digest:
            return credentials.get(transaction, each.id).private_key_pem
    return None


def _certificate(
    context: Context, brand_id: UUID, credential: AppleCredential, active_from: datetime
) -> Certificate:
    facts = context.wallets.apple_facts(
        credential.certificate_pem, credential.wwdr_pem, is_nfc=credential.is_nfc
    )
    return Certificate(credential.id, brand_id, active_from, facts)


def _same(others: Sequence[Certificate], new: Certificate) -> Certificate | None:
    """Return the certificate that this one is, unless it is to sign NFC passes only from now on."""
    return next(
        (
            each
            for each in others
            if each.facts.fingerprint == new.facts.fingerprint
            and (each.facts.is_nfc or not new.facts.is_nfc)
        ),
        None,
    )


def _check_team(others: Sequence[Certificate], new: Certificate) -> None:
    for each in _of_type(others, new):
        if each.facts.team_id != new.facts.team_id:
            raise SetupError(
                f"The certificate is of team {new.facts.team_id}, but passes of "
                f"{new.facts.type_id} belong to team {each.facts.team_id}: phones would refuse it."
            )


def _taking_over(
    outcome: Outcome, others: Sequence[Certificate], new: Certificate, now: datetime
) -> Imported:
    of_type = _of_type(others, new)
    last = last_in_line(of_type, now)
    end = None if last is None else last.facts.ends_at
    return Imported(
        new,
        outcome,
        ended_before=end if end is not None and end < new.active_from else None,
        other_types=() if of_type else tuple(sorted({each.facts.type_id for each in others})),
    )


def _of_type(others: Sequence[Certificate], new: Certificate) -> list[Certificate]:
    return [each for each in others if each.facts.type_id == new.facts.type_id]
