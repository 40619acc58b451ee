"""What we make of each answer of APNs (docs/sources.md, a-5)."""

from datetime import UTC, datetime, timedelta

import pytest

from service.wallets.apple.answers import TOO_MANY_WAIT, is_doubtful, verdict
from service.wallets.apple.request import ApnsAnswer, read_refusal
from service.wallets.interface import PushOutcome

TABLE = [
    (200, None, PushOutcome.ACCEPTED),
    (400, "BadDeviceToken", PushOutcome.GONE),
    (400, "DeviceTokenNotForTopic", PushOutcome.GONE),
    (400, "BadTopic", PushOutcome.REFUSED),
    (400, "TopicDisallowed", PushOutcome.REFUSED),
    (400, "IdleTimeout", PushOutcome.REFUSED),
    (403, "BadCertificate", PushOutcome.REFUSED),
    (403, "BadCertificateEnvironment", PushOutcome.REFUSED),
    (404, "BadPath", PushOutcome.REFUSED),
    (405, "MethodNotAllowed", PushOutcome.REFUSED),
    (410, "Unregistered", PushOutcome.GONE),
    (410, "ExpiredToken", PushOutcome.GONE),
    (413, "PayloadTooLarge", PushOutcome.REFUSED),
    (429, "TooManyRequests", PushOutcome.TRY_LATER),
    (500, "InternalServerError", PushOutcome.TRY_LATER),
    (503, "ServiceUnavailable", PushOutcome.TRY_LATER),
    (503, "Shutdown", PushOutcome.TRY_LATER),
    (0, "Connection refused", PushOutcome.TRY_LATER),
    (418, None, PushOutcome.REFUSED),
]


@pytest.mark.parametrize(("status", "reason", "outcome"), TABLE)
def test_each_answer_means_what_apple_says(
    status: int, reason: str | None, outcome: PushOutcome
) -> None:
    judged = verdict(ApnsAnswer("aa", status, reason))

    assert judged.outcome is outcome
    assert judged.reason == (reason or (f"status {status}" if status != 200 else None))


def test_a_dead_token_tells_since_when() -> None:
    since = datetime(2026, 11, 20, tzinfo=UTC)

    assert verdict(ApnsAnswer("aa", 410, "Unregistered", since)).gone_since == since


def test_a_phone_pushed_too_often_is_left_alone_for_minutes() -> None:
    judged = verdict(ApnsAnswer("aa", 429, "TooManyRequests"))

    assert judged.wait == TOO_MANY_WAIT
    assert judged.wait >= timedelta(minutes=1)


def test_only_words_about_the_token_are_doubtful() -> None:
    assert is_doubtful(ApnsAnswer("aa", 400, "BadDeviceToken"))
    assert not is_doubtful(ApnsAnswer("aa", 400, "BadTopic"))
    assert not is_doubtful(ApnsAnswer("aa", 410, "Unregistered"))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'"x"', b"\xff", b'{"reason": 1}', b'{"timestamp": "x"}']
)
def test_an_answer_that_is_not_as_documented_says_nothing(body: bytes) -> None:
    assert read_refusal(body) == (None, None)


@pytest.mark.parametrize("milliseconds", ["1e400", "true", str(10**30), "null", "1.5"])
def test_a_time_that_is_none_is_ignored(milliseconds: str) -> None:
    body = f'{{"reason": "Unregistered", "timestamp": {milliseconds}}}'.encode()

    assert read_refusal(body) == ("Unregistered", None)


def test_the_time_is_in_milliseconds() -> None:
    _, at = read_refusal(b'{"reason": "Unregistered", "timestamp": 1795348800000}')

    assert at == datetime.fromtimestamp(1795348800, UTC)
