"""Pushes with a `.p8` key: the tokens it signs, and an emulator that checks them as Apple does."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from service.domain.credentials import AppleCredential, PushKey
from service.domain.errors import SetupError
from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority
from service.wallets.apple.certificates import identity
from service.wallets.apple.push_tokens import KEEP_S, PushTokens, read_push_key
from service.wallets.apple.pushing import Pusher
from service.wallets.interface import PushOutcome
from tests.world import Clock

from .builders import TEAM_ID, a_delivery

KEY_ID = "ABC123DEFG"
ACCEPTED, HALT = PushOutcome.ACCEPTED, PushOutcome.HALT


def pem_of(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


@pytest.fixture(scope="module")
def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def push_key(p256: ec.EllipticCurvePrivateKey) -> PushKey:
    return PushKey(UUID(int=9), KEY_ID, TEAM_ID, pem_of(p256))


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.freeze()
    return clock


@pytest.fixture
def apns(
    authority: Authority, p256: ec.EllipticCurvePrivateKey, clock: Clock
) -> Iterator[ApnsEmulator]:
    """An emulator on the test's clock that knows the key."""
    public = p256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with ApnsEmulator(authority, now=clock) as emulator:
        emulator.control({"push_key": known(public.decode())})
        yield emulator


def known(public_key: str, **changes: str) -> dict[str, str]:
    return {"key_id": KEY_ID, "team_id": TEAM_ID, "public_key": public_key, **changes}


@pytest.fixture
def new_pusher(
    apns: ApnsEmulator,
    credential: AppleCredential,
    push_key: PushKey,
    root_path: Path,
    clock: Clock,
) -> Iterator[Callable[..., Pusher]]:
    with ExitStack() as opened:

        def make(key: PushKey = push_key, now: Callable[[], datetime] = clock) -> Pusher:
            with_key = replace(credential, push_key=key)
            made = Pusher(with_key, identity(credential), apns.push_url, str(root_path), now)
            return opened.enter_context(closing(made))

        yield make


def outcomes(pusher: Pusher, count: int = 1) -> list[PushOutcome]:
    batch = [a_delivery(f"aa{number:04}") for number in range(count)]
    found = {result.delivery_id: result.outcome for result in pusher.push(batch)}
    return [found[delivery.id] for delivery in batch]


def part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return said


def test_a_token_names_key_and_team_and_when_it_was_made(push_key: PushKey, clock: Clock) -> None:
    token = PushTokens(push_key, clock).current()

    age_s = clock().timestamp() - part(token, 1)["iat"]
    assert part(token, 0) == {"alg": "ES256", "kid": KEY_ID}
    assert part(token, 1)["iss"] == TEAM_ID
    assert 0 <= age_s < KEEP_S


def test_a_token_is_made_anew_every_40_minutes(push_key: PushKey, clock: Clock) -> None:
    tokens = PushTokens(push_key, clock)
    made = []
    for _ in range(4 * 60):
        made.append(tokens.current())
        clock.forward(minutes=1)

    times = [part(token, 1)["iat"] for token in dict.fromkeys(made)]
    assert {later - sooner for sooner, later in pairwise(times)} == {KEEP_S}
    assert KEEP_S == 2400


def test_all_processes_send_the_same_token(push_key: PushKey, clock: Clock) -> None:
    tokens = {PushTokens(push_key, clock).current() for _ in range(5)}

    assert len(tokens) == 1


def test_a_renewed_token_is_not_renewed_again_at_once(push_key: PushKey, clock: Clock) -> None:
    tokens = PushTokens(push_key, clock)
    in_a_slot(clock)
    first = tokens.current()

    tokens.renew()
    second = tokens.current()
    clock.forward(seconds=59)
    tokens.renew()
    third = tokens.current()
    clock.forward(seconds=1)
    tokens.renew()

    assert first != second == third
    assert tokens.current() != third


def in_a_slot(clock: Clock) -> None:
    """Turn the clock to some minutes after the tokens of all processes last changed."""
    clock.forward(seconds=KEEP_S - clock().timestamp() % KEEP_S + 600)


def test_a_token_from_the_future_is_not_kept(push_key: PushKey, clock: Clock) -> None:
    tokens = PushTokens(push_key, clock)
    tokens.current()
    clock.forward(days=-1)

    assert part(tokens.current(), 1)["iat"] <= clock().timestamp()


def test_pushes_with_a_key_need_no_certificate_and_take_one_connection(
    new_pusher: Callable[..., Pusher], apns: ApnsEmulator
) -> None:
    pusher = new_pusher()

    assert outcomes(pusher, 200) == [ACCEPTED] * 200
    assert outcomes(pusher, 50) == [ACCEPTED] * 50
    assert apns.connections == 1


def test_a_token_lives_on_for_hours_by_being_renewed(
    new_pusher: Callable[..., Pusher], clock: Clock
) -> None:
    pusher = new_pusher()

    for _ in range(12):
        assert outcomes(pusher, 2) == [ACCEPTED] * 2
        clock.forward(minutes=30)


def test_an_expired_token_is_made_anew_and_the_pushes_are_sent_once_more(
    new_pusher: Callable[..., Pusher], apns: ApnsEmulator, clock: Clock
) -> None:
    in_a_slot(clock)
    pusher = new_pusher()
    outcomes(pusher)
    expired = {"status": 403, "reason": "ExpiredProviderToken", "times": 1}
    apns.control({"respond": {"*": expired}})

    assert outcomes(pusher, 50) == [ACCEPTED] * 50
    assert apns.count == 1 + 1 + 50


def test_a_token_that_is_expired_whatever_we_do_halts_after_the_second_try(
    new_pusher: Callable[..., Pusher], apns: ApnsEmulator
) -> None:
    slow = Clock()
    slow.freeze()
    slow.forward(hours=-2)  # our clock is wrong

    found = outcomes(new_pusher(now=slow), 50)

    assert found == [HALT, *[PushOutcome.NOT_YET] * 49]
    assert {push.status for push in apns.pushes()} == {403}
    assert apns.count == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key_id": "XXXXXXXXXX"}, "InvalidProviderToken"),
        ({"team_id": "XXXXXXXXXX"}, "InvalidProviderToken"),
        ({"private_key_pem": pem_of(ec.generate_private_key(ec.SECP256R1()))}, "InvalidProvider"),
    ],
)
def test_a_key_that_apple_does_not_know_halts(
    new_pusher: Callable[..., Pusher],
    push_key: PushKey,
    change: dict[str, Any],
    reason: str,
) -> None:
    (result,) = new_pusher(replace(push_key, **change)).push([a_delivery("aa01")])

    assert result.outcome is HALT
    assert reason in str(result.reason)


def test_a_key_that_was_renewed_too_often_halts(
    new_pusher: Callable[..., Pusher], apns: ApnsEmulator, clock: Clock
) -> None:
    in_a_slot(clock)
    pusher = new_pusher()
    expired = {"status": 403, "reason": "ExpiredProviderToken", "times": 1}
    last = []
    for _ in range(2):
        apns.control({"respond": {"*": expired}})
        last += pusher.push([a_delivery("aa01")])
        clock.forward(minutes=2)

    assert [result.outcome for result in last] == [ACCEPTED, HALT]
    assert last[-1].reason == "TooManyProviderTokenUpdates"


def test_a_server_that_knows_no_key_takes_nobody_without_certificate(
    new_pusher: Callable[..., Pusher], apns: ApnsEmulator
) -> None:
    apns.control({"push_key": None})

    assert outcomes(new_pusher()) == [PushOutcome.TRY_LATER]
    assert apns.count == 0


@pytest.mark.parametrize(
    ("file", "key_id", "team_id", "why"),
    [
        (b"not a key", KEY_ID, TEAM_ID, r"\.p8 file"),
        (pem_of(rsa.generate_private_key(65537, 2048)), KEY_ID, TEAM_ID, "P-256"),
        (pem_of(ec.generate_private_key(ec.SECP384R1())), KEY_ID, TEAM_ID, "P-256"),
        (pem_of(ec.generate_private_key(ec.SECP256R1())), "short", TEAM_ID, "key id short"),
        (pem_of(ec.generate_private_key(ec.SECP256R1())), KEY_ID, "a team id", "team id a team"),
    ],
)
def test_a_key_that_cannot_be_apples_is_refused(
    file: bytes, key_id: str, team_id: str, why: str
) -> None:
    with pytest.raises(SetupError, match=why):
        read_push_key(file, key_id, team_id)


def test_a_push_key_shows_no_secret(push_key: PushKey) -> None:
    assert "PRIVATE" not in repr(push_key)
