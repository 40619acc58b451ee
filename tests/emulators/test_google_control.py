"""Orders to the Google emulator, its log of requests, and what survives a restart."""

import socket
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from service.emulators.certificates import Authority
from service.emulators.control import ControlRefused
from service.emulators.google.emulator import GoogleEmulator

from .google_support import ISSUER_ID, Issuer, class_content, points, reason
from .waiting import wait_for


def order(wallet: GoogleEmulator, **body: object) -> requests.Response:
    return requests.post(f"{wallet.control_url}/control", json=body, timeout=5)


def test_the_guide_names_every_call(wallet: GoogleEmulator) -> None:
    guide = requests.get(wallet.control_url, timeout=5).json()

    assert set(guide["POST /control"]) == {
        "respond",
        "token",
        "delay_s",
        "black_hole",
        "rate",
        "merchant_locations",
        "reset",
    }
    assert len([name for name in guide if name.startswith(("GET ", "POST "))]) == 6


def test_an_ordered_answer_holds_until_it_is_taken_back(
    wallet: GoogleEmulator, issuer: Issuer
) -> None:
    made = issuer.an_object()
    path = f"loyaltyObject/{made['id']}"

    order(wallet, respond={made["id"]: {"status": 503, "retry_after_s": 7}})
    refused = [issuer.send("PATCH", path, points(n)) for n in range(2)]
    order(wallet, respond={made["id"]: None})
    after = issuer.sent("GET", path)

    assert [reason(each) for each in refused] == [(503, "backendError")] * 2
    assert refused[0].headers["Retry-After"] == "7"
    assert after["loyaltyPoints"] == made["loyaltyPoints"]


def test_an_ordered_answer_may_be_given_a_number_of_times(
    wallet: GoogleEmulator, issuer: Issuer
) -> None:
    class_id = issuer.new_id()
    order(wallet, respond={class_id: {"status": 403, "reason": "quotaExceeded", "times": 2}})

    replies = [issuer.send("POST", "loyaltyClass", class_content(class_id)) for _ in range(3)]

    assert [reply.status_code for reply in replies] == [403, 403, 200]
    assert reason(replies[0]) == (403, "quotaExceeded")


def test_an_order_for_all_gives_way_to_one_for_an_id(
    wallet: GoogleEmulator, issuer: Issuer
) -> None:
    made = issuer.an_object()
    order(wallet, respond={"*": {"status": 500}, made["id"]: {"status": 429}})

    one = issuer.send("GET", f"loyaltyObject/{made['id']}")
    other = issuer.send("GET", f"issuer/{ISSUER_ID}")

    assert (reason(one), reason(other)) == ((429, "rateLimitExceeded"), (500, "internalError"))


def test_the_token_endpoint_can_be_out_of_order(wallet: GoogleEmulator, issuer: Issuer) -> None:
    order(wallet, token=500)
    broken = issuer.plain.post(wallet.token_url, data={}, timeout=5)
    order(wallet, token=None)
    again = issuer.plain.post(wallet.token_url, data={}, timeout=5)

    assert (broken.status_code, again.status_code) == (500, 400)


def test_a_delayed_answer_comes_after_the_work(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.an_object()
    path = f"loyaltyObject/{made['id']}"
    order(wallet, delay_s=0.4)

    with pytest.raises(requests.Timeout):
        issuer.send("PATCH", path, points(999), timeout=(3, 0.15))
    order(wallet, delay_s=0)

    assert issuer.sent("GET", path)["loyaltyPoints"]["balance"] == {"int": 999}


def test_what_falls_into_the_black_hole_is_lost(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.an_object()
    path = f"loyaltyObject/{made['id']}"
    order(wallet, black_hole=True)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(issuer.send, "PATCH", path, points(999))
        with pytest.raises(requests.Timeout):
            issuer.send("PATCH", path, points(998), timeout=(3, 0.15))
        order(wallet, black_hole=False)
        with pytest.raises(requests.ConnectionError):
            waiting.result(5)

    assert issuer.sent("GET", path)["loyaltyPoints"]["balance"] == {"int": 120}


def test_a_reset_forgets_orders_and_cuts_connections(
    wallet: GoogleEmulator, issuer: Issuer
) -> None:
    order(wallet, respond={"*": {"status": 500}}, delay_s=5)

    with ThreadPoolExecutor(1) as pool:
        count = wallet.count
        waiting = pool.submit(issuer.send, "GET", f"issuer/{ISSUER_ID}")
        wait_for(lambda: wallet.count > count)
        order(wallet, reset=True)
        with pytest.raises(requests.ConnectionError):
            waiting.result(3)

    assert issuer.send("GET", f"issuer/{ISSUER_ID}").ok


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"respnd": {}}, "unknown_key"),
        ({"respond": []}, "invalid_respond"),
        ({"respond": {"*": 500}}, "invalid_respond"),
        ({"respond": {"*": {}}}, "invalid_respond"),
        ({"respond": {"*": {"status": 200}}}, "invalid_respond"),
        ({"respond": {"*": {"status": True}}}, "invalid_respond"),
        ({"respond": {"*": {"status": 418}}}, "invalid_respond"),
        ({"respond": {"*": {"status": 500, "body": "x"}}}, "unknown_key"),
        ({"respond": {"*": {"status": 500, "times": 0}}}, "invalid_value"),
        ({"respond": {"*": {"status": 500, "retry_after_s": -1}}}, "invalid_value"),
        ({"token": 200}, "invalid_token"),
        ({"token": "500"}, "invalid_token"),
        ({"delay_s": -1}, "invalid_value"),
        ({"delay_s": float("nan")}, "invalid_value"),
        ({"black_hole": 1}, "invalid_value"),
        ({"rate": 0}, "invalid_value"),
        ({"rate": 1.5}, "invalid_value"),
        ({"merchant_locations": "yes"}, "invalid_value"),
        ({"reset": "yes"}, "invalid_value"),
    ],
)
def test_an_order_that_means_nothing_is_refused(
    wallet: GoogleEmulator, body: dict[str, Any], code: str
) -> None:
    with pytest.raises(ControlRefused) as refused:
        wallet.control(body)

    assert refused.value.code == code


def test_a_refused_order_is_a_problem(wallet: GoogleEmulator) -> None:
    reply = order(wallet, rate=-5)

    assert reply.status_code == 400
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["code"] == "invalid_value"


def test_requests_are_logged(wallet: GoogleEmulator, issuer: Issuer) -> None:
    before = wallet.count
    made = issuer.an_object()
    issuer.sent("PATCH", f"loyaltyObject/{made['id']}?fields=id", points(7))
    path = f"/walletobjects/v1/loyaltyObject/{made['id']}"

    listed = requests.get(f"{wallet.control_url}/requests", params={"path": path}, timeout=5).json()

    (seen,) = listed["requests"]
    assert (seen["method"], seen["path"], seen["status"]) == ("PATCH", path, 200)
    assert (seen["body"], seen["query"]) == (points(7), "fields=id")
    assert seen["at"].endswith("+00:00")
    assert listed["count"] == wallet.count >= before + 3
    assert listed["highest_rate"] == wallet.highest_rate >= 1


# --- start, stop, restart


def test_it_starts_again_on_the_same_ports(authority: Authority) -> None:
    emulator = GoogleEmulator(authority)
    with pytest.raises(RuntimeError):
        _ = emulator.api_url
    with pytest.raises(RuntimeError):
        _ = emulator.control_url

    with emulator:
        emulator.start()
        issuer = Issuer(emulator, authority)
        made = issuer.an_object()
        addresses = (emulator.api_url, emulator.control_url, emulator.token_url)
    emulator.stop()
    with pytest.raises(requests.ConnectionError):
        issuer.send("GET", f"loyaltyObject/{made['id']}")
    with emulator:
        after = issuer.sent("GET", f"loyaltyObject/{made['id']}")

    issuer.close()
    assert addresses == (emulator.api_url, emulator.control_url, emulator.token_url)
    assert after["id"] == made["id"]


def test_a_taken_port_is_an_error_and_leaves_nothing_running(authority: Authority) -> None:
    before = set(threading.enumerate())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(OSError, match="in use"):
            GoogleEmulator(authority, api_port=taken.getsockname()[1]).start()

    assert set(threading.enumerate()) <= before


def test_stopping_ends_every_thread_even_with_requests_under_way(authority: Authority) -> None:
    before = set(threading.enumerate())
    emulator = GoogleEmulator(authority)
    emulator.start()
    issuer = Issuer(emulator, authority)
    made = issuer.an_object()
    emulator.control({"black_hole": True})
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(issuer.send, "GET", f"loyaltyObject/{made['id']}") for _ in range(2)]
        wait_for(lambda: len(threading.enumerate()) >= len(before) + 6)

        started = time.monotonic()
        emulator.stop()
        took = time.monotonic() - started

        assert all(isinstance(each.exception(5), requests.ConnectionError) for each in waiting)
    issuer.close()
    wait_for(lambda: set(threading.enumerate()) <= before)
    assert took < 2


def test_a_client_that_does_not_speak_tls_is_not_served(
    wallet: GoogleEmulator, issuer: Issuer
) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(wallet.api_url.replace("https", "http"), timeout=5)
    with requests.Session() as stranger:
        stranger.trust_env = False
        with pytest.raises(requests.exceptions.SSLError):
            stranger.get(wallet.api_url, timeout=5)

    assert issuer.send("GET", f"issuer/{ISSUER_ID}").ok


def test_everything_survives_a_restart(authority: Authority, tmp_path: Path) -> None:
    file = tmp_path / "state" / "google.db"
    with GoogleEmulator(authority, state_path=file) as first:
        issuer = Issuer(first, authority)
        made = issuer.a_saved_object()
        told = {**points(130), "notifyPreference": "NOTIFY_ON_UPDATE"}
        for balance in (1, 2, 3):
            told["loyaltyPoints"] = {"balance": {"int": balance}}
            issuer.sent("PATCH", f"loyaltyObject/{made['id']}", told)
        before = first.view(made["id"])
        ports = {
            "api_port": int(first.api_url.rpartition(":")[2]),
            "control_port": int(first.control_url.rpartition(":")[2]),
        }

    with GoogleEmulator(authority, state_path=file, **ports) as second:
        after = second.view(made["id"])
        told["loyaltyPoints"] = {"balance": {"int": 4}}
        fourth = issuer.send("PATCH", f"loyaltyObject/{made['id']}", told)

    issuer.close()
    assert after == before
    assert after["saved"] == 1
    assert reason(fourth) == (403, "quotaExceeded")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "PRIVATE" not in file.read_bytes().decode("latin-1")
