"""What each answer of APNs means for the registration it was pushed to. Pure.

Source: docs/sources.md, a-5.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from service.wallets.apple.request import ApnsAnswer
from service.wallets.interface import PushOutcome

BAD_TOKEN = frozenset({"BadDeviceToken", "DeviceTokenNotForTopic"})
# Too many pushes to one phone: Apple names no time, only that it is to be left alone.
TOO_MANY_WAIT = timedelta(minutes=5)
# Network trouble (0), and what APNs itself calls its own fault or a passing one.
NO_ANSWER, OK, BAD_REQUEST, UNREGISTERED, TOO_MANY = 0, 200, 400, 410, 429
FIRST_SERVER_FAULT = 500


class Verdict(NamedTuple):
    """A PushResult but for the delivery it belongs to."""

    outcome: PushOutcome
    reason: str | None = None
    gone_since: datetime | None = None
    wait: timedelta | None = None


def is_doubtful(answer: ApnsAnswer) -> bool:
    """Say whether APNs calls the token bad: either the phone's copy is gone, or we are wrong.

    The wrong server or certificate brings the same words for every token.
    """
    return answer.status == BAD_REQUEST and answer.reason in BAD_TOKEN


def verdict(answer: ApnsAnswer) -> Verdict:
    """Return what an answer means when our set-up is right."""
    reason = answer.reason or f"status {answer.status}"
    if answer.status == OK:
        return Verdict(PushOutcome.ACCEPTED)
    if answer.status == UNREGISTERED:
        return Verdict(PushOutcome.GONE, reason, gone_since=answer.timestamp)
    if is_doubtful(answer):
        return Verdict(PushOutcome.GONE, reason)
    if answer.status == TOO_MANY:
        return Verdict(PushOutcome.TRY_LATER, reason, wait=TOO_MANY_WAIT)
    if answer.status == NO_ANSWER or answer.status >= FIRST_SERVER_FAULT:
        return Verdict(PushOutcome.TRY_LATER, reason)
    return Verdict(PushOutcome.REFUSED, reason)


def refused_as_a_whole(answer: ApnsAnswer) -> Verdict:
    """Return what a bad token means before any push succeeded: our set-up may be wrong."""
    return Verdict(PushOutcome.REFUSED, f"{answer.reason} before any phone was reached")
