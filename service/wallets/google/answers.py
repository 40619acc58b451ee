"""What Google's answers mean for a delivery. Sources: docs/sources.md, g-6 and g-9."""

from datetime import timedelta
from typing import NamedTuple

from service.wallets.google.client import NO_ANSWER, NO_TOKEN, NO_TURN, UNAUTHORIZED, GoogleAnswer
from service.wallets.interface import PushOutcome

BAD_REQUEST, FORBIDDEN, NOT_FOUND, EXISTS, TOO_MANY = 400, 403, 404, 409, 429
SERVER_FAULT = 500
QUOTA = "quotaExceeded"  # phones were notified often enough: the change itself is welcome
RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED"})
NOT_SET_UP_HOLD_S = 60.0  # every call would be refused alike
BUSY_HOLD_S = 2.0
LONGEST_WAIT_S = 3600.0


class Verdict(NamedTuple):
    """How a delivery ended. `hold_s`: for so long nobody should call this issuer.

    `is_doubtful`: the call was not answered, and may take effect yet.
    """

    outcome: PushOutcome
    reason: str | None = None
    wait: timedelta | None = None
    hold_s: float | None = None
    is_doubtful: bool = False


def verdict(answer: GoogleAnswer) -> Verdict:
    """Return what an answer means."""
    if answer.is_good:
        return Verdict(PushOutcome.ACCEPTED)
    said = f"Google: {answer.reason}" + (f" ({answer.message})" if answer.message else "")
    if answer.status == NO_TURN:
        return Verdict(PushOutcome.NOT_YET, said, _wait(answer.retry_after_s))
    if is_busy(answer) or (is_out(answer) and answer.retry_after_s is not None):
        hold_s = min(answer.retry_after_s or BUSY_HOLD_S, LONGEST_WAIT_S)
        return Verdict(PushOutcome.TRY_LATER, said, _wait(hold_s), hold_s, is_out(answer))
    if answer.status in (UNAUTHORIZED, FORBIDDEN):
        return Verdict(PushOutcome.REFUSED, said, hold_s=NOT_SET_UP_HOLD_S)
    if is_out(answer):
        is_doubtful = answer.reason != NO_TOKEN
        return Verdict(PushOutcome.TRY_LATER, said, is_doubtful=is_doubtful)
    outcome = PushOutcome.TRY_LATER if answer.status == EXISTS else PushOutcome.REFUSED
    return Verdict(outcome, said)


def _wait(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def is_out(answer: GoogleAnswer) -> bool:
    """Say whether Google is out of order, or out of reach."""
    return answer.status == NO_ANSWER or answer.status >= SERVER_FAULT


def is_busy(answer: GoogleAnswer) -> bool:
    """Say whether Google asks for fewer calls."""
    return answer.status == TOO_MANY or (answer.status == FORBIDDEN and answer.reason in RATE)


def is_over_budget(answer: GoogleAnswer) -> bool:
    """Say whether only the notification was refused (docs/sources.md, g-6)."""
    return answer.status == FORBIDDEN and answer.reason == QUOTA
