"""The main job, over real sockets, with real processes."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.deployment import Deployment, until


def test_two_iphones_and_google_wallet_follow_points_and_a_block(deployment: Deployment) -> None:
    deployment.connect_google()
    deployment.start()
    card = deployment.card("m-1", points=120)
    phones = [deployment.new_phone(card), deployment.new_phone(card)]
    saved = deployment.save_to_google(card)
    assert deployment.in_google(saved)["points"]["value"] == "120"

    answer = deployment.webhook("e-1", {"card_number": card["number"], "set": 150})

    assert answer["outcome"] == "applied"
    until(lambda: shown_everywhere(deployment, phones, saved) == ["150", "150", "150"])
    for phone in phones:
        notices = deployment.phones.view(phone)["notifications"]
        assert [notice["text"] for notice in notices] == ["Your points balance is now 150"]
    notified: Any = deployment.google.view(saved)["notifications"]
    assert [note["changes"][0]["new"] for note in notified] == ["150"]

    blocked = deployment.call("POST", f"/v1/cards/{card['id']}/block", {"reason": "lost"})
    refused = deployment.call("POST", "/v1/lookup", {"barcode": card["barcode"]["message"]})

    assert refused == {"can_earn": True, "can_redeem": False, "decline_code": "card_blocked"}
    until(lambda: all(deployment.pass_on(phone)["voided"] for phone in phones))
    until(lambda: deployment.in_google(saved)["state"] == "INACTIVE")
    assert all(deployment.pass_on(phone)["barcode"] is None for phone in phones)
    assert deployment.in_google(saved)["barcode"] is None
    action = f"/v1/actions/{blocked['action']['id']}"
    until(lambda: settled(deployment, action) == {"done"})

    deployment.call("POST", f"/v1/cards/{card['id']}/unblock", {"reason": "found"})
    accepted = deployment.call("POST", "/v1/lookup", {"number": card["number"]})

    assert accepted["can_redeem"] is True
    until(lambda: not any(deployment.pass_on(phone)["voided"] for phone in phones))
    until(lambda: deployment.in_google(saved)["state"] == "ACTIVE")
    assert all(deployment.pass_on(phone)["barcode"] for phone in phones)
    assert deployment.in_google(saved)["barcode"]["value"] == card["barcode"]["message"]
    until(lambda: proved(deployment, card))


def shown_everywhere(deployment: Deployment, phones: list[str], saved: str) -> list[str]:
    return [
        *(deployment.points_on(phone) for phone in phones),
        deployment.in_google(saved)["points"]["value"],
    ]


def proved(deployment: Deployment, card: dict[str, Any]) -> bool:
    """Say whether there is proof that every phone asked for, and Google took, the newest pass."""
    passes = deployment.call("GET", f"/v1/cards/{card['id']}/delivery")["passes"]
    apple, google = passes
    return (
        [each["asked_version"] for each in apple["installations"]] == [apple["version"]] * 2
        and apple["fetched_version"] == apple["version"]
        and google["accepted_version"] == google["version"]
    )


def test_what_was_acknowledged_survives_kill_9_of_everything(deployment: Deployment) -> None:
    deployment.connect_google()
    deployment.start()
    card = deployment.card("m-1", points=1)
    phones = [deployment.new_phone(card), deployment.new_phone(card)]
    saved = deployment.save_to_google(card)
    deployment.apns.control({"black_hole": True})
    deployment.google.control({"black_hole": True})
    event = {"card_number": card["number"], "add": 41}

    first = deployment.webhook("e-1", event)
    blocked = deployment.call("POST", f"/v1/cards/{card['id']}/block", {"reason": "lost"})
    deployment.stop(signal.SIGKILL)
    deployment.apns.control({"black_hole": False})
    deployment.google.control({"black_hole": False})
    shown_meanwhile = shown_everywhere(deployment, phones, saved)
    deployment.start()
    again = deployment.webhook("e-1", event)

    assert first["outcome"] == "applied"
    assert shown_meanwhile == ["1", "1", "1"]
    assert again["outcome"] == "duplicate"
    assert again["balances"]["points"]["amount"] == 42
    # A push that was being sent when its worker died is due again when its lease ends.
    until(lambda: shown_everywhere(deployment, phones, saved) == ["42"] * 3, within_s=90)
    until(lambda: all(deployment.pass_on(phone)["voided"] for phone in phones))
    assert deployment.in_google(saved)["state"] == "INACTIVE"
    action = f"/v1/actions/{blocked['action']['id']}"
    until(lambda: settled(deployment, action) == {"done"}, within_s=90)


def settled(deployment: Deployment, action: str) -> set[str]:
    surfaces = deployment.call("GET", action)["surfaces"]
    return {surfaces[name] for name in ("apple", "google")}


def test_google_is_called_within_its_rate_by_all_processes_together(
    deployment: Deployment,
) -> None:
    deployment.connect_google()
    deployment.start()
    cards = [deployment.card(f"m-{number}", points=0) for number in range(40)]
    saved = [deployment.save_to_google(card) for card in cards]

    for number, card in enumerate(cards):
        deployment.webhook(f"e-{number}", {"card_number": card["number"], "set": number + 1})

    until(
        lambda: (
            [deployment.in_google(each)["points"]["value"] for each in saved]
            == [str(number + 1) for number in range(40)]
        )
    )
    calls = deployment.google.requests("/walletobjects")
    lasted_s = (calls[-1].at - calls[0].at).total_seconds()
    assert [each for each in calls if each.status == 429] == []
    assert len(calls) / lasted_s < 16  # 15 a second; a busy machine may bunch some of them up
    assert deployment.google.highest_rate <= 20


def test_a_burst_of_changes_ends_in_few_pushes_and_the_newest_balance(
    deployment: Deployment,
) -> None:
    deployment.start()
    card = deployment.card("m-1", points=0)
    phone = deployment.new_phone(card)
    started = time.monotonic()

    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda n: deployment.call(
                    "POST",
                    "/v1/points",
                    {"event_id": f"e-{n}", "card_number": card["number"], "add": 1},
                ),
                range(500),
            )
        )

    assert {answer["outcome"] for answer in answers} == {"applied"}
    until(lambda: deployment.points_on(phone) == "500")
    lasted_s = time.monotonic() - started
    assert deployment.apns.count <= lasted_s / 2 + 3  # one at once, then one every 2 s


def test_a_change_between_download_and_registration_reaches_the_phone(
    deployment: Deployment,
) -> None:
    deployment.start()
    card = deployment.card("m-1", points=5)
    link = card["links"]["apple"]
    early = deployment.session.get(link, timeout=20).content
    deployment.webhook("e-1", {"card_number": card["number"], "set": 6})
    # Another phone downloads the newer pass meanwhile: that must not hide the older copy.
    late_phone = deployment.new_phone(card)
    phone = deployment.phones.create_phone()

    deployment.phones.add(phone.id, early)

    until(lambda: deployment.points_on(phone.id) == "6")
    assert deployment.points_on(late_phone) == "6"


def test_sigterm_answers_what_was_asked_and_stops_everything(deployment: Deployment) -> None:
    deployment.start()
    card = deployment.card("m-1", points=0)
    processes = list(deployment.processes)

    with ThreadPoolExecutor(4) as pool:
        sent = [
            pool.submit(deployment.webhook, f"e-{n}", {"card_number": card["number"], "add": 1})
            for n in range(40)
        ]
        until(lambda: sum(each.done() for each in sent) >= 8)
        deployment.stop(signal.SIGTERM)
        answered = sum(each.exception() is None for each in sent)
    deployment.start()
    account = deployment.call("GET", f"/v1/accounts/{card['account']['id']}")

    assert [process.returncode for process in processes] == [0] * len(processes)
    assert account["balances"]["points"]["amount"] >= answered >= 8


def test_a_hanging_google_holds_up_neither_a_stop_nor_apple(deployment: Deployment) -> None:
    deployment.connect_google()
    deployment.start()
    card = deployment.card("m-1", points=0)
    phone, saved = deployment.new_phone(card), deployment.save_to_google(card)
    deployment.google.control({"black_hole": True})

    deployment.webhook("e-1", {"card_number": card["number"], "set": 5})
    until(lambda: deployment.points_on(phone) == "5")
    started = time.monotonic()
    deployment.stop(signal.SIGTERM)
    lasted_s = time.monotonic() - started
    deployment.google.control({"black_hole": False})
    deployment.start()

    assert lasted_s < 20  # a call in hand is given up after 10 s
    until(lambda: deployment.in_google(saved)["points"]["value"] == "5", within_s=90)


@pytest.mark.parametrize("deployment", ["embedded"], indirect=True)
def test_clicks_on_a_hanging_google_hold_up_no_till(deployment: Deployment) -> None:
    deployment.connect_google()
    deployment.start()
    cards = [deployment.card(f"m-{number}", points=0) for number in range(16)]
    deployment.google.control({"black_hole": True})

    with ThreadPoolExecutor(16) as pool:
        clicked = [pool.submit(status_of, each["links"]["google"]) for each in cards]
        until(lambda: deployment.google.lost >= 1)
        started = time.monotonic()
        answer = deployment.call("POST", "/v1/lookup", {"number": cards[0]["number"]})
        lasted_s = time.monotonic() - started
        statuses = {each.result() for each in clicked}
    deployment.google.control({"black_hole": False})

    assert answer["can_redeem"] is True
    assert lasted_s < 2  # each click that waits for Google does so for 5 s
    assert statuses == {503}


def status_of(url: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, allow_redirects=False, timeout=60).status_code


@pytest.mark.parametrize("deployment", ["scaled"], indirect=True)
def test_web_processes_die_with_the_one_that_started_them(deployment: Deployment) -> None:
    deployment.start()
    supervisor = deployment.processes[0]
    children = children_of(supervisor.pid)

    supervisor.kill()
    supervisor.wait()

    assert len(children) == 2
    until(lambda: not any(is_alive(child) for child in children))


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    """Say whether the process still runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
