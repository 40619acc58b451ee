"""Points events over HTTP: each applied once, whatever comes twice, late or at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from service.operations import programs
from service.storage.tables import EntryRow, EventRow
from tests.world import World


def post(world: World, **body: Any) -> TestResponse:
    return world.call("POST", "/v1/points", {"event_id": "e-1", **body})


def amount(answer: dict[str, Any]) -> int:
    shown: int = answer["balances"]["points"]["amount"]
    return shown


def counted(world: World, row: Any) -> int:
    with world.context.reading() as transaction:
        return transaction.session.scalar(select(func.count()).select_from(row)) or 0


def test_a_set_and_an_add_change_the_balance(world: World) -> None:
    card = world.card(points=100)

    added = world.points("e-1", card, add=5, store="S1", reason="sale", message="Thanks")
    was_set = world.points("e-2", card, set=7)
    burned = world.points("e-3", card, add=-7)

    assert [each["outcome"] for each in (added, was_set, burned)] == ["applied"] * 3
    assert [amount(each) for each in (added, was_set, burned)] == [105, 7, 0]


def test_an_account_is_named_by_number_card_account_or_member(world: World) -> None:
    card = world.card(points=0)
    ways = [
        {"card_number": card["number"]},
        {"card_id": card["id"]},
        {"account_id": card["account"]["id"]},
        {"member": "m-1", "program": str(world.brand.program.id)},
    ]

    answers = [post(world, event_id=f"e-{n}", add=1, **way).json for n, way in enumerate(ways)]

    assert [amount(answer) for answer in answers] == [1, 2, 3, 4]


def test_a_member_is_meant_in_the_program_that_is_named(world: World) -> None:
    world.card("m-1")
    other = programs.create_program(world.context, world.brand.id, "points", "Other")

    answer = post(world, add=1, member="m-1", program=str(other.id))

    assert (answer.status_code, answer.json["code"]) == (404, "card_not_found")


def test_a_repeat_is_a_duplicate_with_its_first_outcome_and_the_balance_now(world: World) -> None:
    card = world.card(points=10)
    world.points("applied", card, add=5)
    world.points("refused", card, add=-500)
    world.points("later", card, add=1)

    applied = world.points("applied", card, add=5)
    refused = world.points("refused", card, add=-500)

    assert (applied["outcome"], applied["first"]) == ("duplicate", "applied")
    assert (refused["outcome"], refused["first"]) == ("duplicate", "refused")
    assert refused["why"] == "insufficient_points"
    assert amount(applied) == amount(refused) == 16


def test_the_same_id_with_another_body_is_a_conflict(world: World) -> None:
    card = world.card(points=10)
    world.points("e-1", card, add=5)

    answer = post(world, card_number=card["number"], add=6)

    assert (answer.status_code, answer.json["code"]) == (409, "event_conflict")
    assert counted(world, EntryRow) == 2


def test_a_refused_burn_stays_refused_when_points_come_in(world: World) -> None:
    card = world.card(points=10)
    first = world.points("burn", card, add=-11)
    world.points("earn", card, add=5)

    again = world.points("burn", card, add=-11)

    assert (first["outcome"], first["why"]) == ("refused", "insufficient_points")
    assert (again["outcome"], amount(again)) == ("duplicate", 15)


def test_an_event_not_later_than_the_last_set_is_superseded(world: World) -> None:
    card = world.card(points=0)
    world.points("e-1", card, set=100, version=10)

    answers = [
        world.points("e-2", card, set=1, version=10),
        world.points("e-3", card, add=1, version=9),
    ]

    for answer in answers:
        assert (answer["outcome"], amount(answer)) == ("superseded", 100)


def test_a_late_set_keeps_the_adds_after_it_by_time_as_by_version(world: World) -> None:
    by_time, by_version = world.card("m-1", points=0), world.card("m-2", points=0)
    noon = datetime.now(UTC) - timedelta(hours=1)
    later = (noon + timedelta(microseconds=1)).isoformat()

    world.points("t-1", by_time, add=7, occurred_at=later)
    world.points("v-1", by_version, add=7, version=2)
    timed = world.points("t-2", by_time, set=100, occurred_at=noon.isoformat())
    versioned = world.points("v-2", by_version, set=100, version=1)

    assert amount(timed) == amount(versioned) == 107


def test_keys_of_two_kinds_are_refused_on_one_balance(world: World) -> None:
    card = world.card(points=0)
    world.points("e-1", card, set=100, version=10)

    without = world.points("e-2", card, add=1)
    other = world.points("e-3", card, add=1, occurred_at="2026-01-01T00:00:00Z")

    for answer in (without, other):
        assert (answer["outcome"], answer["why"]) == ("refused", "ordering_mixed")
        assert amount(answer) == 100


def test_an_amount_that_json_cannot_hold_is_refused(world: World) -> None:
    card = world.card(points=2**53 - 1)

    answer = world.points("e-1", card, add=1)

    assert (answer["outcome"], answer["why"]) == ("refused", "amount_out_of_range")
    assert amount(answer) == 2**53 - 1


def test_a_program_may_let_an_add_overdraw(world: World) -> None:
    free = programs.create_program(world.context, world.brand.id, "points", "Free", below_zero=True)
    card = world.call("POST", "/v1/cards", {"program": str(free.id)}).json

    answer = world.points("e-1", card, add=-5)

    assert (answer["outcome"], amount(answer)) == ("applied", -5)


def test_a_blocked_card_still_earns(world: World) -> None:
    card = world.card(points=1)
    world.act(card, "block", reason="lost")

    answer = world.points("e-1", card, add=1)

    assert (answer["outcome"], amount(answer)) == ("applied", 2)


def test_an_event_of_an_unknown_card_is_not_remembered(world: World) -> None:
    body = {"card_number": "LATER-1", "add": 5}
    unknown = [
        post(world, **body),
        post(world, add=5, card_id=str(uuid4())),
        post(world, add=5, account_id=str(uuid4())),
    ]

    world.card("m-1", points=0, number="LATER-1")
    known = post(world, **body)

    for answer in unknown:
        assert (answer.status_code, answer.json["code"]) == (404, "card_not_found")
    assert known.json["outcome"] == "applied"


def test_an_event_of_an_unknown_balance_is_not_remembered(world: World) -> None:
    card = world.card(points=0)

    unknown = post(world, card_number=card["number"], add=5, balance="miles")
    known = post(world, card_number=card["number"], add=5)

    assert (unknown.status_code, unknown.json["code"]) == (400, "invalid_input")
    assert unknown.json["errors"][0]["field"] == "balance"
    assert known.json["outcome"] == "applied"


def test_an_event_that_cannot_be_read_is_refused_and_nothing_is_kept(world: World) -> None:
    card = world.card(points=0)
    number = {"card_number": card["number"]}
    wrong: list[dict[str, Any]] = [
        {},
        number,
        {"add": 5},
        {**number, "add": 5, "set": 5},
        {**number, "add": 1.0},
        {**number, "add": "5"},
        {**number, "add": True},
        {**number, "add": None},
        {**number, "add": 2**63},
        {**number, "add": 5, "event_id": ""},
        {**number, "add": 5, "version": 1, "occurred_at": "2026-01-01T00:00:00Z"},
        {**number, "add": 5, "occurred_at": "2026-01-01T00:00:00"},
        {**number, "add": 5, "points": 5},
        {**number, "add": 5, "card_id": card["id"]},
        {**number, "add": 5, "store": ""},
        {"member": "m-1", "add": 5},
        {"program": str(world.brand.program.id), "add": 5},
    ]

    answers = [post(world, **body) for body in wrong]

    assert [answer.status_code for answer in answers] == [400] * len(wrong)
    assert {answer.json["code"] for answer in answers} == {"invalid_input"}
    assert counted(world, EventRow) == 0


def test_a_time_over_five_minutes_ahead_is_refused(world: World) -> None:
    card = world.card(points=0)
    now = world.clock.freeze()
    near, far = ((now + timedelta(seconds=s)).isoformat() for s in (300, 301))

    refused = post(world, card_number=card["number"], add=5, occurred_at=far)
    taken = post(world, card_number=card["number"], add=5, occurred_at=near)

    assert (refused.status_code, refused.json["code"]) == (400, "invalid_input")
    assert taken.json["outcome"] == "applied"


def test_any_time_that_can_be_written_is_answered(world: World) -> None:
    card = world.card(points=0)
    times = [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "1969-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-23:59",
        "2026-01-01T00:00:60Z",
    ]

    answers = [
        post(world, event_id=time, card_number=card["number"], add=1, occurred_at=time)
        for time in times
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 400, 400]


def sent_by_many(world: World, threads: int, bodies: list[list[dict[str, Any]]]) -> list[Any]:
    """Each thread sends its list of bodies on a connection of its own."""
    headers = {"Authorization": f"Bearer {world.brand.api_key}"}

    def send(mine: list[dict[str, Any]]) -> list[Any]:
        client = world.client.application.test_client()
        return [client.post("/v1/points", json=body, headers=headers).json for body in mine]

    with ThreadPoolExecutor(threads) as pool:
        return [answer for answers in pool.map(send, bodies) for answer in answers]


def test_events_sent_by_sixteen_at_once_are_each_applied_once(world: World) -> None:
    card = world.card(points=0)
    events = [{"event_id": f"e-{n}", "card_number": card["number"], "add": 2**n} for n in range(50)]
    rotated = [events[3 * n :] + events[: 3 * n] for n in range(16)]

    answers = sent_by_many(world, 16, rotated)
    after = world.call("GET", f"/v1/accounts/{card['account']['id']}").json

    outcomes = [answer["outcome"] for answer in answers]
    assert (outcomes.count("applied"), outcomes.count("duplicate")) == (50, 750)
    assert amount(after) == 2**50 - 1
    assert counted(world, EventRow) == 50


def test_of_fifty_burns_at_once_exactly_one_gets_the_hundred_points(world: World) -> None:
    card = world.card(points=100)
    burns = [
        [{"event_id": f"b-{n}", "card_number": card["number"], "add": -100}] for n in range(50)
    ]

    answers = sent_by_many(world, 16, burns)

    outcomes = [answer["outcome"] for answer in answers]
    assert (outcomes.count("applied"), outcomes.count("refused")) == (1, 49)
    assert amount(world.points("last", card, add=0)) == 0


@pytest.mark.parametrize("name", ["card_number", "card_id"])
def test_a_blocked_card_earns_but_does_not_spend(world: World, name: str) -> None:
    card = world.card(points=100)
    world.act(card, "block", reason="lost")
    named = {name: card["number"] if name == "card_number" else card["id"]}

    answers = [
        world.call("POST", "/v1/points", {"event_id": f"e{amount}", "add": amount, **named}).json
        for amount in (5, -5)
    ]

    assert [answer["outcome"] for answer in answers] == ["applied", "refused"]
    assert answers[1]["why"] == "card_blocked"
    assert answers[1]["balances"]["points"]["amount"] == 105


def test_a_closed_card_neither_earns_nor_spends_but_its_account_can_be_corrected(
    world: World,
) -> None:
    card = world.card(points=100)
    world.act(card, "close", reason="account_closure")

    refused = [world.points(f"e-{amount}", card, add=amount) for amount in (5, -5)]
    corrected = world.call(
        "POST",
        "/v1/points",
        {"event_id": "e-2", "account_id": card["account"]["id"], "add": -10},
    ).json

    assert [answer["why"] for answer in refused] == ["card_closed"] * 2
    assert corrected["balances"]["points"]["amount"] == 90
