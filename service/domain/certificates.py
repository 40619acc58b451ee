"""Certificates that sign a brand's passes: which one signs, which one ends the line, and when.

A pass type may have several at once: a renewed one takes over at its switch-over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

# Days before the end at which an operator is told, and the end itself.
STAGES = (60, 30, 14, 7, 1, 0)
SERIOUS_STAGE = 1
ACT_WITHIN_DAYS = 14


class State(StrEnum):
    ACTIVE = "active"  # it signs
    WAITING = "waiting"  # its switch-over is yet to come
    RETIRED = "retired"  # another one signs
    EXPIRED = "expired"
    UNREADABLE = "unreadable"  # what is kept of it is damaged


@dataclass(frozen=True)
class CertificateFacts:
    """What a certificate and its intermediate say of themselves; times are aware UTC.

    `fingerprint` is the SHA-256 of the certificate, `key_digest` that of its public key's
    SubjectPublicKeyInfo. `wwdr` names the generation of Apple's intermediate, like `G4`.
    """

    type_id: str
    team_id: str
    begins_at: datetime
    certificate_ends_at: datetime
    wwdr: str
    wwdr_ends_at: datetime
    key_kind: str
    is_nfc: bool
    fingerprint: bytes
    key_digest: bytes

    @property
    def ends_at(self) -> datetime:
        """From then on nothing can be signed: its own end, or that of its intermediate."""
        return min(self.certificate_ends_at, self.wwdr_ends_at)


@dataclass(frozen=True)
class Certificate:
    """A certificate as it is kept. From `active_from` (aware UTC) on it signs."""

    id: UUID
    brand_id: UUID
    active_from: datetime
    facts: CertificateFacts

    def has_ended(self, now: datetime) -> bool:
        return now >= self.facts.ends_at

    def days_left(self, now: datetime) -> int:
        """Return the whole days until its end, below zero after it."""
        return (self.facts.ends_at - now).days

    def stage(self, now: datetime) -> int | None:
        """Return the last of STAGES that it has reached, or None."""
        if self.has_ended(now):
            return 0
        return min((days for days in STAGES if 0 < days >= self.days_left(now)), default=None)


def in_use(of_type: Iterable[Certificate], now: datetime) -> Certificate | None:
    """Return the one of a pass type that signs: the newest switch-over that has come.

    If that one has ended, it is the newest that has not; if all have, still the newest.
    """
    begun = sorted((c for c in of_type if c.active_from <= now), key=_seniority)
    lasting = [each for each in begun if not each.has_ended(now)]
    return next(reversed(lasting or begun), None)


def last_in_line(of_type: Sequence[Certificate], now: datetime) -> Certificate | None:
    """Return the one of a pass type after whose end nothing can be signed.

    That is the one in use, or the last of those that take over before the one before them ends.
    """
    last = in_use(of_type, now)
    while last is not None and (heir := _heir(of_type, last)) is not None:
        last = heir
    return last


def _heir(of_type: Iterable[Certificate], last: Certificate) -> Certificate | None:
    end = last.facts.ends_at
    heirs = (c for c in of_type if c.active_from <= end < c.facts.ends_at)
    return max(heirs, key=lambda each: each.facts.ends_at, default=None)


def state_of(each: Certificate, of_type: Iterable[Certificate], now: datetime) -> State:
    """Return the state of one certificate among those of its pass type."""
    if each.has_ended(now):
        return State.EXPIRED
    if each.active_from > now:
        return State.WAITING
    return State.ACTIVE if each == in_use(of_type, now) else State.RETIRED


def _seniority(each: Certificate) -> tuple[datetime, UUID]:
    return each.active_from, each.id
