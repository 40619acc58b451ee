"""What each answer of APNs means for the registration it was pushed to. Pure.

Source: docs/sources.md, a-5 and a-52.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from service.domain.deliveries import LONGEST_WAIT
from service.wallets.apple.request import NO_ANSWER, NOT_SENT, OK, ApnsAnswer
from service.wallets.interface import PushOutcome

# Too many pushes to one phone: Apple names no time, only that it is to be left alone.
TOO_MANY_WAIT = timedelta(minutes=5)
# If every token is bad, a good one may come any time: it must not wait for long, nor for these.
DOUBT_PAUSE = timedelta(minutes=1)
FIRST_DOUBT_WAIT = 2 * DOUBT_PAUSE
MOST_DOUBLINGS = 5
EXPIRED = "ExpiredProviderToken"


class Kind(Enum):
    """What an answer speaks of."""

    ACCEPTED = auto()
    LEFT = auto()  # the pass has left the phone: only a right set-up is told so
    BAD_TOKEN = auto()  # the phone's copy is gone, or we call the wrong server, or for another type
    SET_UP = auto()  # certificate, key, topic or request are wrong: nobody is reached
    TOO_OFTEN = auto()  # this one phone is to be left alone
    TROUBLE = auto()  # Apple's own, or the network's
    UNKNOWN = auto()
    UNCALLED = auto()


class Trust(Enum):
    """How far words against a token are believed."""

    PROVEN = auto()  # the same batch reached a phone
    LIKELY = auto()  # one was reached a short time ago, and few were refused since
    OPEN = auto()  # none was reached of late, and few were refused since
    NONE = auto()  # so many were refused since one was reached that it is our set-up


# Status and reason, row by row as Apple lists them.
TABLE: Mapping[tuple[int, str], Kind] = {
    (400, "BadCollapseId"): Kind.SET_UP,
    (400, "BadDeviceToken"): Kind.BAD_TOKEN,
    (400, "BadExpirationDate"): Kind.SET_UP,
    (400, "BadMessageId"): Kind.SET_UP,
    (400, "BadPriority"): Kind.SET_UP,
    (400, "BadTopic"): Kind.SET_UP,
    (400, "DeviceTokenNotForTopic"): Kind.BAD_TOKEN,
    (400, "DuplicateHeaders"): Kind.SET_UP,
    (400, "IdleTimeout"): Kind.SET_UP,
    (400, "InvalidPushType"): Kind.SET_UP,
    (400, "MissingDeviceToken"): Kind.SET_UP,
    (400, "MissingTopic"): Kind.SET_UP,
    (400, "PayloadEmpty"): Kind.SET_UP,
    (400, "TopicDisallowed"): Kind.SET_UP,
    (403, "BadCertificate"): Kind.SET_UP,
    (403, "BadCertificateEnvironment"): Kind.SET_UP,
    (403, "BadEnvironmentKeyIdInToken"): Kind.SET_UP,
    (403, EXPIRED): Kind.SET_UP,
    (403, "Forbidden"): Kind.SET_UP,
    (403, "InvalidProviderToken"): Kind.SET_UP,
    (403, "MissingProviderToken"): Kind.SET_UP,
    (403, "UnrelatedKeyIdInToken"): Kind.SET_UP,
    (404, "BadPath"): Kind.SET_UP,
    (405, "MethodNotAllowed"): Kind.SET_UP,
    (410, "ExpiredToken"): Kind.LEFT,
    (410, "Unregistered"): Kind.LEFT,
    (413, "PayloadTooLarge"): Kind.SET_UP,
    (429, "TooManyProviderTokenUpdates"): Kind.SET_UP,
    (429, "TooManyRequests"): Kind.TOO_OFTEN,
    (500, "InternalServerError"): Kind.TROUBLE,
    (503, "ServiceUnavailable"): Kind.TROUBLE,
    (503, "Shutdown"): Kind.TROUBLE,
}
# What a status means with a reason that is not in the table.
OTHERWISE: Mapping[int, Kind] = {
    NOT_SENT: Kind.UNCALLED,
    NO_ANSWER: Kind.TROUBLE,
    OK: Kind.ACCEPTED,
    403: Kind.SET_UP,
    410: Kind.LEFT,
    429: Kind.TOO_OFTEN,
}
FIRST_SERVER_FAULT = 500
PROOFS = frozenset({Kind.ACCEPTED, Kind.LEFT})
# Whether these are about one phone or about all of us shows at the end of the batch.
REFUSALS = frozenset({Kind.BAD_TOKEN, Kind.SET_UP, Kind.UNKNOWN})


class Verdict(NamedTuple):
    """A PushResult but for the delivery it belongs to."""

    outcome: PushOutcome
    reason: str | None = None
    gone_since: datetime | None = None
    wait: timedelta | None = None
    pause: timedelta | None = None
    is_proof: bool = False


def kind_of(answer: ApnsAnswer) -> Kind:
    """Return what an answer speaks of."""
    known = TABLE.get((answer.status, answer.reason or ""))
    if known is not None:
        return known
    if answer.status >= FIRST_SERVER_FAULT:
        return Kind.TROUBLE
    return OTHERWISE.get(answer.status, Kind.UNKNOWN)


def verdict(answer: ApnsAnswer) -> Verdict:
    """Return what an answer means that is no refusal."""
    reason = answer.reason or f"status {answer.status}"
    match kind_of(answer):
        case Kind.ACCEPTED:
            return Verdict(PushOutcome.ACCEPTED, is_proof=True)
        case Kind.LEFT:
            return Verdict(PushOutcome.GONE, reason, answer.timestamp, is_proof=True)
        case Kind.TOO_OFTEN:
            return Verdict(PushOutcome.TRY_LATER, reason, wait=TOO_MANY_WAIT)
        case Kind.UNCALLED:
            return Verdict(PushOutcome.NOT_YET, wait=answer.wait)
    return Verdict(PushOutcome.TRY_LATER, reason)


def refusal(answer: ApnsAnswer, trust: Trust, attempts: int) -> Verdict:
    """Return what a refusal means: the phone is gone, it alone is odd, or we are wrong altogether.

    A token that may be good after all waits the longer the more `attempts` have failed.
    """
    reason, kind = answer.reason or f"status {answer.status}", kind_of(answer)
    concerns_all = trust is Trust.NONE or (kind is Kind.SET_UP and trust is not Trust.PROVEN)
    outcome = PushOutcome.HALT if concerns_all else PushOutcome.REFUSED
    if kind is not Kind.BAD_TOKEN:
        return Verdict(outcome, reason)
    if trust in (Trust.PROVEN, Trust.LIKELY):
        return Verdict(PushOutcome.GONE, reason)
    words = f"{reason} for every phone tried" if concerns_all else reason
    doubled: timedelta = FIRST_DOUBT_WAIT * 2 ** min(attempts, MOST_DOUBLINGS)
    return Verdict(outcome, words, wait=min(doubled, LONGEST_WAIT), pause=DOUBT_PAUSE)
