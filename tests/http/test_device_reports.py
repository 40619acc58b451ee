"""What phones report is kept with the card that it is about, and with no other."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from service.domain.device_reports import KEPT_PER_PASS, Kind
from service.emulators.pass_reader import OpenedPass
from service.operations import device_reports
from service.storage import accounts, passes
from service.storage.passes import Scope
from service.storage.tables import DeviceReportRow
from tests.http.phone import Phone
from tests.races.test_races import wait_for_waiters
from tests.world import World

LOGGER = "service.operations.device_reports"
UNCHANGED = "Server requested update to serial number '{}', but the pass was unchanged."


@pytest.fixture
def card(world: World) -> dict[str, Any]:
    return world.card(points=100)


def report(world: World, *texts: object) -> int:
    return world.client.post("/apple/v1/log", json={"logs": list(texts)}).status_code


def shown(world: World, card: dict[str, Any]) -> list[dict[str, str]]:
    answer = world.call("GET", f"/v1/cards/{card['id']}/delivery")
    assert answer.status_code == 200, answer.text
    reports: list[dict[str, str]] = answer.json["device_reports"]
    return reports


def kept(world: World) -> list[DeviceReportRow]:
    with world.context.reading() as transaction:
        return list(transaction.session.scalars(select(DeviceReportRow)))


def unchanged(copy: OpenedPass) -> str:
    return UNCHANGED.format(copy.serial)


def test_a_report_about_a_pass_is_shown_with_its_card(world: World, card: dict[str, Any]) -> None:
    now = world.clock.freeze()
    copy = Phone(world).download(card)

    assert report(world, unchanged(copy)) == 200

    (only,) = shown(world, card)
    assert only == {
        "at": now.isoformat().replace("+00:00", "Z"),
        "kind": "pass_unchanged",
        "text": unchanged(copy),
    }
    (row,) = kept(world)
    assert (row.brand_id, str(row.account_id)) == (world.brand.id, card["account"]["id"])


def test_reports_stay_with_their_own_card_and_brand(
    world: World, rival: World, card: dict[str, Any]
) -> None:
    theirs = rival.card()
    mine, other = Phone(world).download(card), Phone(rival).download(theirs)

    report(world, unchanged(mine), f"serial number {mine.serial} and {other.serial} differ")

    assert [mine.serial in each["text"] for each in shown(world, card)] == [True, True]
    (told,) = shown(rival, theirs)
    assert other.serial in told["text"]
    assert mine.serial not in told["text"]
    assert not any(other.serial in each["text"] for each in shown(world, card))
    assert rival.call("GET", f"/v1/cards/{card['id']}/delivery").status_code == 404


def test_a_report_that_names_only_its_device_is_about_the_passes_on_it(
    world: World, card: dict[str, Any]
) -> None:
    phone = Phone(world, "05f1" * 8)
    phone.add(card)
    other = world.card("m-2")
    Phone(world, "aaaa" * 8).add(other)
    text = "Web service error for {} (https://cards.example.com): Device received spurious push."

    report(world, f"{text.format(world.brand.pass_type_id)} (Device = {phone.device})")
    report(world, f"{text.format('pass.com.example.else')} (Device = {phone.device})")
    report(world, f"{text.format(world.brand.pass_type_id)} (Device = {'bbbb' * 8})")

    (only,) = shown(world, card)
    assert only["kind"] == "spurious_push"
    assert phone.device not in only["text"]
    assert shown(world, other) == []
    assert len(kept(world)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Register task encountered error: Authentication failure",
        UNCHANGED.format("0" * 32),
        UNCHANGED.format("%"),
        "serial number ' OR 1=1 --",
        "",
    ],
)
def test_what_is_about_no_pass_of_ours_is_not_kept_but_counted(
    world: World, card: dict[str, Any], text: str
) -> None:
    Phone(world).add(card)
    before = device_reports.counts(world.context)["unattributed"]

    assert report(world, text) == 200

    assert kept(world) == []
    assert device_reports.counts(world.context)["unattributed"] == before + 1


def test_of_each_pass_the_newest_20_are_kept(world: World, card: dict[str, Any]) -> None:
    copy, other = Phone(world).download(card), Phone(world).download(world.card("m-2"))
    report(world, unchanged(other))

    for number in range(3):
        texts = [f"{number}/{n} {unchanged(copy)}" for n in range(KEPT_PER_PASS // 2 + 1)]
        report(world, *texts)

    texts = [each["text"].split()[0] for each in shown(world, card)]
    assert len(texts) == KEPT_PER_PASS
    assert texts[0] == "2/10"
    assert texts[-1] == "1/2"
    assert len(kept(world)) == KEPT_PER_PASS + 1


def test_reports_at_once_keep_no_more(world: World, card: dict[str, Any]) -> None:
    copy = Phone(world).download(card)

    with ThreadPoolExecutor(8) as pool:
        texts = [[unchanged(copy)] * 10 for _ in range(8)]
        list(pool.map(lambda each: device_reports.record(world.context, each), texts))

    assert len(kept(world)) == KEPT_PER_PASS


def test_reports_are_counted_per_kind(world: World, card: dict[str, Any]) -> None:
    copy = Phone(world).download(card)
    report(world, unchanged(copy), unchanged(copy), f"Get pass task (serial number {copy.serial})")

    counted = device_reports.counts(world.context)

    assert counted.keys() == {*Kind, "unattributed"}
    assert (counted["pass_unchanged"], counted["fetch_failed"], counted["other"]) == (2, 1, 0)


def test_a_report_is_kept_as_one_harmless_line(world: World, card: dict[str, Any]) -> None:
    copy = Phone(world).download(card)
    secret = copy.authentication_token

    report(world, f"\x1b[31m serial number {copy.serial}\n\u202e<script> ApplePass {secret}" * 40)

    (only,) = shown(world, card)
    assert only["text"].isprintable()
    assert len(only["text"]) <= 500
    assert secret not in only["text"]


def test_any_body_up_to_32_kib_is_200_and_a_bigger_one_413(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    room = 32 * 1024 - len(b'{"logs": [""]}')
    bodies = [
        b'{"logs": ["one"]}',
        b'{"logs": "one"}',
        b'{"logs": [1, null, {"a": 1}, [[]]]}',
        b"{}",
        b"[]",
        b"null",
        b"",
        b"rubbish",
        b"\xff\xfe",
        b"[" * 10_000,
        b'{"logs": ["\\ud800", "a\\u0000b", "line\\nbreak \\u001b[31m"]}',
        b'{"logs": ["%s"]}' % (b"y" * room),
    ]
    big = b'{"logs": ["%s"]}' % (b"z" * (room + 1))

    with caplog.at_level(logging.WARNING, LOGGER):
        statuses = [world.client.post("/apple/v1/log", data=body).status_code for body in bodies]
        refused = world.client.post("/apple/v1/log", data=big)

    lines = [record.getMessage() for record in caplog.records]
    assert statuses == [200] * len(bodies)
    assert (refused.status_code, refused.json["code"]) == (413, "body_too_large")
    assert "32 KiB" in refused.json["detail"]
    assert len(lines) == 3
    assert all(len(line) < 600 and line.isascii() and line.isprintable() for line in lines)


def test_a_flood_of_strangers_reports_writes_one_line_a_call(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({"logs": ["nothing of yours 4711"] * 1000})

    with caplog.at_level(logging.WARNING, LOGGER):
        world.client.post("/apple/v1/log", data=body)

    (line,) = [record.getMessage() for record in caplog.records]
    assert "(20 in one call)" in line


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_report_waits_for_points_and_neither_gives_the_other_up(
    world: World, card: dict[str, Any]
) -> None:
    copy = Phone(world).download(card)
    account_id = UUID(card["account"]["id"])

    with ThreadPoolExecutor(1) as pool:
        with world.context.transaction() as transaction:
            accounts.lock(transaction, account_id)
            reporting = pool.submit(device_reports.record, world.context, [unchanged(copy)])
            wait_for_waiters(world, 1)
            passes.raise_versions(transaction, Scope.ACCOUNT, account_id, world.context.now())

        assert reporting.result() == 1


def test_points_and_reports_at_once_are_all_kept(world: World, card: dict[str, Any]) -> None:
    copy = Phone(world).download(card)

    with ThreadPoolExecutor(2) as pool:
        earning = pool.submit(lambda: [world.points(f"e-{n}", card, add=1) for n in range(10)])
        told = [device_reports.record(world.context, [unchanged(copy)]) for _ in range(10)]
        outcomes = [each["outcome"] for each in earning.result()]

    assert (told, outcomes) == ([1] * 10, ["applied"] * 10)
