"""Apple's web service, as phones call it (docs/sources.md, a-4)."""

import itertools
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import pytest

from service.domain.passes import WalletName
from service.emulators.pass_reader import OpenedPass
from service.operations import deliveries
from service.wallets.interface import PushOutcome, PushResult
from tests.http.phone import Phone, bearing
from tests.world import World

GARBAGE_DATES = [
    "yesterday",
    "",
    "0",
    "2026-11-22T12:00:00Z",
    "Sun, 99 Nov 2026 12:00:00 GMT",
    "Mon, 01 Jan 0001 00:00:00 +1400",
    "Fri, 31 Dec 9999 23:59:59 -1400",
    "Sun, 22 Nov 99999 12:00:00 GMT",
    "1763812800.0",
]


@pytest.fixture
def card(world: World) -> dict[str, Any]:
    world.clock.freeze()
    return world.card(points=100)


@pytest.fixture
def phone(world: World) -> Phone:
    return Phone(world)


def earn(world: World, card: dict[str, Any], number: int = 1) -> None:
    world.points(f"e-{number}", card, add=1)


def points_on(copy: OpenedPass) -> Any:
    (field,) = copy.content["storeCard"]["headerFields"]
    return field["value"]


def due(world: World) -> list[str]:
    """Take what is owed, as a worker does; the push tokens of it."""
    return [
        each.push_token
        for batch in deliveries.claim(world.context, WalletName.APPLE)
        for each in batch.deliveries
    ]


def test_a_pass_is_signed_and_says_where_its_updates_come_from(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.download(card)

    assert copy.pass_type_id == world.brand.pass_type_id
    assert copy.web_service_url == f"{world.context.settings.base_url}/apple"
    assert len(copy.authentication_token) >= 16
    assert card["number"] not in copy.serial


def test_a_link_gives_the_same_pass_again_and_a_wrong_one_gives_none(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    first, again = phone.download(card), phone.download(card)

    wrong = world.client.get("/add/wrong/apple.pkpass")

    assert first.serial == again.serial
    assert first.authentication_token == again.authentication_token
    assert (wrong.status_code, wrong.json["code"]) == (404, "card_not_found")


def test_a_registration_is_201_and_its_repeat_200(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.download(card)

    assert phone.register(copy).status_code == 201
    assert phone.register(copy).status_code == 200


def test_a_registration_needs_no_content_type(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.download(card)
    path = f"/apple/v1/devices/d/registrations/{copy.pass_type_id}/{copy.serial}"
    headers = {"Authorization": f"ApplePass {copy.authentication_token}"}

    answer = world.client.post(path, data=b'{"pushToken": "aa"}', headers=headers)

    assert answer.status_code == 201


def test_a_repeat_brings_the_push_token_that_is_used_from_then_on(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:

    copy = phone.add(card)
    phone.push_token = "bb22"
    phone.register(copy)
    earn(world, card)

    (batch,) = deliveries.claim(world.context, WalletName.APPLE)

    assert [each.push_token for each in batch.deliveries] == ["bb22"]


def test_a_wrong_token_and_an_unknown_pass_look_the_same(
    world: World, rival: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    other = Phone(rival).download(rival.card())
    asked = [
        {"token": "wrong-token-wrong-token"},
        {"token": other.authentication_token},
        {"token": ""},
        {"serial": "unknown"},
        {"serial": other.serial},
        {"serial": "a%00b"},
        {"serial": "x" * 1000},
        {"type_id": "pass.com.example.unknown"},
        {"type_id": other.pass_type_id},
        {"type_id": "a%00b"},
    ]

    for parts in asked:
        answers = [
            phone.fetch(copy, **parts),
            phone.register(copy, **parts),
            phone.remove(copy, **parts),
        ]
        for answer in answers:
            assert answer.status_code == 401, parts
            assert answer.json["code"] == "unauthorized"
            assert answer.json["detail"] == "The pass or its token is unknown."
        assert phone.fetch(copy, method="HEAD", **parts).status_code == 401, parts
    assert phone.fetch(copy).status_code == 200


def test_only_the_schemes_of_readers_are_taken(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    path = f"/apple/v1/passes/{copy.pass_type_id}/{copy.serial}"

    for scheme in ("Bearer", "applepass", "Basic", ""):
        headers = {"Authorization": f"{scheme} {copy.authentication_token}"}
        assert world.client.get(path, headers=headers).status_code == 401, scheme


def test_a_registration_without_a_good_push_token_is_refused(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.download(card)
    wrong: list[object] = [
        {},
        [],
        "aa11",
        {"pushToken": ""},
        {"pushToken": None},
        {"pushToken": 5},
        {"pushToken": "a/b"},
        {"pushToken": "a" * 201},
        {"pushToken": "\u00e9\u00e9"},
        {"pushToken": "\u0661\u0662"},
    ]

    for body in wrong:
        answer = phone.register(copy, body)
        assert answer.status_code == 400, body
        assert answer.json["code"] == "invalid_input"


def test_the_list_names_what_changed_and_is_silent_when_nothing_did(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    other = phone.add(world.card("m-2"))

    everything = phone.ask(copy)
    nothing = phone.ask(copy, everything.json["lastUpdated"])
    earn(world, card)
    changed = phone.ask(copy, everything.json["lastUpdated"])
    after = phone.ask(copy, changed.json["lastUpdated"])

    assert everything.status_code == 200
    assert set(everything.json["serialNumbers"]) == {copy.serial, other.serial}
    assert (nothing.status_code, nothing.data) == (204, b"")
    assert changed.json["serialNumbers"] == [copy.serial]
    assert changed.json["lastUpdated"] != everything.json["lastUpdated"]
    assert after.status_code == 204


def test_the_list_never_asks_for_a_token(world: World, phone: Phone, card: dict[str, Any]) -> None:
    copy = phone.add(card)
    path = f"/apple/v1/devices/{phone.device}/registrations/{copy.pass_type_id}"

    for headers in ({}, {"Authorization": "ApplePass wrong"}, {"Authorization": "Bearer x"}):
        assert world.client.get(path, headers=headers).status_code == 200


def test_an_unknown_device_hears_that_there_is_nothing(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    base = "/apple/v1/devices"

    for path in (
        f"{base}/unknown/registrations/{copy.pass_type_id}",
        f"{base}/{phone.device}/registrations/pass.unknown",
        f"{base}/a%00b/registrations/a%00b",
        f"{base}/{'x' * 2000}/registrations/{copy.pass_type_id}",
    ):
        answer = world.client.get(path)
        assert (answer.status_code, answer.data) == (204, b""), path[:80]


def test_a_tag_that_cannot_be_ours_means_everything(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    phone.ask(copy)

    for tag in ("", "x", "-1", "99999", "1.0", "\u0661", "9" * 40, "1;DROP TABLE", "\x00"):
        answer = phone.ask(copy, tag)
        assert answer.status_code == 200, tag
        assert answer.json["serialNumbers"] == [copy.serial], tag


def test_a_lost_answer_is_given_again(world: World, phone: Phone, card: dict[str, Any]) -> None:
    copy = phone.add(card)
    tag = phone.ask(copy).json["lastUpdated"]
    earn(world, card)

    lost = phone.ask(copy, tag)
    again = phone.ask(copy, tag)

    assert lost.json["serialNumbers"] == again.json["serialNumbers"] == [copy.serial]


def test_one_device_does_not_hear_for_another(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    second = Phone(world, "device-2", "bb22")
    copy = phone.add(card)
    second.add(card)
    tags = [each.ask(copy).json["lastUpdated"] for each in (phone, second)]
    earn(world, card)

    heard = [each.ask(copy, tag) for each, tag in zip((phone, second), tags, strict=True)]

    assert [answer.status_code for answer in heard] == [200, 200]


def test_a_fetched_pass_shows_the_points_of_now(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    earn(world, card)

    answer = phone.fetch(copy)
    fetched = phone.opened(answer)

    assert answer.content_type == "application/vnd.apple.pkpass"
    assert (points_on(copy), points_on(fetched)) == (100, 101)
    assert fetched.serial == copy.serial
    assert not fetched.is_voided


def test_a_blocked_card_is_fetched_as_void(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    world.act(card, "block", reason="lost")

    assert phone.opened(phone.fetch(copy)).is_voided


def test_only_the_very_same_date_is_not_modified(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    first = phone.fetch(copy)
    date = parsedate_to_datetime(first.headers["Last-Modified"])
    second = timedelta(seconds=1)
    older, newer = (format_datetime(date + by, usegmt=True) for by in (-second, second))

    same = phone.fetch(copy, since=first.headers["Last-Modified"])
    answers = [phone.fetch(copy, since=each) for each in (older, newer, *GARBAGE_DATES)]

    assert (same.status_code, same.data) == (304, b"")
    assert [answer.status_code for answer in answers] == [200] * len(answers)


def test_two_changes_within_one_second_are_both_seen(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)

    dates, shown = [], []
    for number in range(3):
        answer = phone.fetch(copy, since=dates[-1] if dates else None)
        dates.append(answer.headers["Last-Modified"])
        shown.append(points_on(phone.opened(answer)))
        earn(world, card, number)

    times = [parsedate_to_datetime(date) for date in dates]
    assert shown == [100, 101, 102]
    assert all(b - a >= timedelta(seconds=1) for a, b in itertools.pairwise(times))


def test_last_modified_is_the_time_of_the_change(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    world.clock.forward(minutes=10)
    earn(world, card)

    answer = phone.fetch(copy)

    assert parsedate_to_datetime(answer.headers["Last-Modified"]) == world.clock()


def test_a_head_is_answered_like_a_get_without_the_pass(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    got = phone.fetch(copy)

    head = phone.fetch(copy, method="HEAD")
    same = phone.fetch(copy, since=got.headers["Last-Modified"], method="HEAD")

    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Last-Modified"] == got.headers["Last-Modified"]
    assert head.content_type == got.content_type
    assert same.status_code == 304


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_pass_can_only_be_fetched(
    world: World, phone: Phone, card: dict[str, Any], method: str
) -> None:
    copy = phone.add(card)

    answer = phone.fetch(copy, method=method)

    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")


def test_no_header_makes_another_method_of_a_call(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    path = f"/apple/v1/passes/{copy.pass_type_id}/{copy.serial}"
    headers = {**bearing(copy), "X-HTTP-Method-Override": "GET"}

    assert world.client.post(path, headers=headers).status_code == 405


def test_an_unregistered_pass_is_no_longer_pushed_and_a_repeat_is_fine(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:

    copy = phone.add(card)

    first, again = phone.remove(copy), phone.remove(copy)
    earn(world, card)

    assert (first.status_code, again.status_code) == (200, 200)
    assert phone.ask(copy).status_code == 204
    assert deliveries.claim(world.context, WalletName.APPLE) == []
    assert phone.register(copy).status_code == 201


def test_a_fresh_copy_owes_no_push_and_one_that_may_be_stale_does(
    world: World, card: dict[str, Any]
) -> None:
    fresh, stale = Phone(world, "fresh", "aa"), Phone(world, "stale", "bb")

    fresh.add(card)
    after_fresh = due(world)
    copy = stale.download(card)
    earn(world, card)
    due(world)
    stale.register(copy)
    after_stale = due(world)

    assert (after_fresh, after_stale) == ([], ["bb"])
    assert stale.ask(copy, "0").json["serialNumbers"] == [copy.serial]


def test_a_change_between_download_and_registration_is_pushed(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:

    copy = phone.download(card)
    earn(world, card)

    phone.register(copy)
    (batch,) = deliveries.claim(world.context, WalletName.APPLE)

    assert [each.version for each in batch.deliveries] == [2]


def test_the_proof_follows_a_copy_from_wanted_to_fetched(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    tag = phone.ask(copy).json["lastUpdated"]
    earn(world, card)

    wanted = proof(world, card)
    push(world)
    pushed = proof(world, card)
    phone.ask(copy, tag)
    asked = proof(world, card)
    phone.fetch(copy)
    fetched = proof(world, card)

    assert (wanted["wanted_version"], wanted["pushed_version"], wanted["asked_version"]) == (
        2,
        0,
        1,
    )
    assert (pushed["pushed_version"], pushed["attempts"]) == (2, 0)
    assert pushed["pushed_at"] is not None
    assert asked["asked_version"] == 2
    assert (asked["fetched_version"], asked["fetched_by"]) == (None, None)
    assert (fetched["fetched_version"], fetched["fetched_by"]) == (2, "this device")


def test_a_fetch_counts_for_no_single_copy_when_two_devices_have_one(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    Phone(world, "device-2", "bb22").add(card)

    before = proofs(world, card)
    phone.fetch(copy)
    after = proofs(world, card)

    assert [each["fetched_by"] for each in before["installations"]] == [None, None]
    assert [each["fetched_by"] for each in after["installations"]] == ["one of 2 devices"] * 2
    assert {each["fetched_version"] for each in after["installations"]} == {None}
    assert after["fetched_version"] == 1


def test_a_fetch_from_before_the_other_device_left_is_not_credited(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    copy = phone.add(card)
    other = Phone(world, "device-2", "bb22")
    other.add(card)
    other.fetch(copy)
    world.clock.forward(seconds=1)

    other.remove(copy)
    left = proof(world, card)

    assert (left["fetched_version"], left["fetched_by"]) == (None, None)


def test_the_proof_of_a_failed_push_says_why(
    world: World, phone: Phone, card: dict[str, Any]
) -> None:
    phone.add(card)
    earn(world, card)

    push(world, is_taken=False)
    failed = proof(world, card)

    assert (failed["attempts"], failed["last_error"]) == (1, "TooManyRequests")
    assert (failed["pushed_version"], failed["pushed_at"]) == (0, None)


def test_a_card_without_a_pass_has_an_empty_proof(world: World, card: dict[str, Any]) -> None:
    answer = world.call("GET", f"/v1/cards/{card['id']}/delivery").json

    assert answer == {"card": card["id"], "passes": [], "device_reports": []}


def proofs(world: World, card: dict[str, Any]) -> dict[str, Any]:
    answer = world.call("GET", f"/v1/cards/{card['id']}/delivery")
    assert answer.status_code == 200, answer.text
    (shown,) = answer.json["passes"]
    assert shown["wallet"] == "apple"
    assert datetime.fromisoformat(shown["changed_at"]).tzinfo is not None
    return dict(shown)


def proof(world: World, card: dict[str, Any]) -> dict[str, Any]:
    (only,) = proofs(world, card)["installations"]
    return dict(only)


def push(world: World, is_taken: bool = True) -> None:
    """Do a worker's round, in which APNs takes or refuses everything."""

    outcome = PushOutcome.ACCEPTED if is_taken else PushOutcome.TRY_LATER
    for batch in deliveries.claim(world.context, WalletName.APPLE):
        results = [
            (each, PushResult(each.id, outcome, None if is_taken else "TooManyRequests"))
            for each in batch.deliveries
        ]
        deliveries.conclude(world.context, results)
