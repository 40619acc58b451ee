"""How the APNs emulator is told to misbehave: the body of its control call, checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TypeGuard

from service.emulators.apns_rules import ACCEPTED, USUAL_REASONS, Answer
from service.emulators.control import ControlRefused

KEYS = ("respond", "goaway", "delay_s", "black_hole", "reset")
ANY_DEVICE = "*"
MOST_DELAY_S = 600.0


@dataclass(frozen=True)
class Order:
    """One control call, understood. A None leaves that setting as it is."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    goaway: bool = False
    delay_s: float | None = None
    black_hole: bool | None = None
    reset: bool = False


def read_order(body: Mapping[str, object], now: Callable[[], datetime]) -> Order:
    """Return the order in a control body.

    Raises:
        ControlRefused: an unknown key, or a value that means nothing.
    """
    unknown = sorted(set(body) - set(KEYS))
    if unknown:
        known = ", ".join(KEYS)
        raise _invalid("unknown_key", f"unknown key {', '.join(unknown)}; known: {known}")
    respond = body.get("respond", {})
    if not isinstance(respond, dict):
        raise _invalid("invalid_respond", "respond must be an object: token to status")
    return Order(
        answers={str(token).lower(): _answer(wanted, now) for token, wanted in respond.items()},
        goaway=_flag(body, "goaway") or False,
        delay_s=_delay(body),
        black_hole=_flag(body, "black_hole"),
        reset=_flag(body, "reset") or False,
    )


def _answer(wanted: object, now: Callable[[], datetime]) -> Answer:
    if wanted is None:
        return ACCEPTED
    if not isinstance(wanted, dict):
        return _full_answer(wanted, None, None, now)
    unknown = sorted(set(wanted) - {"status", "reason", "timestamp"})
    if unknown:
        raise _invalid("unknown_key", f"respond: unknown key {', '.join(unknown)}")
    return _full_answer(wanted.get("status"), wanted.get("reason"), wanted.get("timestamp"), now)


def _full_answer(
    status: object, reason: object, timestamp: object, now: Callable[[], datetime]
) -> Answer:
    if not _is_whole(status):
        raise _invalid("invalid_respond", f"respond: {status!r} is not an HTTP status")
    if status == HTTPStatus.OK:
        return ACCEPTED
    reason = reason or USUAL_REASONS.get(status)
    if not isinstance(reason, str):
        raise _invalid("invalid_respond", f"respond: status {status} needs a reason")
    if timestamp is None and status == HTTPStatus.GONE:
        timestamp = int(now().timestamp() * 1000)
    if timestamp is not None and not _is_whole(timestamp):
        raise _invalid("invalid_respond", "respond: timestamp must be whole milliseconds")
    return Answer(status, reason, timestamp)


def _flag(body: Mapping[str, object], key: str) -> bool | None:
    value = body.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise _invalid("invalid_value", f"{key} must be true or false")


def _delay(body: Mapping[str, object]) -> float | None:
    value = body.get("delay_s")
    if value is None:
        return None
    # A comparison with NaN is false, so NaN is refused too.
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= MOST_DELAY_S
    ):
        return float(value)
    raise _invalid("invalid_value", f"delay_s must be seconds from 0 to {MOST_DELAY_S:.0f}")


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _invalid(code: str, detail: str) -> ControlRefused:
    return ControlRefused(HTTPStatus.BAD_REQUEST, code, detail)
