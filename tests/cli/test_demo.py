"""`make run`: the demo starts, keeps what it has, says what is wrong, and stops."""

import signal
import socket
import stat
from pathlib import Path

import pytest
import requests

from tests.cli.demo import Demo

KEYS = ["base_url", "api_key", "webhook", "programs", "console", "apple", "emulators"]


def _get(demo: Demo, path: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {demo.told['api_key']}"}
    return requests.get(demo.told["base_url"] + path, headers=headers, timeout=10)


def test_the_demo_writes_what_to_call_for_its_user_alone(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        told = demo.told
        ready = _get(demo, "/readyz")
        figures = _get(demo, "/metrics")

    assert list(told) == KEYS
    assert ready.json() == {"status": "ready", "attention": []}
    assert "tessera_certificate_days_left" in figures.text
    assert set(told["programs"]) >= {"points"}
    assert set(told["emulators"]) == {"apns", "google", "phone", "sms"}
    assert (tmp_path / told["apple"]["ca_pem_path"]).read_text().startswith("-----BEGIN CERT")
    private = [tmp_path / "var" / name for name in ("demo.json", "master.key", "tessera.db")]
    assert [stat.S_IMODE(file.stat().st_mode) for file in private] == [0o600] * 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_run_finds_cards_phones_and_key_again(
    tmp_path: Path, number: signal.Signals
) -> None:
    with Demo(tmp_path) as demo:
        first = demo.told
        phones = first["emulators"]["phone"]
        path = f"/v1/programs/{first['programs']['points']}/members/m-1"
        headers = {"Authorization": f"Bearer {first['api_key']}"}
        card = requests.put(
            first["base_url"] + path, json={"balances": {"points": 7}}, headers=headers, timeout=10
        ).json()
        phone = requests.post(f"{phones}/phones", timeout=10).json()["id"]
        link = {"url": card["links"]["apple"]}
        requests.post(f"{phones}/phones/{phone}/add", json=link, timeout=10).raise_for_status()
        stopped = demo.stop(number)

    with demo:
        second = demo.told
        found = _get(demo, f"/v1/cards/{card['id']}")
        on_phone = requests.get(f"{second['emulators']['phone']}/phones/{phone}", timeout=10).json()

    assert stopped == 0
    assert {**second, "emulators": 0} == {**first, "emulators": 0}
    assert found.json()["account"]["balances"]["points"]["amount"] == 7
    assert on_phone["passes"][0]["fields"]["points"]["value"] == "7"


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", demo.port))
        taken.listen()

        output, _ = demo.command().communicate(timeout=60)

    assert f"Cannot listen on 127.0.0.1:{demo.port}" in output
    assert "Traceback" not in output


def test_a_second_instance_is_told_who_has_the_database(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        second = Demo(tmp_path).command()
        output, _ = second.communicate(timeout=60)

        assert second.returncode == 1
        assert f"pid {demo.process.pid}" in output
        assert "Traceback" not in output
