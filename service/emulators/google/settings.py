"""How the Google emulator is told to misbehave: the body of its control call, checked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeGuard

from service.emulators.control import ControlRefused
from service.emulators.google.errors import USUAL_REASONS

KEYS = ("respond", "token", "delay_s", "black_hole", "rate", "merchant_locations", "reset")
ANY_RESOURCE = "*"
MOST_DELAY_S = 600.0
MOST_RATE = 100_000
MOST_TIMES = 1_000_000
ANSWER_KEYS = {"status", "reason", "retry_after_s", "times"}


@dataclass(frozen=True)
class Ordered:
    """An answer given instead of doing the work; `times` None: until another order."""

    status: int
    reason: str
    retry_after_s: int | None = None
    times: int | None = None


@dataclass(frozen=True)
class Order:
    """One control call, understood. A None leaves that setting as it is.

    `token_status` 0 ends the trouble at the token endpoint.
    """

    respond: Mapping[str, Ordered | None] = field(default_factory=dict)
    token_status: int | None = None
    delay_s: float | None = None
    black_hole: bool | None = None
    rate: int | None = None
    merchant_locations: bool | None = None
    reset: bool = False


def read_order(body: Mapping[str, object]) -> Order:
    """Return the order in a control body.

    Raises:
        ControlRefused: an unknown key, or a value that means nothing.
    """
    _refuse_unknown(body, KEYS, "")
    respond = body.get("respond", {})
    if not isinstance(respond, dict):
        raise _invalid("invalid_respond", "respond must be an object: id to answer")
    return Order(
        respond={str(name): _ordered(wanted) for name, wanted in respond.items()},
        token_status=_token_status(body),
        delay_s=_delay(body.get("delay_s")),
        black_hole=_flag(body, "black_hole"),
        rate=_whole(body.get("rate"), "rate", 1, MOST_RATE),
        merchant_locations=_flag(body, "merchant_locations"),
        reset=_flag(body, "reset") or False,
    )


def _ordered(wanted: object) -> Ordered | None:
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        raise _invalid("invalid_respond", "respond: an answer is an object with a status, or null")
    _refuse_unknown(wanted, ANSWER_KEYS, "respond: ")
    status = _status(wanted.get("status"), "respond")
    reason = wanted.get("reason", USUAL_REASONS.get(status))
    if not isinstance(reason, str):
        raise _invalid("invalid_respond", f"respond: status {status} needs a reason")
    return Ordered(
        status,
        reason,
        _whole(wanted.get("retry_after_s"), "retry_after_s", 0, int(MOST_DELAY_S)),
        _whole(wanted.get("times"), "times", 1, MOST_TIMES),
    )


def _token_status(body: Mapping[str, object]) -> int | None:
    if "token" not in body:
        return None
    return 0 if body["token"] is None else _status(body["token"], "token")


def _status(value: object, key: str) -> int:
    if _is_whole(value) and HTTPStatus.BAD_REQUEST <= value <= 599:
        return value
    raise _invalid(f"invalid_{key}", f"{key}: {value!r} is not an HTTP status from 400 to 599")


def _whole(value: object, key: str, least: int, most: int) -> int | None:
    if value is None:
        return None
    if _is_whole(value) and least <= value <= most:
        return value
    raise _invalid("invalid_value", f"{key} must be a whole number from {least} to {most}")


def _flag(body: Mapping[str, object], key: str) -> bool | None:
    value = body.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise _invalid("invalid_value", f"{key} must be true or false")


def _delay(value: object) -> float | None:
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


def _refuse_unknown(body: Mapping[str, object], known: Collection[str], where: str) -> None:
    unknown = sorted(set(body) - set(known))
    if unknown:
        listed = ", ".join(sorted(known))
        raise _invalid("unknown_key", f"{where}unknown key {', '.join(unknown)}; known: {listed}")


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _invalid(code: str, detail: str) -> ControlRefused:
    return ControlRefused(HTTPStatus.BAD_REQUEST, code, detail)
