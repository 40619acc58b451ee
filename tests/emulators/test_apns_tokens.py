"""The emulator judges provider tokens as Apple does; these are made by hand, not by our client."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pycurl
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority
from tests.world import Clock

from .passes import PASS_TYPE_ID, TEAM_ID
from .pusher import Pusher, Reply

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
TOKEN = "ab" * 32


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.freeze()
    return clock


@pytest.fixture
def apns(authority: Authority, clock: Clock) -> Iterator[ApnsEmulator]:
    with ApnsEmulator(authority, now=clock) as emulator:
        key = {"key_id": "KEY", "team_id": TEAM_ID, "public_key": PUBLIC}
        emulator.control({"push_key": key})
        yield emulator


@pytest.fixture
def pusher(apns: ApnsEmulator, tmp_path: Path, authority: Authority) -> Pusher:
    return Pusher(apns.push_url, tmp_path, authority, None)


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def jwt(head: dict[str, Any], claims: dict[str, Any]) -> str:
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
    r, s = decode_dss_signature(KEY.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def good(clock: Clock, **changes: Any) -> str:
    claims = {"iss": TEAM_ID, "iat": int(clock().timestamp()), **changes}
    return jwt({"alg": "ES256", "kid": "KEY"}, claims)


def push(pusher: Pusher, authorization: str | None) -> Reply:
    headers = {} if authorization is None else {"authorization": authorization}
    return pusher.push(TOKEN, headers=headers)


def test_a_good_token_is_taken_for_any_topic_of_the_team(
    pusher: Pusher, clock: Clock, apns: ApnsEmulator
) -> None:
    reply = push(pusher, f"bearer {good(clock)}")

    assert reply.status == 200
    assert [each.topic for each in apns.pushes()] == [PASS_TYPE_ID]


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, "MissingProviderToken"),
        ("bearer", "InvalidProviderToken"),
        ("bearer a.b.c", "InvalidProviderToken"),
        ("bearer ...", "InvalidProviderToken"),
    ],
)
def test_what_is_no_token_is_refused(
    pusher: Pusher, authorization: str | None, reason: str
) -> None:
    reply = push(pusher, authorization)

    assert (reply.status, reply.json["reason"]) == (403, reason)


def test_a_token_of_another_team_key_or_algorithm_is_refused(pusher: Pusher, clock: Clock) -> None:
    now = int(clock().timestamp())
    claims = {"iss": TEAM_ID, "iat": now}
    wrong = [
        good(clock, iss="OTHER"),
        good(clock, iat="now"),
        good(clock, iat=now + 3600),
        jwt({"alg": "ES256", "kid": "OTHER"}, claims),
        jwt({"alg": "none", "kid": "KEY"}, claims),
        good(clock)[:-2] + "AA",
        good(clock).replace(".", "=.", 1),
    ]

    replies = [push(pusher, f"bearer {token}") for token in wrong]

    assert {(reply.status, reply.json["reason"]) for reply in replies} == {
        (403, "InvalidProviderToken")
    }


def test_a_token_is_good_for_an_hour(pusher: Pusher, clock: Clock) -> None:
    token = f"bearer {good(clock)}"

    clock.forward(minutes=60)
    in_time = push(pusher, token)
    clock.forward(seconds=1)
    too_late = push(pusher, token)

    assert in_time.status == 200
    assert (too_late.status, too_late.json["reason"]) == (403, "ExpiredProviderToken")


def test_a_third_token_within_twenty_minutes_is_one_too_many(pusher: Pusher, clock: Clock) -> None:
    replies = []
    for _ in range(3):
        replies.append(push(pusher, f"bearer {good(clock)}"))
        clock.forward(minutes=5)
    clock.forward(minutes=20)
    replies.append(push(pusher, f"bearer {good(clock)}"))

    assert [reply.status for reply in replies] == [200, 200, 429, 200]
    assert replies[2].json["reason"] == "TooManyProviderTokenUpdates"


def test_before_the_first_good_answer_a_connection_has_one_stream(
    pusher: Pusher, apns: ApnsEmulator, clock: Clock
) -> None:
    headers = [f"authorization: bearer {good(clock)}", f"apns-topic: {PASS_TYPE_ID}"]
    made = pusher.start([f"{number:064x}" for number in range(50)])
    for handle, _ in made:
        handle.setopt(pycurl.HTTPHEADER, headers)

    hasty = pusher.finish(made)
    first = push(pusher, f"bearer {good(clock)}")
    made = pusher.start([f"{number:064x}" for number in range(50)])
    for handle, _ in made:
        handle.setopt(pycurl.HTTPHEADER, headers)
    patient = pusher.finish(made)

    assert any(reply.error for reply in hasty)
    assert first.status == 200
    assert {reply.status for reply in patient} == {200}
