"""Incoming webhooks: after a good signature always 200, before it always 401."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from service.storage.tables import EventRow
from tests.world import World


def told(card: dict[str, Any], **event: Any) -> dict[str, Any]:
    return {"type": "points.changed", "data": {"card_number": card["number"], **event}}


def signed(world: World, webhook_id: str, raw: bytes, ahead: timedelta = timedelta(0)) -> Any:
    """Headers signed over bytes, made without the library."""
    timestamp = str(int((datetime.now(UTC) + ahead).timestamp()))
    key = base64.b64decode(world.brand.source_secret.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{webhook_id}.{timestamp}.".encode() + raw, "sha256")
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


def send(world: World, raw: bytes, headers: dict[str, str]) -> TestResponse:
    return world.client.post(f"/in/{world.brand.source_id}", data=raw, headers=headers)


def balance(world: World, card: dict[str, Any]) -> int:
    shown = world.call("GET", f"/v1/cards/{card['id']}").json
    amount: int = shown["account"]["balances"]["points"]["amount"]
    return amount


def letters(world: World) -> list[str]:
    """The dead letters, opened."""
    with world.context.reading() as transaction:
        rows = transaction.session.scalars(select(EventRow).order_by(EventRow.received_at))
        return [
            transaction.vault.open(row.dead_letter, "events", row.id)
            for row in rows
            if row.dead_letter is not None
        ]


@pytest.mark.parametrize("kind", ["points.changed", "account.changed"])
def test_a_signed_event_is_applied(world: World, kind: str) -> None:
    card = world.card(points=10)
    body = {**told(card, event_id="e-1", add=5), "type": kind, "timestamp": "2026-01-01T00:00:00Z"}

    answer = world.webhook("msg-1", body)

    assert (answer.status_code, answer.json["outcome"]) == (200, "applied")
    assert balance(world, card) == 15


def test_without_an_event_id_the_webhook_id_is_it(world: World) -> None:
    card = world.card(points=10)

    first = world.webhook("msg-1", told(card, add=5))
    again = world.webhook("msg-1", told(card, add=5))
    other = world.webhook("msg-2", told(card, add=5))

    assert [a.json["outcome"] for a in (first, again, other)] == ["applied", "duplicate", "applied"]
    assert again.json["first"] == "applied"
    assert balance(world, card) == 20


def test_an_event_id_in_the_body_outranks_the_webhook_id(world: World) -> None:
    card = world.card(points=10)
    body = told(card, event_id="e-1", add=5)

    world.webhook("msg-1", body)
    again = world.webhook("msg-2", body)

    assert again.json["outcome"] == "duplicate"
    assert balance(world, card) == 15


def test_events_of_the_api_and_of_a_source_do_not_share_ids(world: World) -> None:
    card = world.card(points=10)
    world.points("e-1", card, add=5)

    answer = world.webhook("msg-1", told(card, event_id="e-1", add=7))

    assert answer.json["outcome"] == "applied"
    assert balance(world, card) == 22


def test_the_same_id_with_another_body_is_refused_and_changes_nothing(world: World) -> None:
    card = world.card(points=10)
    world.webhook("msg-1", told(card, event_id="e-1", add=5))

    other = world.webhook("msg-2", told(card, event_id="e-1", add=6))

    assert (other.status_code, other.json["outcome"]) == (200, "refused")
    assert other.json["why"] == "event_conflict"
    assert balance(world, card) == 15


def test_a_call_that_is_not_signed_right_is_refused_and_changes_nothing(world: World) -> None:
    card = world.card(points=10)
    raw = json.dumps(told(card, add=5)).encode()
    good = signed(world, "msg-1", raw)
    foreign = Webhook("whsec_" + base64.b64encode(b"o" * 32).decode()).sign(
        "msg-1", datetime.now(UTC), raw.decode()
    )

    answers = {
        "wrong secret": send(world, raw, {**good, "webhook-signature": foreign}),
        "tampered body": send(world, raw.replace(b"5", b"6"), good),
        "other id": send(world, raw, {**good, "webhook-id": "msg-2"}),
        "old": send(world, raw, signed(world, "msg-1", raw, -timedelta(minutes=6))),
        "early": send(world, raw, signed(world, "msg-1", raw, timedelta(minutes=6))),
        "nothing": send(world, raw, {}),
        "an API key": send(world, raw, {"Authorization": f"Bearer {world.brand.api_key}"}),
    }
    for name in good:
        answers[f"no {name}"] = send(world, raw, {k: v for k, v in good.items() if k != name})

    for why, answer in answers.items():
        assert (answer.status_code, answer.json["code"]) == (401, "unauthorized"), why
    assert balance(world, card) == 10


def test_an_unknown_source_is_not_found(world: World) -> None:
    raw = b"{}"
    headers = signed(world, "msg-1", raw)

    answers = [
        world.client.post(f"/in/{source}", data=raw, headers=headers) for source in (uuid4(), "x")
    ]

    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (404, "source_not_found")


def test_an_event_of_an_unknown_card_is_refused_and_kept_as_a_dead_letter(world: World) -> None:
    body = {"type": "points.changed", "data": {"card_number": "NOBODY-1", "add": 5}}

    first = world.webhook("msg-1", body)
    again = world.webhook("msg-1", body)

    assert (first.status_code, first.json) == (
        200,
        {"outcome": "refused", "why": "card_not_found"},
    )
    assert (again.json["outcome"], again.json["first"]) == ("duplicate", "refused")
    assert [json.loads(letter) for letter in letters(world)] == [body]


def test_what_cannot_be_read_after_a_good_signature_is_refused_and_kept(world: World) -> None:
    unreadable = [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"type": "points.changed"}',
        b'{"type": "points.changed", "data": []}',
        b'{"type": "card.eaten", "data": {}}',
        b'{"type": {"a": 1}, "data": {}}',
        b'{"type": "points.changed", "data": {"event_id": null, "add": 5}}',
        b'{"type": "points.changed", "data": {"event_id": {"a": [1]}, "add": 5}}',
        b'{"type": "points.changed", "data": {"event_id": "\\ud800", "add": 5}}',
        b'{"type": "points.changed", "data": {"event_id": "%s", "add": 5}}' % (b"x" * 500),
        b'{"type": "points.changed", "data": {"add": 1e400}}',
        b'{"type": "points.changed", "data": {"add": NaN}}',
        b'{"type": "points.changed", "data": {"add": 5, "add": 6}}',
        b'{"type": "points.changed", "data": {"deep": %s%s}}' % (b"[" * 900, b"]" * 900),
        b"[" * 50_000,
        b"\x00",
        "{\u0000}".encode(),
    ]

    answers = [send(world, raw, signed(world, f"msg-{n}", raw)) for n, raw in enumerate(unreadable)]

    for raw, answer in zip(unreadable, answers, strict=True):
        assert answer.status_code == 200, raw[:80]
        assert answer.json["outcome"] == "refused", raw[:80]
    assert len(letters(world)) == len(unreadable)


def test_bytes_that_are_no_text_are_taken_for_unsigned(world: World) -> None:
    raw = b"\xff\xfe{}"

    answer = send(world, raw, signed(world, "msg-1", raw))

    assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
    assert letters(world) == []


def test_two_unreadable_events_without_an_id_do_not_get_in_each_others_way(world: World) -> None:
    answers = [
        world.webhook(f"msg-{n}", {"type": "points.changed", "data": {"event_id": None, "add": n}})
        for n in (1, 2)
    ]

    assert [answer.json["why"] for answer in answers] == ["invalid_input"] * 2
    assert len(letters(world)) == 2


def test_a_card_of_another_brand_is_unknown_to_a_source(world: World, rival: World) -> None:
    card = rival.card(points=10)

    answer = world.webhook("msg-1", told(card, add=5))

    assert answer.json == {"outcome": "refused", "why": "card_not_found"}
    assert balance(rival, card) == 10


def test_a_body_too_large_is_refused(world: World) -> None:
    raw = b" " * (64 * 1024 + 1)

    answer = send(world, raw, signed(world, "msg-1", raw))

    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


def test_the_source_is_remembered_with_the_event(world: World) -> None:
    world.webhook("msg-1", told(world.card(), add=5))

    with world.context.reading() as transaction:
        row = transaction.session.scalars(select(EventRow)).one()

    assert UUID(row.source) == world.brand.source_id
    assert (row.event_id, row.outcome) == ("msg-1", "applied")


def test_a_dead_letter_sent_again_is_applied_once_its_card_exists(world: World) -> None:
    event = {"type": "points.changed", "data": {"card_number": "55555", "add": 7}}
    early = world.webhook("msg-1", event).json
    again = world.webhook("msg-1", event).json
    world.card("m-1", points=1, number="55555")

    late = world.webhook("msg-1", event).json
    repeat = world.webhook("msg-1", event).json

    assert (early["outcome"], again["outcome"]) == ("refused", "duplicate")
    assert (late["outcome"], late["balances"]["points"]["amount"]) == ("applied", 8)
    assert (repeat["outcome"], repeat["first"]) == ("duplicate", "applied")


def test_a_corrected_event_may_use_the_id_of_its_dead_letter(world: World) -> None:
    card = world.card(points=1)
    wrong = {"event_id": "E", "card_number": card["number"], "add": "5"}
    right = {**wrong, "add": 5}

    refused = world.webhook("msg-1", {"type": "points.changed", "data": wrong}).json
    applied = world.webhook("msg-2", {"type": "points.changed", "data": right}).json

    assert (refused["outcome"], refused["why"]) == ("refused", "invalid_input")
    assert (applied["outcome"], applied["balances"]["points"]["amount"]) == ("applied", 6)
