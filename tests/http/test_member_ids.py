"""What a member may be called: the same wherever it is written, and found wherever it is asked."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import TestResponse

from tests.http.lists import part
from tests.world import World

GOOD = {
    "plain": "m-1",
    "blank inside": "m 1",
    "no-break space": "m\u00a01",
    "zero-width joiner": "\U0001f469\u200d\U0001f680",
    "soft hyphen": "m\u00ad1",
    "right-to-left override": "m\u202e1",
    "unassigned": "m\u0378",
    "private use": "m\ue000",
    "percent": "m%41&x=1+2#?",
    "longest": "m" * 255,
}
BAD = {
    "newline": "m\n1",
    "tab": "m\t1",
    "NUL": "m\0001",
    "escape": "m\x1b1",
    "delete": "m\x7f1",
    "C1 control": "m\x851",
    "line separator": "m\u20281",
    "paragraph separator": "m\u20291",
    "replacement character": "m\ufffd1",
    "newline at the end": "m-1\n",
    "slash": "m/1",
    "blank at the end": "m-1 ",
    "no-break space at the start": "\u00a0m-1",
    "too long": "m" * 256,
}


def issued(world: World, external_id: str) -> TestResponse:
    body = {"program": str(world.brand.program.id), "member": {"external_id": external_id}}
    return world.call("POST", "/v1/cards", body)


def told(world: World, external_id: str, **headers: str) -> TestResponse:
    path = f"/v1/programs/{world.brand.program.id}/members/{quote(external_id, safe='')}"
    return world.call("PUT", path, {}, **headers)


def event(world: World, external_id: str) -> dict[str, Any]:
    names = {"member": external_id, "program": str(world.brand.program.id)}
    return {"event_id": "e-1", "add": 1, **names}


@pytest.mark.parametrize("external_id", GOOD.values(), ids=GOOD)
def test_what_can_be_written_can_be_told_and_asked_for(world: World, external_id: str) -> None:
    card = issued(world, external_id).json

    again = told(world, external_id)
    keyed = told(world, external_id, Idempotency_Key="k-1")
    found = part(world, "/v1/cards", member=external_id)["cards"]
    points = world.call("POST", "/v1/points", event(world, external_id)).json

    assert card["member"]["external_id"] == external_id
    assert [again.json["id"], keyed.json["id"]] == [card["id"]] * 2
    assert [each["id"] for each in found] == [card["id"]]
    assert points["outcome"] == "applied"


@pytest.mark.parametrize("external_id", BAD.values(), ids=BAD)
def test_what_breaks_logs_and_addresses_is_no_members_id(world: World, external_id: str) -> None:
    answers = [
        issued(world, external_id),
        world.call("POST", "/v1/points", event(world, external_id)),
    ]
    answers += [] if "/" in external_id else [told(world, external_id)]

    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    if "\0" not in external_id:  # JSON with NUL is refused as a whole
        where = {each["field"]: each["problem"] for each in answers[0].json["errors"]}
        assert "control character" in where["member.external_id"]


@pytest.mark.parametrize("external_id", ["\ud800", "m\udfff"])
def test_half_a_surrogate_pair_is_no_members_id(world: World, external_id: str) -> None:
    answer = issued(world, external_id)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")


@pytest.mark.parametrize("name", ["member", "number", "phone"])
@pytest.mark.parametrize("asked", [*BAD.values(), "\u202e", "\U0010ffff"])
def test_whatever_is_asked_for_is_found_or_refused(world: World, name: str, asked: str) -> None:
    answer = world.call("GET", f"/v1/cards?{urlencode({name: asked})}")

    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert answer.json == {"cards": [], "next_cursor": None}


@pytest.mark.parametrize("raw", ["%FF", "%ED%A0%80", "%C0%80", "%", "\xff", "\xed\xa0\x80"])
def test_bytes_that_are_no_text_find_nothing(world: World, raw: str) -> None:
    answer = world.client.get(
        "/v1/cards",
        headers={"Authorization": f"Bearer {world.brand.api_key}"},
        environ_overrides={"QUERY_STRING": f"member={raw}"},  # WSGI: a character is a byte
    )

    assert answer.status_code in (200, 400)
