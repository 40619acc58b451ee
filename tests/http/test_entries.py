"""An account's statement."""

from typing import Any
from uuid import uuid4

from service.operations import programs
from tests.http.lists import part, parts
from tests.world import World


def statement(world: World, card: dict[str, Any], **asked: Any) -> list[dict[str, Any]]:
    shown = part(world, f"/v1/accounts/{card['account']['id']}/entries", **asked)
    entries: list[dict[str, Any]] = shown["entries"]
    return entries


def test_a_statement_tells_what_changed_the_balance_newest_first(world: World) -> None:
    card = world.card(points=100, version=1, store="store-1")
    world.points("sale-1", card, add=30, version=3, reason="purchase", message="Thank you")
    world.points("fix-1", card, set=50, version=2, store="store-2")

    entries = statement(world, card)

    assert [(e["operator"], e["amount"], e["balance_after"]) for e in entries] == [
        ("set", 50, 80),
        ("add", 30, 130),
        ("set", 100, 100),
    ]
    assert [(e["event_id"], e["source"], e["version"]) for e in entries] == [
        ("fix-1", "api", 2),
        ("sale-1", "api", 3),
        (None, None, 1),
    ]
    assert [e["store"] for e in entries] == ["store-2", None, "store-1"]
    assert (entries[1]["reason"], entries[1]["message"]) == ("purchase", "Thank you")
    assert {e["balance"] for e in entries} == {"points"}
    assert entries[0]["created_at"] >= entries[1]["created_at"]


def test_a_webhooks_entry_names_its_source_and_the_time_it_occurred_at(world: World) -> None:
    card = world.card(points=0)
    data = {"card_number": card["number"], "add": 5, "occurred_at": "2026-11-01T10:00:00.123456Z"}
    world.webhook("msg-1", {"type": "points.changed", "data": data})

    entry = statement(world, card)[0]

    assert (entry["event_id"], entry["source"]) == ("msg-1", str(world.brand.source_id))
    assert (entry["occurred_at"], entry["version"]) == ("2026-11-01T10:00:00.123456Z", None)


def test_what_changed_nothing_is_not_in_the_statement(world: World) -> None:
    card = world.card(points=10, version=5)
    before = statement(world, card)

    world.points("e-1", card, add=-50, version=6)
    world.points("e-2", card, add=1, version=2)
    world.card(points=10, version=7)

    assert statement(world, card) == before
    assert len(before) == 1


def test_a_repeated_event_is_one_entry(world: World) -> None:
    card = world.card(points=0)
    for _ in range(2):
        world.points("e-1", card, add=1)

    assert [entry["event_id"] for entry in statement(world, card)] == ["e-1"]


def test_a_statement_is_read_in_parts(world: World) -> None:
    card = world.card(points=0)
    for number in range(7):
        world.points(f"e-{number}", card, add=1)

    seen = []
    for shown in parts(world, f"/v1/accounts/{card['account']['id']}/entries", limit=3):
        seen.append([entry["event_id"] for entry in shown["entries"]])
        world.points(f"late-{len(seen)}", card, add=1)

    assert seen == [["e-6", "e-5", "e-4"], ["e-3", "e-2", "e-1"], ["e-0"]]


def test_a_statement_of_one_balance_leaves_the_others_out(world: World) -> None:
    program = programs.create_program(
        world.context,
        world.brand.id,
        "points",
        "Two balances",
        balances=[{"code": "points"}, {"code": "miles"}],
    )
    card = world.call("POST", "/v1/cards", {"program": str(program.id)}).json
    world.points("e-1", card, add=1)
    world.points("e-2", card, add=2, balance="miles")

    assert [e["event_id"] for e in statement(world, card)] == ["e-2", "e-1"]
    assert [e["event_id"] for e in statement(world, card, balance="points")] == ["e-1"]
    assert [e["event_id"] for e in statement(world, card, balance="miles")] == ["e-2"]


def test_a_balance_that_the_account_has_not_is_refused(world: World) -> None:
    account = world.card()["account"]["id"]

    answer = world.call("GET", f"/v1/accounts/{account}/entries?balance=miles")

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    assert "points" in answer.json["detail"]


def test_another_brands_statement_is_not_found(world: World, rival: World) -> None:
    account = world.card()["account"]["id"]

    for path in (f"/v1/accounts/{account}/entries", f"/v1/accounts/{uuid4()}/entries"):
        answer = rival.call("GET", path)
        assert (answer.status_code, answer.json["code"]) == (404, "account_not_found")


def test_a_cursor_of_another_account_is_refused(world: World) -> None:
    cards = [world.card("m-1", points=0), world.card("m-2", points=0)]
    for number, card in enumerate(cards * 2):
        world.points(f"e-{number}", card, add=1)
    paths = [f"/v1/accounts/{card['account']['id']}/entries" for card in cards]
    cursor = part(world, paths[0], limit=1)["next_cursor"]

    answer = world.call("GET", f"{paths[1]}?cursor={cursor}")

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
