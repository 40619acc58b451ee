"""Who may call what: keys, scopes, and brands that see nothing of each other."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from service.app import create_app  # declares the operations that are listed below
from service.http.contract import Operation, api
from service.operations import access
from service.storage.tables import ApiKeyRow
from tests.world import World

assert create_app
OPERATIONS = sorted(api.operations, key=lambda operation: operation.name)


def path_of(operation: Operation) -> str:
    return re.sub(r"{\w+}", str(uuid4()), operation.path)


def with_key(world: World, *scopes: str) -> World:
    key = access.create_key(world.context, world.brand.id, f"key {scopes}", list(scopes))
    return replace(world, brand=replace(world.brand, api_key=key))


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.content_type == "application/problem+json"
    shown: dict[str, Any] = answer.json
    return shown


def test_a_call_without_a_good_key_is_refused(world: World) -> None:
    cases: list[Any] = [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer tsk_test_unknown",
        "Basic dXNlcjpwYXNz",
        "ApplePass {key}",
        "Token {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer {key} {key}",
        "Bearer \u00e9",
    ]

    for header in cases:
        headers = {}
        if header is not None:
            headers["Authorization"] = header.format(key=world.brand.api_key)

        answer = world.client.post("/v1/lookup", json={"number": "12345"}, headers=headers)

        problem(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_scheme_may_be_written_in_any_case(world: World) -> None:
    cases: list[Any] = ["Bearer", "bearer", "BEARER"]

    for scheme in cases:
        headers = {"Authorization": f"{scheme} {world.brand.api_key}"}

        answer = world.client.post("/v1/lookup", json={"number": "12345"}, headers=headers)

        assert answer.status_code == 200


def test_a_revoked_key_is_refused_at_once(world: World) -> None:
    body = {"number": "12345"}
    before = world.call("POST", "/v1/lookup", body)

    with world.context.transaction() as transaction:
        transaction.session.execute(update(ApiKeyRow).values(revoked_at=datetime.now(UTC)))
    after = world.call("POST", "/v1/lookup", body)

    assert before.status_code == 200
    problem(after, 401, "unauthorized")


def test_a_key_names_its_mode_and_is_long_enough_not_to_be_guessed(world: World) -> None:
    assert world.brand.api_key.startswith("tsk_test_")
    assert len(world.brand.api_key) >= 40


def test_every_operation_needs_a_key(world: World) -> None:
    for operation in OPERATIONS:
        answer = world.client.open(path_of(operation), method=operation.method, json={})
        problem(answer, 401, "unauthorized")


def test_every_operation_needs_its_own_scope(world: World) -> None:
    for scope in access.SCOPES:
        others = with_key(world, *(access.SCOPES.keys() - {scope}))
        for operation in OPERATIONS:
            answer = others.call(operation.method, path_of(operation), {})
            if operation.scope == scope:
                shown = problem(answer, 403, "scope_missing")
                assert scope in shown["detail"]
            else:
                assert answer.status_code not in (401, 403), operation.name


def test_every_scope_an_operation_needs_can_be_given() -> None:
    assert len(OPERATIONS) >= 11
    assert {operation.scope for operation in OPERATIONS} <= access.SCOPES.keys()


def test_the_scope_is_checked_before_the_body_is_read(world: World) -> None:
    reader = with_key(world, "cards:read")

    answer = reader.call("POST", "/v1/points", {"rubbish": True})

    problem(answer, 403, "scope_missing")


@pytest.fixture
def foreign(rival: World) -> dict[str, Any]:
    """Every id that another brand has."""
    card = rival.card("m-rival", member={"phone": "+4915112345678"})
    action = rival.act(card, "block", reason="lost").json["action"]
    rival.act(card, "unblock", reason="found")
    return {
        "card": card["id"],
        "number": card["number"],
        "account": card["account"]["id"],
        "program": str(rival.brand.program.id),
        "action": action["id"],
    }


ANSWERED_ALIKE = [
    ("GET", "/v1/cards/{card}", None),
    ("GET", "/v1/cards/{card}/delivery", None),
    ("GET", "/v1/accounts/{account}", None),
    ("GET", "/v1/actions/{action}", None),
    ("POST", "/v1/cards/{card}/activate", {"reason": "first_use"}),
    ("POST", "/v1/cards/{card}/block", {"reason": "lost"}),
    ("POST", "/v1/cards/{card}/unblock", {"reason": "found"}),
    ("POST", "/v1/cards/{card}/close", {"reason": "duplicate"}),
    ("POST", "/v1/cards", {"program": "{program}"}),
    ("PUT", "/v1/programs/{program}/members/m-rival", {"balances": {"points": 5}}),
    ("POST", "/v1/points", {"event_id": "e", "add": 5, "card_id": "{card}"}),
    ("POST", "/v1/points", {"event_id": "e", "add": 5, "card_number": "{number}"}),
    ("POST", "/v1/points", {"event_id": "e", "add": 5, "account_id": "{account}"}),
    (
        "POST",
        "/v1/points",
        {"event_id": "e", "add": 5, "member": "m-rival", "program": "{program}"},
    ),
    ("POST", "/v1/lookup", {"number": "{number}"}),
    ("POST", "/v1/lookup", {"barcode": "{number}"}),
]


def test_an_id_of_another_brand_looks_like_one_that_nobody_has(
    world: World, rival: World, foreign: dict[str, Any]
) -> None:
    nobody = {name: str(uuid4()) for name in foreign} | {"number": "9009999999999999"}

    def asked(
        ids: dict[str, Any], method: str, path: str, body: dict[str, Any] | None
    ) -> tuple[int, Any]:
        sent = body and {k: v.format(**ids) if isinstance(v, str) else v for k, v in body.items()}
        answer = world.call(method, path.format(**ids), sent)
        shown = {k: v for k, v in answer.json.items() if k != "detail"}
        return answer.status_code, shown

    for call in ANSWERED_ALIKE:
        assert asked(foreign, *call) == asked(nobody, *call), call
    kept = rival.call("GET", f"/v1/cards/{foreign['card']}").json
    assert (kept["status"], kept["account"]["balances"]["points"]["amount"]) == ("active", 100)


def test_a_phone_number_is_found_only_by_its_own_brand(
    world: World, rival: World, foreign: dict[str, Any]
) -> None:
    asked = {"phone": "+4915112345678"}

    here = world.call("POST", "/v1/lookup", asked).json
    there = rival.call("POST", "/v1/lookup", asked).json

    assert here["decline_code"] == "unknown_card"
    assert there["card"]["id"] == foreign["card"]


def test_a_number_taken_by_another_brand_is_free(
    world: World, rival: World, foreign: dict[str, Any]
) -> None:
    body = {"program": str(world.brand.program.id), "number": foreign["number"]}

    answer = world.call("POST", "/v1/cards", body)

    assert answer.status_code == 201


def test_an_event_id_used_by_another_brand_is_free(world: World, rival: World) -> None:
    mine, theirs = world.card(), rival.card()
    rival.points("e-1", theirs, add=1)

    answer = world.points("e-1", mine, add=2)

    assert answer["outcome"] == "applied"
    assert answer["balances"]["points"]["amount"] == 102
