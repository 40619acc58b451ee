"""The APNs emulator, pushed to by libcurl over TLS and HTTP/2."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pycurl
import pytest
import requests

from service.emulators.apns import ApnsEmulator
from service.emulators.apns_rules import REASONS
from service.emulators.apns_settings import KEYS
from service.emulators.certificates import Authority, Issued

from .passes import PASS_TYPE_ID, TEAM_ID
from .pusher import Pusher
from .waiting import wait_for

TOKEN = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture
def woken() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def apns(authority: Authority, woken: list[tuple[str, str]]) -> Iterator[ApnsEmulator]:
    with ApnsEmulator(authority, wake=lambda *push: woken.append(push)) as emulator:
        yield emulator


@pytest.fixture
def pusher(apns: ApnsEmulator, tmp_path: Path, authority: Authority, issued: Issued) -> Pusher:
    return Pusher(apns.push_url, tmp_path, authority, issued)


def order(apns: ApnsEmulator, **body: object) -> requests.Response:
    return requests.post(f"{apns.control_url}/control", json=body, timeout=5)


def tokens(count: int) -> list[str]:
    return [f"{number:064x}" for number in range(count)]


def test_an_accepted_push_is_recorded_and_wakes_the_phone(
    apns: ApnsEmulator, pusher: Pusher, woken: list[tuple[str, str]]
) -> None:
    headers = {"apns-push-type": "background", "apns-priority": "5", "apns-collapse-id": "c"}

    reply = pusher.push(TOKEN, headers=headers)
    wait_for(lambda: woken)

    listed = requests.get(f"{apns.control_url}/pushes", timeout=5).json()
    pushed = listed["pushes"][0]
    assert (reply.status, reply.body) == (200, "")
    assert pushed["apns_id"] == reply.headers["apns-id"]
    assert (pushed["token"], pushed["topic"], pushed["status"]) == (TOKEN, PASS_TYPE_ID, 200)
    assert (pushed["push_type"], pushed["priority"], pushed["collapse_id"]) == (
        "background",
        "5",
        "c",
    )
    assert (listed["count"], listed["connections"]) == (1, 1)
    assert woken == [(TOKEN, PASS_TYPE_ID)]


def test_a_client_without_certificate_is_refused(
    apns: ApnsEmulator, tmp_path: Path, authority: Authority
) -> None:
    reply = Pusher(apns.push_url, tmp_path, authority, None).push(TOKEN)

    assert reply.error != 0
    assert (reply.status, apns.count) == (0, 0)


def test_a_client_of_another_authority_is_refused(
    apns: ApnsEmulator, tmp_path: Path, authority: Authority
) -> None:
    now = datetime.now(UTC)
    stranger = Authority.create(now).pass_certificate(PASS_TYPE_ID, TEAM_ID, now=now)

    reply = Pusher(apns.push_url, tmp_path, authority, stranger).push(TOKEN)

    assert reply.error != 0
    assert (reply.status, apns.count) == (0, 0)


def test_a_client_without_http_2_is_not_served(
    apns: ApnsEmulator, tmp_path: Path, authority: Authority, issued: Issued
) -> None:
    (tmp_path / "client.pem").write_bytes(issued.certificate_pem + issued.key_pem)
    context = ssl.create_default_context(cadata=authority.root_pem.decode())
    context.load_cert_chain(tmp_path / "client.pem")
    port = int(apns.push_url.rsplit(":", 1)[1])

    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as tls,
    ):
        tls.sendall(b"POST /3/device/ab HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            answer = tls.recv(100)
        except OSError:
            answer = b""

    assert answer == b""


@pytest.mark.parametrize(
    ("request_parts", "status", "reason"),
    [
        ({"topic": "pass.of.somebody.else"}, 400, "BadTopic"),
        ({"topic": None}, 400, "MissingTopic"),
        ({"path": "/3/device/not-hex"}, 400, "BadDeviceToken"),
        ({"path": "/3/device/"}, 400, "MissingDeviceToken"),
        ({"path": "/4/device/ab"}, 404, "BadPath"),
        ({"method": "PUT"}, 405, "MethodNotAllowed"),
        ({"body": b'{"a":"' + b"x" * 4096 + b'"}'}, 413, "PayloadTooLarge"),
        ({"body": b"x" * 300_000}, 413, "PayloadTooLarge"),
        ({"body": b"not json"}, 400, "PayloadEmpty"),
        ({"body": b"[]"}, 400, "PayloadEmpty"),
        ({"body": b""}, 400, "PayloadEmpty"),
        ({"headers": {"apns-priority": "7"}}, 400, "BadPriority"),
        ({"headers": {"apns-expiration": "soon"}}, 400, "BadExpirationDate"),
        ({"headers": {"apns-push-type": "loud"}}, 400, "InvalidPushType"),
        ({"headers": {"apns-collapse-id": "c" * 65}}, 400, "BadCollapseId"),
        ({"headers": {"apns-id": "7"}}, 400, "BadMessageId"),
    ],
)
def test_a_wrong_request_gets_apples_reason(
    pusher: Pusher,
    woken: list[tuple[str, str]],
    request_parts: dict[str, object],
    status: int,
    reason: str,
) -> None:
    reply = pusher.push(TOKEN, **request_parts)  # type: ignore[arg-type]

    assert (reply.status, reply.json) == (status, {"reason": reason})
    assert "apns-id" in reply.headers
    assert woken == []


def test_a_token_ordered_to_be_gone_gets_410_with_a_timestamp_until_called_back(
    apns: ApnsEmulator, pusher: Pusher
) -> None:
    order(apns, respond={TOKEN: 410})
    gone, untouched = pusher.push(TOKEN), pusher.push(OTHER)

    order(apns, respond={TOKEN: None})
    back = pusher.push(TOKEN)

    stamp = gone.json["timestamp"]
    assert isinstance(stamp, int)
    assert abs(stamp / 1000 - time.time()) < 60
    assert (gone.status, gone.json["reason"]) == (410, "Unregistered")
    assert (untouched.status, back.status) == (200, 200)


@pytest.mark.parametrize("status", REASONS)
def test_an_ordered_status_comes_with_apples_usual_reason(
    apns: ApnsEmulator, pusher: Pusher, status: int
) -> None:
    order(apns, respond={"*": status})

    reply = pusher.push(TOKEN)

    assert (reply.status, reply.json["reason"]) == (status, REASONS[status][0])


def test_every_refusal_of_apples_table_can_be_ordered(apns: ApnsEmulator, pusher: Pusher) -> None:
    rows = [(status, reason) for status, reasons in REASONS.items() for reason in reasons]
    heard = []

    for status, reason in rows:
        order(apns, respond={TOKEN: {"status": status, "reason": reason}})
        reply = pusher.push(TOKEN)
        heard.append((reply.status, reply.json["reason"]))

    assert len(rows) == 32
    assert heard == rows


def test_an_answer_can_be_ordered_for_so_many_times(apns: ApnsEmulator, pusher: Pusher) -> None:
    order(apns, respond={TOKEN: {"status": 503, "times": 2}})

    assert [pusher.push(TOKEN).status for _ in range(4)] == [503, 503, 200, 200]


def test_a_push_can_be_left_hanging_while_others_are_answered(
    apns: ApnsEmulator, pusher: Pusher
) -> None:
    order(apns, respond={TOKEN: {"hang": True}})
    made = pusher.start([TOKEN, OTHER])
    made[0][0].setopt(pycurl.TIMEOUT_MS, 300)

    hanging, answered = pusher.finish(made)

    assert (hanging.error, answered.status) == (pycurl.E_OPERATION_TIMEDOUT, 200)
    assert [push.status for push in apns.pushes(TOKEN)] == [0]


def test_an_order_may_name_its_own_reason_and_timestamp(apns: ApnsEmulator, pusher: Pusher) -> None:
    order(apns, respond={TOKEN: {"status": 410, "reason": "ExpiredToken", "timestamp": 5}})

    reply = pusher.push(TOKEN)

    assert reply.json == {"reason": "ExpiredToken", "timestamp": 5}


@pytest.mark.parametrize(
    "body",
    [
        {"explode": True},
        {"respond": {TOKEN: "soon"}},
        {"respond": {TOKEN: 418}},
        {"respond": {TOKEN: {"status": 410, "colour": "red"}}},
        {"respond": [TOKEN]},
        {"delay_s": -1},
        {"delay_s": True},
        {"goaway": "yes"},
        {"goaway_after": -1},
        {"close_after": True},
        {"cut_after_bytes": "all"},
        {"slice": 1},
        {"respond": {TOKEN: {"status": 503, "times": 0}}},
        {"push_key": {"key_id": "K"}},
        {"push_key": {"key_id": "K", "team_id": "T", "public_key": "no PEM"}},
    ],
)
def test_an_order_that_means_nothing_is_refused(
    apns: ApnsEmulator, body: dict[str, object]
) -> None:
    response = requests.post(f"{apns.control_url}/control", json=body, timeout=5)

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] in ("unknown_key", "invalid_respond", "invalid_value")


def test_the_control_api_lists_itself(apns: ApnsEmulator) -> None:
    guide = requests.get(apns.control_url, timeout=5).json()

    assert {"POST /control", "GET /pushes"} <= set(guide)
    assert set(guide["POST /control"]) == set(KEYS)
    assert guide["refusals"]["410"] == ["Unregistered", "ExpiredToken"]


def test_many_pushes_in_flight_share_one_connection(apns: ApnsEmulator, pusher: Pusher) -> None:
    replies = pusher.push_all(tokens(3000))

    assert {reply.status for reply in replies} == {200}
    assert (apns.count, apns.connections) == (3000, 1)


def test_many_refusals_at_once_all_arrive_with_their_bodies(
    apns: ApnsEmulator, pusher: Pusher
) -> None:
    order(apns, respond={"*": 410})

    replies = pusher.push_all(tokens(2000))

    assert {reply.json["reason"] for reply in replies} == {"Unregistered"}


def test_a_delay_holds_answers_back_without_holding_each_other(
    apns: ApnsEmulator, pusher: Pusher
) -> None:
    order(apns, delay_s=0.2)
    began = time.monotonic()

    replies = pusher.push_all(tokens(50))

    assert {reply.status for reply in replies} == {200}
    assert 0.2 <= time.monotonic() - began < 2


def test_a_goaway_loses_no_push(apns: ApnsEmulator, pusher: Pusher) -> None:
    order(apns, delay_s=0.05)
    made = pusher.start(tokens(800))
    wait_for(lambda: pusher.turn() and apns.count > 100)

    apns.control({"goaway": True})
    replies = pusher.finish(made)

    assert {(reply.status, reply.error) for reply in replies} == {(200, 0)}
    assert {push.token for push in apns.pushes()} == set(tokens(800))


def test_after_a_goaway_the_client_opens_a_new_connection(
    apns: ApnsEmulator, pusher: Pusher
) -> None:
    pusher.push(TOKEN)

    order(apns, goaway=True)
    reply = pusher.push(TOKEN)

    assert reply.status == 200
    assert apns.connections == 2


def test_connections_can_be_cut_without_forgetting_orders(
    apns: ApnsEmulator, pusher: Pusher
) -> None:
    order(apns, respond={TOKEN: 503})
    pusher.push(TOKEN)

    order(apns, close=True)

    assert pusher.push(TOKEN).status == 503
    assert apns.connections == 2


@pytest.mark.parametrize("fault", ["goaway_after", "close_after"])
def test_a_connection_can_end_after_some_answers(
    apns: ApnsEmulator, pusher: Pusher, fault: str
) -> None:
    order(apns, **{fault: 2})

    replies = [pusher.push(TOKEN) for _ in range(6)]

    assert {reply.status for reply in replies} == {200}
    assert apns.connections == 3


def test_a_connection_can_be_cut_at_the_first_request_of_each(
    apns: ApnsEmulator, pusher: Pusher
) -> None:
    order(apns, close_after=0)
    refused = pusher.push(TOKEN)

    order(apns, close_after=None)

    assert refused.error != 0
    assert pusher.push(TOKEN).status == 200


def test_answers_can_come_byte_by_byte(apns: ApnsEmulator, pusher: Pusher) -> None:
    order(apns, slice=True, respond={TOKEN: 410})

    reply = pusher.push(TOKEN)

    assert (reply.status, reply.json["reason"]) == (410, "Unregistered")


def test_answers_can_be_cut_off_or_announced_too_long(apns: ApnsEmulator, pusher: Pusher) -> None:
    order(apns, cut_after_bytes=60)
    cut_off = pusher.push(TOKEN)
    order(apns, cut_after_bytes=None, wrong_length=True)
    too_long = pusher.push(TOKEN)
    order(apns, wrong_length=False)

    assert cut_off.error != 0
    assert too_long.error != 0
    assert pusher.push(TOKEN).status == 200


def test_a_black_hole_answers_nothing_until_it_ends(apns: ApnsEmulator, pusher: Pusher) -> None:
    pusher.push(TOKEN)
    order(apns, black_hole=True)
    made = pusher.start([TOKEN])
    made[0][0].setopt(pycurl.TIMEOUT_MS, 300)
    swallowed = pusher.finish(made)[0]

    order(apns, black_hole=False)
    reply = pusher.push(TOKEN)

    assert swallowed.error == pycurl.E_OPERATION_TIMEDOUT
    assert reply.status == 200


def test_a_reset_cuts_connections_and_forgets_all_orders(
    apns: ApnsEmulator, pusher: Pusher
) -> None:
    order(apns, delay_s=5, respond={TOKEN: 503})
    made = pusher.start([TOKEN])
    wait_for(lambda: pusher.turn() and apns.count == 1)

    order(apns, reset=True)
    cut, after = pusher.finish(made)[0], pusher.push(TOKEN)

    assert cut.error != 0
    assert after.status == 200


def test_clients_that_abort_streams_or_connections_do_no_harm(
    apns: ApnsEmulator, pusher: Pusher, tmp_path: Path, authority: Authority, issued: Issued
) -> None:
    order(apns, delay_s=0.05)
    rude = Pusher(apns.push_url, tmp_path, authority, issued)
    made = rude.start(tokens(100))
    wait_for(lambda: rude.turn() and apns.count == 100)

    for handle, _ in made[:50]:
        rude.multi.remove_handle(handle)
    rude.turn()
    rude.multi.close()
    reply = pusher.push(TOKEN)

    assert reply.status == 200


def test_pushes_can_be_listed_by_token(apns: ApnsEmulator, pusher: Pusher) -> None:
    pusher.push(TOKEN)
    pusher.push(OTHER)

    url = f"{apns.control_url}/pushes?token={OTHER}"
    listed = requests.get(url, timeout=5).json()["pushes"]

    assert [push["token"] for push in listed] == [OTHER]


def test_a_slow_phone_does_not_hold_up_answers(
    authority: Authority, issued: Issued, tmp_path: Path
) -> None:
    release = threading.Event()

    def slow(token: str, topic: str) -> None:
        release.wait(5)

    with ApnsEmulator(authority, wake=slow) as apns:
        replies = Pusher(apns.push_url, tmp_path, authority, issued).push_all(tokens(20))
        release.set()

    assert {reply.status for reply in replies} == {200}


def test_a_restarted_emulator_keeps_its_ports_and_serves_again(
    apns: ApnsEmulator, pusher: Pusher
) -> None:
    before = (apns.push_url, apns.control_url)
    pusher.push(TOKEN)

    apns.stop()
    refused = pusher.push(TOKEN)
    apns.start()
    reply = pusher.push(TOKEN)

    assert (apns.push_url, apns.control_url) == before
    assert refused.error != 0
    assert reply.status == 200


def test_a_taken_port_is_an_error_and_leaves_nothing_running(
    apns: ApnsEmulator, authority: Authority
) -> None:
    port = int(apns.push_url.rsplit(":", 1)[1])
    before = threading.active_count()

    with pytest.raises(OSError, match="in use"):
        ApnsEmulator(authority, push_port=port).start()

    wait_for(lambda: threading.active_count() <= before)


def test_starting_and_stopping_many_times_is_quick_and_leaves_no_thread(
    authority: Authority,
) -> None:
    emulator = ApnsEmulator(authority)
    before, began = threading.active_count(), time.monotonic()

    for _ in range(20):
        emulator.start()
        emulator.start()
        emulator.stop()
        emulator.stop()

    wait_for(lambda: threading.active_count() <= before)
    assert time.monotonic() - began < 20
