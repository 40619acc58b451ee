"""Whose call is it? Signatures of Standard Webhooks, made here without its library."""

import base64
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.errors import Unauthorized
from service.sources.standard_webhooks import verified_id

KEY = b"k" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
BODY = b'{"type": "points.changed"}'


def signature(webhook_id: str, timestamp: str, body: bytes, key: bytes = KEY) -> str:
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def headers(
    webhook_id: str = "msg_1", ahead: timedelta = timedelta(0), body: bytes = BODY
) -> dict[str, str]:
    timestamp = str(int((datetime.now(UTC) + ahead).timestamp()))
    return {
        "Webhook-Id": webhook_id,
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": signature(webhook_id, timestamp, body),
    }


def test_a_signed_call_gives_its_id() -> None:
    assert verified_id([SECRET], headers("msg_7"), BODY) == "msg_7"


def test_during_a_rotation_both_secrets_are_good() -> None:
    assert verified_id([OTHER, SECRET], headers(), BODY) == "msg_1"


def test_one_good_signature_among_several_is_enough() -> None:
    sent = headers()
    sent["Webhook-Signature"] = "v1a,xxxx v1,AAAA " + sent["Webhook-Signature"]

    assert verified_id([SECRET], sent, BODY) == "msg_1"


def test_only_the_first_ten_signatures_are_looked_at() -> None:
    sent = headers()
    sent["Webhook-Signature"] = "v1,AAAA " * 10 + sent["Webhook-Signature"]

    with pytest.raises(Unauthorized):
        verified_id([SECRET], sent, BODY)


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_clock_may_be_a_little_off(minutes: int) -> None:
    assert verified_id([SECRET], headers(ahead=timedelta(minutes=minutes)), BODY) == "msg_1"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_call_of_another_time_is_refused(minutes: int) -> None:
    with pytest.raises(Unauthorized):
        verified_id([SECRET], headers(ahead=timedelta(minutes=minutes)), BODY)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
@pytest.mark.parametrize("value", [None, "", "x", "nan", "inf", "1e999", "-1", "é", "v1,", "v1"])
def test_a_header_that_is_missing_or_altered_is_refused(name: str, value: str | None) -> None:
    sent = headers()
    sent.pop(name)
    if value is not None:
        sent[name] = value

    with pytest.raises(Unauthorized):
        verified_id([SECRET], sent, BODY)


def test_another_secret_is_refused() -> None:
    with pytest.raises(Unauthorized):
        verified_id([OTHER], headers(), BODY)


def test_a_tampered_body_is_refused() -> None:
    with pytest.raises(Unauthorized):
        verified_id([SECRET], headers(), BODY + b" ")


def test_an_id_too_long_to_keep_is_refused() -> None:
    with pytest.raises(Unauthorized):
        verified_id([SECRET], headers("m" * 256), BODY)


def test_bytes_that_are_no_text_are_taken_for_unsigned() -> None:
    body = b"\xff\xfe"

    with pytest.raises(Unauthorized):
        verified_id([SECRET], headers(body=body), body)
