"""Pushes over real TLS and HTTP/2 to the APNs emulator."""

import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pycurl
import pytest

from service.domain.credentials import AppleCredential
from service.emulators.apns import ApnsEmulator
from service.emulators.control import utc_now
from service.wallets.apple.client import ApnsClient
from service.wallets.apple.request import NO_ANSWER, NOT_SENT

from .builders import TYPE_ID
from .conftest import a_client


def tokens(count: int) -> list[str]:
    return [f"{number:064x}" for number in range(count)]


def test_a_thousand_pushes_take_one_connection(client: ApnsClient, apns: ApnsEmulator) -> None:
    answers = list(client.push(tokens(1000)))

    assert sorted(answer.token for answer in answers) == tokens(1000)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.apns_id for answer in answers}) == 1000
    assert apns.connections == 1
    assert apns.count == 1000


def test_the_connection_and_its_handles_serve_the_next_batch(
    client: ApnsClient, apns: ApnsEmulator
) -> None:
    for _ in range(3):
        assert len(list(client.push(tokens(20)))) == 20

    assert apns.connections == 1


def test_a_push_says_what_apple_asks_for(client: ApnsClient, apns: ApnsEmulator) -> None:
    (answer,) = client.push(["aa01"])

    (push,) = apns.pushes()
    kept_s = int(push.expiration or 0) - utc_now().timestamp()
    assert (push.topic, push.push_type, push.priority) == (TYPE_ID, "background", "5")
    assert 6.9 * 86400 < kept_s < 7.1 * 86400
    assert answer.apns_id == push.apns_id


def test_a_refusal_comes_with_reason_and_time(client: ApnsClient, apns: ApnsEmulator) -> None:
    gone = {"status": 410, "timestamp": 1795348800123}
    apns.control({"respond": {"aa01": gone, "aa02": 400, "aa03": 503}})

    answers = {answer.token: answer for answer in client.push(["aa01", "aa02", "aa03", "aa04"])}

    assert (answers["aa01"].status, answers["aa01"].reason) == (410, "Unregistered")
    assert answers["aa01"].timestamp is not None
    assert answers["aa01"].timestamp.timestamp() == pytest.approx(1795348800.123)
    assert answers["aa02"].reason == "BadDeviceToken"
    assert answers["aa03"].reason == "ServiceUnavailable"
    assert answers["aa04"].status == 200


def test_answers_come_while_others_are_still_awaited(
    client: ApnsClient, apns: ApnsEmulator
) -> None:
    pushing = client.push(tokens(500))

    next(pushing)

    assert apns.count < 500
    assert len(list(pushing)) == 499


def test_a_goaway_in_the_middle_loses_no_push(client: ApnsClient, apns: ApnsEmulator) -> None:
    apns.control({"delay_s": 0.02})
    answers = []

    for answer in client.push(tokens(1500)):
        answers.append(answer)
        if len(answers) in (100, 700):
            apns.control({"goaway": True})

    assert sorted(answer.token for answer in answers) == tokens(1500)
    assert {answer.status for answer in answers} == {200}
    assert apns.connections >= 2


def test_a_connection_cut_in_the_middle_is_tried_once_more(
    client: ApnsClient, apns: ApnsEmulator
) -> None:
    apns.control({"delay_s": 0.05})
    answers = []

    for answer in client.push(tokens(600)):
        answers.append(answer)
        if len(answers) == 100:
            apns.control({"reset": True})

    assert sorted(answer.token for answer in answers) == tokens(600)
    assert {answer.status for answer in answers} == {200}


def test_an_idle_connection_that_was_cut_is_noticed(client: ApnsClient, apns: ApnsEmulator) -> None:
    list(client.push(["aa01"]))
    apns.control({"reset": True})

    (answer,) = client.push(["aa02"])

    assert answer.status == 200


def test_a_server_that_is_not_there_is_tried_with_one_push_and_the_others_are_not_sent(
    credential: AppleCredential, root_path: Path
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = a_client(
            f"https://127.0.0.1:{unused.getsockname()[1]}", credential, str(root_path)
        )

        answers = list(client.push(tokens(5)))

    assert [answer.status for answer in answers] == [NO_ANSWER] + [NOT_SENT] * 4
    assert "connect" in (answers[0].reason or "").lower()
    assert all(answer.wait and answer.wait <= timedelta(seconds=1) for answer in answers[1:])
    assert client.is_resting


def test_a_server_nobody_vouches_for_is_not_pushed_to(
    apns: ApnsEmulator, credential: AppleCredential
) -> None:
    client = a_client(apns.push_url, credential, None)

    (answer,) = client.push(["aa01"])

    assert answer.status == 0
    assert "certificate" in (answer.reason or "")
    assert apns.count == 0


def test_a_silent_server_is_given_up_and_the_next_push_gets_a_new_connection(
    client: ApnsClient, apns: ApnsEmulator
) -> None:
    client._options[pycurl.TIMEOUT] = 1
    list(client.push(["aa01"]))
    client._idle.clear()
    apns.control({"black_hole": True})
    (silent,) = client.push(["aa02"])
    # The old connection stays a black hole for whoever would still use it.
    apns._desk.black_hole = False
    for connection in apns._desk.connections:
        connection.data_received = lambda data: None  # type: ignore[method-assign]

    (answer,) = client.push(["aa03"])

    assert (silent.status, answer.status) == (0, 200)
    assert "timed out" in (silent.reason or "").lower()


def test_a_token_cannot_climb_out_of_its_path(client: ApnsClient, apns: ApnsEmulator) -> None:
    answers = list(client.push(["..", "../../x", "a?b#c", "é"]))

    assert {(answer.status, answer.reason) for answer in answers} == {(400, "BadDeviceToken")}


def test_threads_take_turns(client: ApnsClient, apns: ApnsEmulator) -> None:
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(len(list(client.push(tokens(100))))))
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert counts == [100] * 4
    assert apns.connections == 1


def test_a_caller_that_stops_leaves_the_client_usable(
    client: ApnsClient, apns: ApnsEmulator
) -> None:
    pushing = client.push(tokens(400))
    next(pushing)
    assert isinstance(pushing, Generator)
    pushing.close()

    assert len(list(client.push(tokens(50)))) == 50


def test_nothing_to_push_connects_to_nothing(client: ApnsClient, apns: ApnsEmulator) -> None:
    assert list(client.push([])) == []
    assert apns.connections == 0


def test_a_server_without_http_2_is_not_pushed_to(
    credential: AppleCredential, root_path: Path
) -> None:
    with old_server() as url:
        client = a_client(url, credential, str(root_path))

        (answer,) = client.push(["aa01"])

    assert answer.status == 0


@contextmanager
def old_server() -> Iterator[str]:
    """A server that answers in HTTP/1.1 without TLS: it must never be spoken to in clear."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_once, args=(server,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
    thread.join(2)


def answer_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
