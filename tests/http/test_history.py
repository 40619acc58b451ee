"""The history of a card."""

from typing import Any
from uuid import uuid4

from service.operations import access
from tests.http.lists import part, parts
from tests.world import World


def history_of(world: World, card: dict[str, Any]) -> list[dict[str, Any]]:
    shown = part(world, f"/v1/cards/{card['id']}/history")
    records: list[dict[str, Any]] = shown["history"]
    return records


def test_a_history_tells_who_did_what_and_why_newest_first(world: World) -> None:
    body = {"program": str(world.brand.program.id), "store": "store-1"}
    card = world.call("POST", "/v1/cards", body).json
    key = access.create_key(world.context, world.brand.id, "support", ["cards:block"])
    world.client.post(
        f"/v1/cards/{card['id']}/block",
        json={"reason": "fraud", "comment": "called in"},
        headers={"Authorization": f"Bearer {key}"},
    )
    world.act(card, "unblock", reason="cleared", comment="two people agreed")
    world.act(card, "close", reason="account_closure")

    records = history_of(world, card)

    assert [(r["action"], r["from_status"], r["to_status"], r["reason"]) for r in records] == [
        ("close", "active", "closed", "account_closure"),
        ("unblock", "blocked", "active", "cleared"),
        ("block", "active", "blocked", "fraud"),
        ("issue", None, "active", None),
    ]
    assert [r["actor"] for r in records] == ["key tests", "key tests", "key support", "key tests"]
    assert [r["comment"] for r in records] == [None, "two people agreed", "called in", None]
    assert [r["store"] for r in records] == [None, None, None, "store-1"]
    assert {r["channel"] for r in records} == {"api"}


def test_each_line_leads_to_its_action(world: World) -> None:
    card = world.card()
    acted = world.act(card, "block", reason="lost")

    block, issue = history_of(world, card)

    assert (block["id"], block["url"]) == tuple(acted.json["action"].values())
    assert block["request_id"] == acted.headers["X-Request-Id"]
    for record in (block, issue):
        action = world.call("GET", record["url"].removeprefix("http://127.0.0.1:8080")).json
        assert (action["id"], action["action"]) == (record["id"], record["action"])


def test_a_repeat_and_a_refused_act_write_no_line(world: World) -> None:
    card = world.card()
    world.act(card, "block", reason="lost")
    before = history_of(world, card)

    world.act(card, "block", reason="lost")
    world.act(card, "block", reason="customer_request")

    assert history_of(world, card) == before
    assert len(before) == 2


def test_a_history_is_read_in_parts(world: World) -> None:
    card = world.card()
    for _ in range(2):
        world.act(card, "block", reason="lost")
        world.act(card, "unblock", reason="found")

    seen = [
        [record["action"] for record in shown["history"]]
        for shown in parts(world, f"/v1/cards/{card['id']}/history", limit=2)
    ]

    assert seen == [["unblock", "block"], ["unblock", "block"], ["issue"]]


def test_another_brands_history_is_not_found(world: World, rival: World) -> None:
    card = world.card()

    for path in (f"/v1/cards/{card['id']}/history", f"/v1/cards/{uuid4()}/history"):
        answer = rival.call("GET", path)
        assert (answer.status_code, answer.json["code"]) == (404, "card_not_found")


def test_a_cursor_of_another_card_is_refused(world: World) -> None:
    cards = [world.card("m-1"), world.card("m-2")]
    for card in cards:
        world.act(card, "block", reason="lost")
    paths = [f"/v1/cards/{card['id']}/history" for card in cards]
    cursor = part(world, paths[0], limit=1)["next_cursor"]

    answers = [world.call("GET", f"{path}?cursor={cursor}") for path in paths]

    assert answers[0].status_code == 200
    assert (answers[1].status_code, answers[1].json["code"]) == (400, "invalid_input")
    assert answers[1].json["errors"][0]["field"] == "cursor"


def test_an_unknown_parameter_is_refused(world: World) -> None:
    card = world.card()

    answer = world.call("GET", f"/v1/cards/{card['id']}/history?order=oldest")

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    assert answer.json["errors"] == [
        {"field": "order", "problem": "Extra inputs are not permitted"}
    ]
