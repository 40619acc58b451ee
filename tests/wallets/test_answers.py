"""What we make of each answer of APNs (docs/sources.md, a-5 and a-52)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from service.emulators.apns import ApnsEmulator
from service.emulators.apns_rules import REASONS
from service.wallets.apple.answers import (
    DOUBT_PAUSE,
    TABLE,
    TOO_MANY_WAIT,
    Kind,
    Trust,
    kind_of,
    refusal,
    verdict,
)
from service.wallets.apple.pushing import Pusher
from service.wallets.apple.request import ApnsAnswer, read_refusal
from service.wallets.interface import PushOutcome

from .builders import a_delivery

HALT, GONE, LATER, REFUSED = (
    *(PushOutcome.HALT, PushOutcome.GONE),
    *(PushOutcome.TRY_LATER, PushOutcome.REFUSED),
)
BAD_TOKEN = ApnsAnswer("aa", 400, "BadDeviceToken")
# What becomes of a push answered so: alone, and beside one that was accepted.
TOKEN, OURS, LEFT, PASSING = (REFUSED, GONE), (HALT, REFUSED), (GONE, GONE), (LATER, LATER)
EXPECTED = {
    (400, "BadCollapseId"): OURS,
    (400, "BadDeviceToken"): TOKEN,
    (400, "BadExpirationDate"): OURS,
    (400, "BadMessageId"): OURS,
    (400, "BadPriority"): OURS,
    (400, "BadTopic"): OURS,
    (400, "DeviceTokenNotForTopic"): TOKEN,
    (400, "DuplicateHeaders"): OURS,
    (400, "IdleTimeout"): OURS,
    (400, "InvalidPushType"): OURS,
    (400, "MissingDeviceToken"): OURS,
    (400, "MissingTopic"): OURS,
    (400, "PayloadEmpty"): OURS,
    (400, "TopicDisallowed"): OURS,
    (403, "BadCertificate"): OURS,
    (403, "BadCertificateEnvironment"): OURS,
    (403, "BadEnvironmentKeyIdInToken"): OURS,
    (403, "ExpiredProviderToken"): OURS,
    (403, "Forbidden"): OURS,
    (403, "InvalidProviderToken"): OURS,
    (403, "MissingProviderToken"): OURS,
    (403, "UnrelatedKeyIdInToken"): OURS,
    (404, "BadPath"): OURS,
    (405, "MethodNotAllowed"): OURS,
    (410, "ExpiredToken"): LEFT,
    (410, "Unregistered"): LEFT,
    (413, "PayloadTooLarge"): OURS,
    (429, "TooManyProviderTokenUpdates"): OURS,
    (429, "TooManyRequests"): PASSING,
    (500, "InternalServerError"): PASSING,
    (503, "ServiceUnavailable"): PASSING,
    (503, "Shutdown"): PASSING,
    # Not in Apple's table.
    (400, "BrandNewReason"): (REFUSED, REFUSED),
    (403, "BrandNewReason"): OURS,
    (410, "BrandNewReason"): LEFT,
    (418, "Teapot"): (REFUSED, REFUSED),
    (429, "BrandNewReason"): PASSING,
    (599, "BrandNewReason"): PASSING,
}


def test_every_row_of_apples_table_does_what_it_asks_for(
    apns: ApnsEmulator, new_pusher: Callable[[], Pusher]
) -> None:
    found = {}

    for status, reason in EXPECTED:
        apns.control({"respond": {"aa01": {"status": status, "reason": reason}}})
        (alone,) = new_pusher().push([a_delivery("aa01")])
        beside, good = new_pusher().push([a_delivery("bb01"), a_delivery("aa01")])
        assert alone.reason is not None
        assert reason in alone.reason
        outcomes = {beside.outcome, good.outcome} - {PushOutcome.ACCEPTED}
        found[status, reason] = (alone.outcome, *outcomes)

    assert found == EXPECTED


def test_the_table_holds_exactly_the_refusals_that_the_emulator_can_play() -> None:
    rows = {(status, reason) for status, reasons in REASONS.items() for reason in reasons}

    assert set(TABLE) == rows
    assert rows <= set(EXPECTED)


def test_a_dead_token_tells_since_when() -> None:
    since = datetime(2026, 11, 20, tzinfo=UTC)

    assert verdict(ApnsAnswer("aa", 410, "Unregistered", since)).gone_since == since


def test_only_a_right_set_up_hears_that_a_phone_took_the_push_or_has_left() -> None:
    proofs = {
        (status, reason)
        for status, reason in [(200, None), *EXPECTED, (0, "Time-out"), (-1, "not sent")]
        if kind_of(ApnsAnswer("aa", status, reason))
        not in {Kind.BAD_TOKEN, Kind.SET_UP, Kind.UNKNOWN}
        and verdict(ApnsAnswer("aa", status, reason)).is_proof
    }

    assert proofs == {(200, None), *(row for row in EXPECTED if row[0] == 410)}


def test_a_phone_pushed_too_often_is_left_alone_for_minutes() -> None:
    judged = verdict(ApnsAnswer("aa", 429, "TooManyRequests"))

    assert judged.wait == TOO_MANY_WAIT
    assert judged.wait >= timedelta(minutes=1)


def test_many_unknown_refusals_and_no_success_concern_us_all() -> None:
    odd = ApnsAnswer("aa", 418, "Teapot")

    assert refusal(odd, Trust.NONE, 0).outcome is PushOutcome.HALT
    assert refusal(odd, Trust.OPEN, 0).outcome is PushOutcome.REFUSED


def test_a_doubt_about_tokens_holds_up_a_good_one_for_a_minute_at_most() -> None:
    doubtful = refusal(BAD_TOKEN, Trust.NONE, 0)
    certain = refusal(ApnsAnswer("aa", 403, "BadCertificate"), Trust.NONE, 0)

    assert (doubtful.pause, certain.pause) == (DOUBT_PAUSE, None)
    assert timedelta(minutes=1) >= DOUBT_PAUSE
    assert doubtful.wait is not None
    assert doubtful.wait > DOUBT_PAUSE  # others are tried before it


@pytest.mark.parametrize("trust", [Trust.OPEN, Trust.NONE])
def test_a_doubted_token_waits_two_minutes_doubling_to_an_hour(trust: Trust) -> None:
    waits = [refusal(BAD_TOKEN, trust, attempts).wait for attempts in (0, 1, 2, 3, 4, 5, 10**6)]

    assert waits == [timedelta(minutes=n) for n in (2, 4, 8, 16, 32, 60, 60)]


def test_what_was_not_sent_is_owed_as_before() -> None:
    judged = verdict(ApnsAnswer.not_sent("aa", timedelta(seconds=4)))

    assert (judged.outcome, judged.wait) == (PushOutcome.NOT_YET, timedelta(seconds=4))


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
