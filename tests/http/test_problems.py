"""Whatever goes wrong is answered as application/problem+json with a stable code."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.http.json_body import LARGEST_BODY
from tests.world import World


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.headers["X-Request-Id"]
    shown: dict[str, Any] = answer.json
    return shown


def sent(world: World, data: bytes, content_type: str = "application/json") -> TestResponse:
    headers = {"Authorization": f"Bearer {world.brand.api_key}"}
    return world.client.post("/v1/points", data=data, headers=headers, content_type=content_type)


def test_a_path_that_does_not_exist_is_a_problem(world: World) -> None:
    cases: list[Any] = ["/", "/v1", "/v1/nothing", "/v1/cards/x/y/z", "/apple/v1/x"]

    for path in cases:
        problem(world.call("GET", path), 404, "not_found")


def test_what_is_no_id_is_not_found(world: World) -> None:
    cases: list[Any] = ["x", "123", "%00", "..", "a" * 5000]

    for card_id in cases:
        assert world.call("GET", f"/v1/cards/{card_id}").status_code == 404


def test_a_method_that_does_not_exist_says_which_do(world: World) -> None:
    answer = world.call("DELETE", "/v1/points")

    problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_body_as_large_as_allowed_is_read_and_a_larger_one_is_refused(world: World) -> None:
    body = json.dumps({"event_id": "e", "card_number": "12345", "add": 1}).encode()

    largest = sent(world, body.ljust(LARGEST_BODY))
    larger = sent(world, body.ljust(LARGEST_BODY + 1))

    problem(largest, 404, "card_not_found")
    problem(larger, 413, "body_too_large")


def test_a_body_that_is_not_called_json_is_refused(world: World) -> None:
    cases: list[Any] = ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"]

    for content_type in cases:
        problem(sent(world, b"{}", content_type), 415, "unsupported_media_type")


def test_json_is_json_with_a_charset_and_in_any_case(world: World) -> None:
    cases: list[Any] = ["application/json; charset=utf-8", "Application/JSON"]

    for content_type in cases:
        problem(sent(world, b"{}", content_type), 400, "invalid_input")


def test_a_body_that_is_no_json_is_a_problem(world: World) -> None:
    cases: list[Any] = [b"", b"{", b"\xff", b"[" * 2000, b"[" * 60_000, b'{"add": 1e400}']

    for raw in cases:
        problem(sent(world, raw), 400, "invalid_input")


def test_each_wrong_field_is_named(world: World) -> None:
    answer = sent(world, b'{"event_id": "", "add": 1.5, "extra": 1}')

    shown = problem(answer, 400, "invalid_input")
    assert {each["field"] for each in shown["errors"]} >= {"event_id", "add", "extra"}


def test_a_failure_on_our_side_tells_nothing_of_the_inside(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.context.database, "check", lambda: 1 / 0)

    answer = world.client.get("/readyz")

    shown = problem(answer, 500, "internal_error")
    assert "division" not in json.dumps(shown)


def test_health_and_readiness_are_answered_without_a_key(world: World) -> None:
    assert world.client.get("/healthz").status_code == 200
    assert world.client.get("/readyz").status_code == 200


def test_every_answer_has_an_id_of_its_own(world: World) -> None:
    ids = {world.client.get("/healthz").headers["X-Request-Id"] for _ in range(3)}

    assert len(ids) == 3


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "k"}])
def test_a_member_id_that_no_database_keeps_is_refused(
    world: World, headers: dict[str, str]
) -> None:
    cases: list[Any] = ["a%00b", "a%0Ab", "%7F", "x" * 256, "%FF"]

    for external_id in cases:
        path = f"/v1/programs/{world.brand.program.id}/members/{external_id}"

        answer = world.call("PUT", path, {}, **headers)

        problem(answer, 400, "invalid_input")
