"""The phone emulator against a small web service, over real sockets."""

import logging
import stat
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority, Issued
from service.emulators.pass_reader import PassRefused
from service.emulators.phone import PhoneEmulator
from service.emulators.phone_requests import ServerUnavailable
from service.emulators.phone_state import Phone, PhoneNotFound

from .passes import PASS_TYPE_ID, TOKEN, a_content, a_pass
from .pusher import Pusher
from .waiting import wait_for
from .web_service import FakeService, Served

PKPASS = "application/vnd.apple.pkpass"


def a_card(points: int, tier: str = "Bronze") -> dict[str, object]:
    return {
        "storeCard": {
            "headerFields": [
                {"key": "points", "label": "P", "value": points, "changeMessage": "Now %@ points"}
            ],
            "secondaryFields": [
                {"key": "tier", "value": tier, "changeMessage": "You are %@ now"},
                {"key": "note", "value": f"after {points}"},
            ],
        }
    }


@pytest.fixture
def shop(authority: Authority, issued: Issued) -> Iterator[FakeService]:
    service = FakeService(authority, issued)
    with Served(service.app()) as served:
        service.url = served.url
        service.put("S-1", **a_card(120))
        yield service


@pytest.fixture
def phones(authority: Authority) -> Iterator[PhoneEmulator]:
    with PhoneEmulator(authority.root_pem) as emulator:
        yield emulator


@pytest.fixture
def phone(phones: PhoneEmulator, shop: FakeService) -> Phone:
    phone = phones.create_phone()
    phones.add(phone.id, shop.pkpass("S-1"))
    return phone


def the_pass(phones: PhoneEmulator, phone: Phone) -> dict[str, object]:
    passes = phones.view(phone.id)["passes"]
    assert isinstance(passes, list)
    assert len(passes) == 1
    shown = passes[0]
    assert isinstance(shown, dict)
    return shown


def points(phones: PhoneEmulator, phone: Phone) -> object:
    fields = the_pass(phones, phone)["fields"]
    assert isinstance(fields, dict)
    return fields["points"]["value"]


def texts(phones: PhoneEmulator, phone: Phone) -> list[object]:
    notifications = phones.view(phone.id)["notifications"]
    assert isinstance(notifications, list)
    return [each["text"] for each in notifications]


def wake(phones: PhoneEmulator, phone: Phone) -> None:
    phones.wake(phone.push_token, PASS_TYPE_ID)
    assert phones.wait_until_idle(10)


def test_adding_a_pass_registers_it_with_the_token_inside_it(
    phones: PhoneEmulator, shop: FakeService
) -> None:
    phone = phones.create_phone()

    shown = phones.add(phone.id, shop.pkpass("S-1"))

    assert shop.registrations == {"S-1": phone.push_token}
    assert (shown["registered"], shown["registration_status"]) == (True, 201)
    assert (len(phone.push_token), len(phone.device_library_identifier)) == (64, 32)
    assert [each["status"] for each in phone.log] == [201]
    assert TOKEN not in str(phones.view(phone.id))


def test_a_pass_without_web_service_is_kept_and_never_registered(
    phones: PhoneEmulator, authority: Authority, issued: Issued
) -> None:
    phone = phones.create_phone()

    shown = phones.add(phone.id, a_pass(authority, issued))

    assert (shown["registered"], phones.poll(phone.id)) == (False, [])


def test_a_push_brings_the_new_balance_and_announces_it(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.put("S-1", **a_card(150))

    wake(phones, phone)

    assert points(phones, phone) == "150"
    assert texts(phones, phone) == ["Now 150 points"]
    assert phone.changes[-1]["fields"] == {
        "points": {"old": "120", "new": "150"},
        "note": {"old": "after 120", "new": "after 150"},
    }


def test_several_announced_changes_become_one_generic_notice(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.put("S-1", **a_card(150, "Silver"))

    wake(phones, phone)

    assert texts(phones, phone) == ["Store card changed"]


def test_a_change_without_message_is_silent(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    card = a_card(120)
    card["storeCard"]["secondaryFields"][1]["value"] = "other"  # type: ignore[index]
    shop.put("S-1", **card)

    wake(phones, phone)

    assert texts(phones, phone) == []
    assert phone.changes[-1]["fields"] == {"note": {"old": "after 120", "new": "other"}}


def test_the_first_list_has_no_tag_and_the_next_gives_it_back(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.put("S-1", **a_card(150))

    wake(phones, phone)
    wake(phones, phone)

    assert shop.asked_since == [None, "2"]
    assert shop.calls("GET", "/v1/passes/") == 1


def test_last_modified_goes_back_verbatim_and_304_keeps_the_pass(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.put("S-1", **a_card(150))
    wake(phones, phone)

    replaced = phones.poll(phone.id, "S-1")

    assert shop.conditions == [None, shop.last_modified("S-1")]
    assert replaced == []
    assert the_pass(phones, phone)["last_modified"] == shop.last_modified("S-1")
    assert phone.log[-1]["status"] == 304


def test_a_blocked_card_shows_as_voided(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.put("S-1", voided=True, barcodes=None, **a_card(120))

    wake(phones, phone)

    shown = the_pass(phones, phone)
    assert (shown["voided"], shown["barcode"]) == (True, None)


def test_a_forged_update_is_kept_out_reported_and_asked_for_again(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.put("S-1", **a_card(150))
    good = shop.pkpass("S-1")
    shop.forged = good[:-40]
    wake(phones, phone)
    kept = points(phones, phone)

    shop.forged = None
    wake(phones, phone)

    assert (kept, points(phones, phone)) == ("120", "150")
    assert phone.refusals[-1]["code"] == "not_a_zip"
    assert "not_a_zip" in shop.complaints[0]
    assert shop.asked_since == [None, None]


def test_an_update_of_another_serial_is_refused(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.put("S-2", **a_card(7))
    shop.forged = shop.pkpass("S-2")

    phones.poll(phone.id)

    assert phone.refusals[-1]["code"] == "different_pass"
    assert points(phones, phone) == "120"


def test_an_update_that_changes_nothing_is_reported_to_the_server(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    replaced = phones.poll(phone.id)

    assert replaced == []
    assert "but the pass was unchanged" in shop.complaints[0]


def test_a_woken_phone_tries_again_when_the_server_fails(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.put("S-1", **a_card(150))
    shop.failures = [503, 500]

    wake(phones, phone)

    assert points(phones, phone) == "150"
    assert [each["status"] for each in phone.log][1:3] == [503, 500]


def test_the_tag_is_not_kept_when_a_fetch_failed(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.put("S-2", **a_card(7))
    phones.add(phone.id, shop.pkpass("S-2"))
    shop.put("S-2", **a_card(8))

    shop.forged = b"broken"
    phones.poll(phone.id)

    assert phone.tags == {}


def test_wakes_during_a_run_collapse_into_one_more(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.hold = threading.Event()
    phones.wake(phone.push_token, PASS_TYPE_ID)
    wait_for(lambda: shop.calls("GET", f"/registrations/{PASS_TYPE_ID}") == 1)

    for _ in range(50):
        phones.wake(phone.push_token, PASS_TYPE_ID)
    shop.hold.set()

    assert phones.wait_until_idle(10)
    assert len(shop.asked_since) == 2


def test_a_wake_for_an_unknown_token_or_another_type_asks_nobody(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    phones.wake("00" * 32, PASS_TYPE_ID)
    phones.wake(phone.push_token, "pass.of.somebody.else")

    assert phones.wait_until_idle(10)
    assert shop.asked_since == []


def test_a_pass_added_while_the_server_was_down_registers_at_the_next_poll(
    phones: PhoneEmulator, shop: FakeService
) -> None:
    phone = phones.create_phone()
    shop.failures = [503]
    phones.add(phone.id, shop.pkpass("S-1"))
    before = the_pass(phones, phone)["registered"]

    phones.poll(phone.id)

    assert (before, the_pass(phones, phone)["registered"]) == (False, True)


def test_a_wrong_token_leaves_the_pass_unregistered(
    phones: PhoneEmulator, shop: FakeService
) -> None:
    phone = phones.create_phone()
    shop.put("S-1", authenticationToken="another-token-of-some-length")

    shown = phones.add(phone.id, shop.pkpass("S-1"))

    assert (shown["registered"], shown["registration_status"]) == (False, 401)


def test_adding_the_same_serial_again_replaces_the_pass(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.put("S-1", **a_card(300))

    phones.add(phone.id, shop.pkpass("S-1"))

    assert points(phones, phone) == "300"


def test_deleting_a_pass_unregisters_it(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    phones.delete(phone.id, "S-1")

    assert shop.registrations == {}
    assert phones.view(phone.id)["passes"] == []
    with pytest.raises(PhoneNotFound):
        phones.delete(phone.id, "S-1")


def test_a_manual_poll_says_when_the_server_is_out_of_order(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.failures = [503]

    with pytest.raises(ServerUnavailable, match="503"):
        phones.poll(phone.id)


def test_a_pass_is_taken_from_a_link_but_a_page_is_not(
    phones: PhoneEmulator, shop: FakeService
) -> None:
    phone = phones.create_phone()

    shown = phones.add_from_url(phone.id, f"{shop.url}/download/S-1")
    with pytest.raises(PassRefused) as page:
        phones.add_from_url(phone.id, f"{shop.url}/page")
    with pytest.raises(PassRefused) as missing:
        phones.add_from_url(phone.id, f"{shop.url}/nothing-here")

    assert shown["serial"] == "S-1"
    assert (page.value.code, missing.value.code) == ("wrong_content_type", "download_failed")


def test_plain_http_is_warned_about_once_per_host(
    phones: PhoneEmulator, shop: FakeService, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            phones.add(phones.create_phone().id, shop.pkpass("S-1"))

    warnings = [line for line in caplog.messages if "plain http" in line]
    assert len(warnings) == 1


def test_phones_survive_a_restart_in_a_file_only_the_owner_reads(
    authority: Authority, shop: FakeService, tmp_path: Path
) -> None:
    path = tmp_path / "var" / "phones.json"
    with PhoneEmulator(authority.root_pem, state_path=path) as before:
        phone = before.create_phone("ru", ios=26)
        before.add(phone.id, shop.pkpass("S-1"))
        shop.put("S-1", **a_card(150))
        wake(before, phone)

    with PhoneEmulator(authority.root_pem, state_path=path) as after:
        shop.put("S-1", **a_card(200))
        wake(after, phone)
        shown = after.view(phone.id)
        known = texts(after, phone)

    assert (shown["language"], shown["ios"]) == ("ru", 26)
    assert shown["push_token"] == phone.push_token
    assert known == ["Now 150 points", "Now 200 points"]
    assert shop.asked_since == [None, "2"]
    assert shop.conditions == [None, "Thu, 01 Jan 2026 00:00:02 GMT"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["phones.json"]


def test_a_saved_pass_no_longer_trusted_is_left_out(
    authority: Authority, shop: FakeService, tmp_path: Path, shop_root: bytes
) -> None:
    path = tmp_path / "phones.json"
    with PhoneEmulator(authority.root_pem, state_path=path) as before:
        phone = before.create_phone()
        before.add(phone.id, shop.pkpass("S-1"))

    after = PhoneEmulator(shop_root, state_path=path)

    assert after.view(phone.id)["passes"] == []


@pytest.fixture
def shop_root(authority: Authority) -> bytes:
    """A root that vouches for nothing signed here."""
    return authority.wwdr_pem


def test_a_push_through_the_apns_emulator_reaches_the_phone(
    phones: PhoneEmulator,
    phone: Phone,
    shop: FakeService,
    authority: Authority,
    issued: Issued,
    tmp_path: Path,
) -> None:
    shop.put("S-1", **a_card(150))

    with ApnsEmulator(authority, wake=phones.wake) as apns:
        reply = Pusher(apns.push_url, tmp_path, authority, issued).push(phone.push_token)
        wait_for(lambda: points(phones, phone) == "150")

    assert reply.status == 200
    assert texts(phones, phone) == ["Now 150 points"]


def test_the_control_api_carries_a_phone_through_its_life(
    phones: PhoneEmulator, shop: FakeService
) -> None:
    url = phones.control_url
    made = requests.post(f"{url}/phones", json={"language": "de", "ios": 26}, timeout=5)
    one = f"{url}/phones/{made.json()['id']}"

    added = requests.post(
        f"{one}/add",
        data=shop.pkpass("S-1"),
        headers={"Content-Type": PKPASS},
        timeout=5,
    )
    shop.put("S-1", **a_card(150))
    polled = requests.post(f"{one}/poll", timeout=5)
    viewed = requests.get(one, timeout=5).json()
    deleted = requests.delete(f"{one}/passes/S-1", timeout=5)

    assert (made.status_code, added.status_code, deleted.status_code) == (201, 200, 204)
    assert set(made.json()) >= {"id", "push_token", "device_library_identifier"}
    assert list(added.json()["fields"]) == ["points", "tier", "note"]
    assert polled.json() == {"replaced": ["S-1"]}
    assert viewed["passes"][0]["fields"]["points"] == {
        "label": "P",
        "value": "150",
        "section": "headerFields",
    }
    assert viewed["notifications"][0]["text"] == "Now 150 points"
    assert {"method", "path", "status", "at"} <= set(viewed["log"][0])
    assert len(requests.get(f"{url}/phones", timeout=5).json()["phones"]) == 1
    assert requests.get(one, timeout=5).json()["passes"] == []


def test_the_control_api_takes_a_link(phones: PhoneEmulator, shop: FakeService) -> None:
    one = f"{phones.control_url}/phones/{phones.create_phone().id}"

    added = requests.post(f"{one}/add", json={"url": f"{shop.url}/download/S-1"}, timeout=5)

    assert (added.status_code, added.json()["serial"]) == (200, "S-1")


def test_the_control_api_says_why_a_pass_is_refused(phones: PhoneEmulator) -> None:
    one = f"{phones.control_url}/phones/{phones.create_phone().id}"
    headers = {"Content-Type": PKPASS}

    response = requests.post(f"{one}/add", data=b"junk", headers=headers, timeout=5)

    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_a_zip"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/phones/none", None, 404, "phone_not_found"),
        ("POST", "/phones", {"colour": "red"}, 400, "unknown_key"),
        ("POST", "/phones", {"language": 7}, 400, "invalid_value"),
        ("POST", "/phones", {"ios": "26"}, 400, "invalid_value"),
        ("POST", "/phones", ["de"], 400, "invalid_json"),
        ("POST", "/phones/x/add", {}, 400, "url_missing"),
        ("GET", "/nowhere", None, 404, "not_found"),
        ("PUT", "/phones", None, 405, "method_not_allowed"),
    ],
)
def test_a_control_call_that_means_nothing_is_a_problem(
    phones: PhoneEmulator, method: str, path: str, body: object, status: int, code: str
) -> None:
    response = requests.request(method, phones.control_url + path, json=body, timeout=5)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_poll_of_a_dead_server_is_a_502(
    phones: PhoneEmulator, phone: Phone, shop: FakeService
) -> None:
    shop.failures = [503]

    response = requests.post(f"{phones.control_url}/phones/{phone.id}/poll", timeout=5)

    assert (response.status_code, response.json()["code"]) == (502, "server_unavailable")


def test_stopping_is_quick_even_when_a_server_hangs(
    authority: Authority, shop: FakeService
) -> None:
    emulator = PhoneEmulator(authority.root_pem)
    emulator.start()
    phone = emulator.create_phone()
    emulator.add(phone.id, shop.pkpass("S-1"))
    shop.hold = threading.Event()
    emulator.wake(phone.push_token, PASS_TYPE_ID)
    wait_for(lambda: shop.calls("GET", f"/registrations/{PASS_TYPE_ID}") == 1)

    began = time.monotonic()
    emulator.stop()
    took = time.monotonic() - began
    shop.hold.set()

    assert took < 2


def test_phones_can_be_started_and_stopped_many_times(authority: Authority) -> None:
    emulator = PhoneEmulator(authority.root_pem)
    before = threading.active_count()

    for _ in range(20):
        emulator.start()
        emulator.stop()
        emulator.stop()

    wait_for(lambda: threading.active_count() <= before)


def test_a_pass_of_another_brand_is_updated_from_its_own_server(
    phones: PhoneEmulator, phone: Phone, shop: FakeService, authority: Authority
) -> None:
    other_type = "pass.other.brand"
    from_other = authority.pass_certificate(other_type, "TEAM123456", now=datetime.now(UTC))
    content = a_content(
        serialNumber="S-9",
        passTypeIdentifier=other_type,
        webServiceURL=shop.url,
        authenticationToken=TOKEN,
    )
    phones.add(phone.id, a_pass(authority, from_other, content))

    wake(phones, phone)

    asked = [path for method, path in shop.seen if method == "GET" and "registrations" in path]
    assert all(path.endswith(PASS_TYPE_ID) for path in asked)
