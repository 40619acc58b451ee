"""Issuing a card: its number, its member, its limits."""

import re
from typing import Any
from uuid import UUID, uuid4

from stdnum import luhn
from werkzeug.test import TestResponse

from service.operations import programs
from tests.world import World


def issue(world: World, **body: Any) -> TestResponse:
    return world.call("POST", "/v1/cards", {"program": str(world.brand.program.id), **body})


def test_an_anonymous_card_has_a_number_of_its_programs_scheme(world: World) -> None:
    card = issue(world).json

    assert re.fullmatch(r"900\d{13}", card["number"])
    assert luhn.is_valid(card["number"])
    assert card["barcode"] == {"format": "qr", "message": card["number"]}
    assert (card["status"], card["member"], card["version"]) == ("active", None, 1)
    assert card["activated_at"] == card["created_at"]
    assert card["allowed_actions"] == ["block", "close"]
    assert card["account"]["balances"]["points"]["amount"] == 0


def test_drawn_numbers_differ_and_follow_the_program_they_are_for(world: World) -> None:
    short = programs.create_program(
        world.context,
        world.brand.id,
        "points",
        "Short",
        number_scheme={"prefix": "77", "length": 13, "check": "ean"},
    )

    numbers = [issue(world, program=str(short.id)).json["number"] for _ in range(5)]

    assert len(set(numbers)) == 5
    assert all(re.fullmatch(r"77\d{11}", number) for number in numbers)


def test_a_number_that_the_caller_brings_is_kept(world: World) -> None:
    card = issue(world, number="OLD.123-x", reference="batch 7").json

    assert card["number"] == card["barcode"]["message"] == "OLD.123-x"
    assert card["reference"] == "batch 7"


def test_a_number_is_taken_in_all_programs_of_the_brand_and_for_ever(world: World) -> None:
    card = issue(world, number="12345").json
    world.act(card, "close", reason="duplicate")
    other = programs.create_program(world.context, world.brand.id, "cashback")

    answers = [issue(world, number="12345"), issue(world, number="12345", program=str(other.id))]

    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (409, "number_taken")


def test_a_number_that_scanners_cannot_carry_is_refused(world: World) -> None:
    cases: list[Any] = ["12 34", "-1234", "12/34", "\u0661\u0662\u0663\u0664", "123"]

    for number in cases:
        answer = issue(world, number=number)

        assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
        assert answer.json["errors"][0]["field"] == "number"


def test_a_card_is_issued_to_a_member_with_what_is_said_of_them(world: World) -> None:
    member = {"external_id": "m-1", "name": " Anna ", "phone": "+49 1511 2345678"}

    card = issue(world, member=member).json
    found = world.call("POST", "/v1/lookup", {"phone": "+4915112345678"}).json

    assert card["member"] == {"external_id": "m-1", "name": "Anna"}
    assert found["card"]["id"] == card["id"]


def test_a_member_has_no_more_active_cards_than_the_program_allows(world: World) -> None:
    member = {"external_id": "m-1"}
    issue(world, member=member)

    second = issue(world, member=member)

    assert (second.status_code, second.json["code"]) == (409, "too_many_active_cards")


def test_two_cards_of_one_member_share_one_account(world: World) -> None:
    member = {"external_id": "m-1"}
    first = issue(world, member=member).json
    spare = issue(world, member=member, activate=False).json

    world.points("e-1", first, add=7)
    shown = world.call("GET", f"/v1/cards/{spare['id']}").json

    assert spare["account"]["id"] == first["account"]["id"]
    assert shown["account"]["balances"]["points"]["amount"] == 7


def test_an_inactive_card_waits_to_be_activated(world: World) -> None:
    card = issue(world, activate=False).json

    active = world.act(card, "activate", reason="first_use").json

    assert (card["status"], card["activated_at"]) == ("inactive", None)
    assert card["allowed_actions"] == ["activate", "block", "close"]
    assert active["status"] == "active"
    assert active["activated_at"] is not None


def test_a_spare_card_cannot_be_activated_beside_the_active_one(world: World) -> None:
    member = {"external_id": "m-1"}
    issue(world, member=member)
    spare = issue(world, member=member, activate=False).json

    answer = world.act(spare, "activate", reason="first_use")

    assert (answer.status_code, answer.json["code"]) == (409, "too_many_active_cards")
    assert world.call("GET", f"/v1/cards/{spare['id']}").json["status"] == "inactive"


def test_an_issued_card_is_read_as_it_was_answered(world: World) -> None:
    card = issue(world, member={"external_id": "m-1", "name": "Anna"}).json

    assert world.call("GET", f"/v1/cards/{card['id']}").json == card
    assert UUID(card["id"]).version == 7


def test_a_card_that_cannot_be_issued_is_refused(world: World) -> None:
    cases: list[Any] = [
        ({"program": str(uuid4())}, "program_not_found"),
        ({"program": "points"}, "invalid_input"),
        ({"program": None}, "invalid_input"),
        ({"member": {"name": "Anna"}}, "invalid_input"),
        ({"member": {"external_id": "m", "phone": "hello"}}, "invalid_input"),
        ({"member": {"external_id": "m", "email": "nobody"}}, "invalid_input"),
        ({"member": {"external_id": "m", "birthday": "1987-02-30"}}, "invalid_input"),
        ({"activate": 1}, "invalid_input"),
        ({"status": "active"}, "invalid_input"),
    ]

    for body, code in cases:
        answer = issue(world, **body)

        assert answer.json["code"] == code
        assert answer.status_code == (404 if code == "program_not_found" else 400)
