"""How the APNs emulator is told to misbehave: the body of its control call, checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TypeGuard

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from service.emulators.apns_rules import ACCEPTED, REASONS, Answer
from service.emulators.apns_tokens import ProviderKey
from service.emulators.control import ControlRefused

FLAGS = ("slice", "wrong_length")
COUNTS = ("goaway_after", "close_after", "cut_after_bytes")
KEYS = (
    *("respond", "goaway", "close", "delay_s", "black_hole", *COUNTS, *FLAGS),
    *("push_key", "reset"),
)
ANSWER_KEYS = {"status", "reason", "timestamp", "times", "hang"}
KEY_PARTS = {"key_id", "team_id", "public_key"}
ANY_DEVICE = "*"
MOST_DELAY_S = 600.0


@dataclass(frozen=True)
class Reply:
    """What a device's pushes are answered: `times` times, None: always. No answer: it hangs."""

    answer: Answer | None
    times: int | None = None


@dataclass(frozen=True)
class Faults:
    """What is wrong with every connection; what counts, counts per connection."""

    delay_s: float = 0.0
    goaway_after: int | None = None
    close_after: int | None = None
    cut_after_bytes: int | None = None
    slice: bool = False
    wrong_length: bool = False


@dataclass(frozen=True)
class Order:
    """One control call, understood. `faults` are the fields of Faults that change."""

    replies: Mapping[str, Reply | None] = field(default_factory=dict)
    faults: Mapping[str, object] = field(default_factory=dict)
    goaway: bool = False
    close: bool = False
    black_hole: bool | None = None
    reset: bool = False
    push_key: ProviderKey | None = None
    sets_push_key: bool = False


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
        replies={str(token).lower(): _reply(wanted, now) for token, wanted in respond.items()},
        faults=_faults(body),
        goaway=_flag(body, "goaway") or False,
        close=_flag(body, "close") or False,
        black_hole=_flag(body, "black_hole"),
        reset=_flag(body, "reset") or False,
        push_key=_push_key(body.get("push_key")),
        sets_push_key="push_key" in body,
    )


def _reply(wanted: object, now: Callable[[], datetime]) -> Reply | None:
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        return Reply(_answer(wanted, None, None, now))
    unknown = sorted(set(wanted) - ANSWER_KEYS)
    if unknown:
        raise _invalid("unknown_key", f"respond: unknown key {', '.join(unknown)}")
    times = wanted.get("times")
    if times is not None and not (_is_whole(times) and times > 0):
        raise _invalid("invalid_respond", "respond: times must be a whole number above 0")
    if wanted.get("hang") is True:
        return Reply(None, times)
    answer = _answer(wanted.get("status"), wanted.get("reason"), wanted.get("timestamp"), now)
    return Reply(answer, times)


def _answer(
    status: object, reason: object, timestamp: object, now: Callable[[], datetime]
) -> Answer:
    if not _is_whole(status):
        raise _invalid("invalid_respond", f"respond: {status!r} is not an HTTP status")
    if status == HTTPStatus.OK:
        return ACCEPTED
    reason = reason or next(iter(REASONS.get(status, ())), None)
    if not isinstance(reason, str):
        raise _invalid("invalid_respond", f"respond: status {status} needs a reason")
    if timestamp is None and status == HTTPStatus.GONE:
        timestamp = int(now().timestamp() * 1000)
    if timestamp is not None and not _is_whole(timestamp):
        raise _invalid("invalid_respond", "respond: timestamp must be whole milliseconds")
    return Answer(status, reason, timestamp)


def _faults(body: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {name: _flag(body, name) for name in FLAGS if name in body}
    found |= {name: _count(body, name) for name in COUNTS if name in body}
    if body.get("delay_s") is not None:
        found["delay_s"] = _delay(body["delay_s"])
    return found


def _flag(body: Mapping[str, object], key: str) -> bool | None:
    value = body.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise _invalid("invalid_value", f"{key} must be true or false")


def _count(body: Mapping[str, object], key: str) -> int | None:
    value = body[key]
    if value is None or (_is_whole(value) and value >= 0):
        return value
    raise _invalid("invalid_value", f"{key} must be a whole number, or null for never")


def _delay(value: object) -> float:
    # A comparison with NaN is false, so NaN is refused too.
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= MOST_DELAY_S
    ):
        return float(value)
    raise _invalid("invalid_value", f"delay_s must be seconds from 0 to {MOST_DELAY_S:.0f}")


def _push_key(wanted: object) -> ProviderKey | None:
    if wanted is None:
        return None
    if not isinstance(wanted, dict) or set(wanted) != KEY_PARTS:
        raise _invalid("invalid_value", f"push_key needs {', '.join(sorted(KEY_PARTS))}")
    try:
        key = load_pem_public_key(str(wanted["public_key"]).encode())
    except ValueError as error:
        raise _invalid("invalid_value", "push_key: public_key is no PEM") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _invalid("invalid_value", "push_key: public_key is not of an elliptic curve")
    return ProviderKey(str(wanted["key_id"]), str(wanted["team_id"]), key)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _invalid(code: str, detail: str) -> ControlRefused:
    return ControlRefused(HTTPStatus.BAD_REQUEST, code, detail)
