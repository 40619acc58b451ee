"""The one connection to APNs: what breaks it loses no push, and it is not opened too often."""

import os
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from service.domain.credentials import AppleCredential
from service.emulators.apns import ApnsEmulator
from service.wallets.apple import client as apple_client
from service.wallets.apple.client import ApnsClient
from service.wallets.apple.request import NO_ANSWER, NOT_SENT, ApnsAnswer
from service.wallets.apple.rests import MOST_CONNECTS
from tests.e2e.deployment import until
from tests.world import Clock

from .conftest import a_client


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.freeze()
    return clock


@pytest.fixture
def client(
    apns: ApnsEmulator, credential: AppleCredential, root_path: Path, clock: Clock
) -> Iterator[ApnsClient]:
    client = a_client(apns.push_url, credential, str(root_path), clock)
    yield client
    client.close()


def tokens(count: int, first: int = 0) -> list[str]:
    return [f"{number:064x}" for number in range(first, first + count)]


def statuses(answers: list[ApnsAnswer]) -> set[int]:
    return {answer.status for answer in answers}


def told(client: ApnsClient, clock: Clock, wanted: list[str], at_most_s: int = 600) -> set[str]:
    """Push as a worker does, what was not sent again and again; return who was reached."""
    reached: set[str] = set()
    for _ in range(at_most_s):
        answers = list(client.push([each for each in wanted if each not in reached]))
        reached |= {answer.token for answer in answers if answer.status == 200}
        if len(reached) == len(wanted):
            break
        clock.forward(seconds=1)
    return reached


def test_a_goaway_after_every_twenty_answers_loses_no_push(
    client: ApnsClient, apns: ApnsEmulator, clock: Clock
) -> None:
    apns.control({"goaway_after": 20})

    assert told(client, clock, tokens(300)) == set(tokens(300))
    assert apns.connections > 1
    assert apns.count < 330  # few were pushed twice


def test_a_connection_that_is_cut_after_every_twenty_answers_loses_no_push(
    client: ApnsClient, apns: ApnsEmulator, clock: Clock
) -> None:
    apns.control({"close_after": 20})

    assert told(client, clock, tokens(100)) == set(tokens(100))


def test_a_server_that_cuts_every_connection_at_once_is_called_six_times_a_minute_at_most(
    client: ApnsClient, apns: ApnsEmulator, clock: Clock
) -> None:
    apns.control({"close_after": 0})
    opened = []

    for _ in range(300):  # five minutes of pushes, one batch a second
        list(client.push(tokens(50)))
        opened.append(apns.connections)
        clock.forward(seconds=1)

    per_minute = [later - sooner for sooner, later in zip(opened, opened[60:], strict=False)]
    assert max(per_minute) <= MOST_CONNECTS == 6
    assert 10 <= opened[-1] <= 20  # pauses grow, yet it goes on


def test_a_port_that_accepts_nobody_is_tried_six_times_a_minute_at_most(
    credential: AppleCredential, root_path: Path, clock: Clock
) -> None:
    with refusing_port() as (url, tries):
        client = a_client(url, credential, str(root_path), clock)
        for _ in range(60):
            answers = list(client.push(tokens(50)))
            clock.forward(seconds=1)
        client.close()

    assert statuses(answers) <= {NO_ANSWER, NOT_SENT}
    assert 2 <= len(tries) <= MOST_CONNECTS


def test_a_connection_that_breaks_under_many_pushes_is_tried_anew_by_one_of_them(
    client: ApnsClient, apns: ApnsEmulator
) -> None:
    apns.control({"respond": {"*": {"hang": True}, tokens(1)[0]: 200}})
    answers: list[ApnsAnswer] = []
    pushing = threading.Thread(target=lambda: answers.extend(client.push(tokens(50))))

    pushing.start()
    until(lambda: apns.count == 50)
    apns.stop()  # nobody listens any more
    pushing.join(20)

    assert Counter(answer.status for answer in answers) == {200: 1, NO_ANSWER: 1, NOT_SENT: 48}
    assert len(client._rests._connects) == 2


def test_what_waits_for_a_connection_is_told_how_long_and_then_sent(
    client: ApnsClient, apns: ApnsEmulator, clock: Clock
) -> None:
    apns.control({"close_after": 0})
    first = list(client.push(tokens(3)))
    apns.control({"close_after": None})

    too_soon = list(client.push(tokens(3)))
    is_resting = client.is_resting
    clock.forward(seconds=1)
    in_time = list(client.push(tokens(3)))

    assert [answer.status for answer in first] == [NO_ANSWER, NOT_SENT, NOT_SENT]
    assert {answer.wait for answer in [*first[1:], *too_soon]} == {timedelta(seconds=1)}
    assert statuses(too_soon) == {NOT_SENT}
    assert is_resting
    assert statuses(in_time) == {200}
    assert not client.is_resting


def test_each_failure_doubles_the_rest_up_to_a_minute_and_an_answer_ends_it(
    client: ApnsClient, apns: ApnsEmulator, clock: Clock
) -> None:
    apns.control({"respond": {"*": 503}})
    waits = []
    for _ in range(8):
        answers = list(client.push(tokens(4)))
        waits.append(answers[-1].wait or timedelta(0))
        clock.forward(seconds=waits[-1].total_seconds())
    apns.control({"respond": {"*": 200}})

    recovered = list(client.push(tokens(4)))
    apns.control({"respond": {"*": 503}})
    client._sure_until = 0  # a second later
    again = list(client.push(tokens(4)))

    assert [wait.total_seconds() for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert statuses(recovered) == {200}
    assert again[-1].wait == timedelta(seconds=1)


def test_a_connection_that_was_closed_while_idle_costs_no_push_its_answer(
    client: ApnsClient, apns: ApnsEmulator
) -> None:
    for number in range(4):
        answers = list(client.push(tokens(10, first=number)))
        assert statuses(answers) == {200}
        apns.control({"goaway": True} if number % 2 else {"close": True})

    assert apns.connections == 4


def test_a_server_that_shuts_down_is_left_for_a_new_connection(
    client: ApnsClient, apns: ApnsEmulator
) -> None:
    apns.control({"respond": {tokens(1)[0]: {"status": 503, "reason": "Shutdown", "times": 1}}})
    list(client.push(tokens(2)))

    list(client.push(tokens(1)))

    assert apns.connections == 2


def test_one_phone_that_is_never_answered_costs_no_other_its_push(
    apns: ApnsEmulator,
    credential: AppleCredential,
    root_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apple_client, "ANSWER_WITHIN_S", 1)
    client = a_client(apns.push_url, credential, str(root_path))
    apns.control({"respond": {tokens(1, first=7)[0]: {"hang": True}}})

    answers = {answer.token: answer.status for answer in client.push(tokens(20))}
    client.close()

    assert answers == dict.fromkeys(tokens(20), 200) | {tokens(1, first=7)[0]: NO_ANSWER}


def test_an_answer_in_slices_of_one_byte_is_an_answer(
    client: ApnsClient, apns: ApnsEmulator
) -> None:
    apns.control({"slice": True, "respond": {tokens(1)[0]: 410}})

    answers = sorted(client.push(tokens(5)))

    assert [answer.status for answer in answers] == [410, 200, 200, 200, 200]
    assert answers[0].reason == "Unregistered"


@pytest.mark.parametrize("status", [200, 410])
def test_an_answer_of_another_length_than_announced_is_none(
    client: ApnsClient, apns: ApnsEmulator, status: int
) -> None:
    apns.control({"wrong_length": True, "respond": {"*": status}})

    answers = list(client.push(tokens(2)))

    assert statuses(answers) <= {NO_ANSWER, NOT_SENT}


def test_a_connection_cut_at_any_byte_makes_no_push_look_accepted(
    apns: ApnsEmulator, credential: AppleCredential, root_path: Path
) -> None:
    whole = 0
    for cut_at in range(0, 280, 4):
        apns.control({"cut_after_bytes": cut_at, "respond": {"*": 410}})
        client = a_client(apns.push_url, credential, str(root_path))
        (answer,) = client.push(tokens(1))
        client.close()
        whole += answer.status == 410
        assert answer.status in (NO_ANSWER, 410)
        assert answer.status == NO_ANSWER or answer.reason == "Unregistered"

    assert 5 < whole < 40  # both ends were met


def test_a_name_that_does_not_resolve_is_no_answer_and_leaves_no_thread(
    credential: AppleCredential, root_path: Path, clock: Clock
) -> None:
    client = a_client("https://apns.invalid", credential, str(root_path), clock)
    before = len(os.listdir("/proc/self/task"))

    for _ in range(5):
        answers = list(client.push(tokens(10)))
        clock.forward(minutes=1)
    client.close()

    assert [answer.status for answer in answers] == [NO_ANSWER, *[NOT_SENT] * 9]
    assert len(os.listdir("/proc/self/task")) <= before


def test_a_clock_that_is_set_back_does_not_hold_up_pushes(
    client: ApnsClient, apns: ApnsEmulator, clock: Clock
) -> None:
    apns.control({"close_after": 0})
    for _ in range(4):
        list(client.push(tokens(2)))
        clock.forward(minutes=1)
    apns.control({"close_after": None})

    clock.forward(days=-1)

    assert statuses(list(client.push(tokens(2)))) == {200}


@contextmanager
def refusing_port() -> Iterator[tuple[str, list[None]]]:
    """A port that hangs up on everybody before a word is said, and how often it did."""
    tries: list[None] = []

    def hang_up() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            tries.append(None)
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}", tries
        server.shutdown(socket.SHUT_RDWR)
    thread.join(2)
