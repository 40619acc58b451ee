"""The till's question: may this card earn and redeem, now?"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update
from werkzeug.test import TestResponse

from service.operations import access, programs
from service.storage.tables import CardRow
from tests.world import World


def ask(world: World, **by: Any) -> TestResponse:
    return world.call("POST", "/v1/lookup", by)


def test_a_good_card_is_found_by_barcode_and_by_number(world: World) -> None:
    card = world.card(points=7, member={"name": "Anna"})

    answers = [
        ask(world, barcode=card["barcode"]["message"]).json,
        ask(world, number=card["number"], store="S1").json,
    ]

    for answer in answers:
        assert (answer["can_earn"], answer["can_redeem"]) == (True, True)
        assert answer["decline_code"] is None
        assert answer["card"] == card
        assert answer["account"] == card["account"]


def test_what_nobody_has_is_an_unknown_card(world: World) -> None:
    cases: list[Any] = ["barcode", "number", "phone"]

    for key in cases:
        answer = ask(world, **{key: "+4915112345678"})

        assert answer.status_code == 200
        assert answer.json == {
            "can_earn": False,
            "can_redeem": False,
            "decline_code": "unknown_card",
        }


def test_a_refusal_carries_its_code_and_nothing_else(world: World) -> None:
    card = world.card(member={"name": "Anna"})
    can_earn = {
        "inactive": True,
        "blocked": True,
        "unassigned": False,
        "replaced": False,
        "expired": False,
        "closed": False,
    }

    answers = {}
    for status in can_earn:
        with world.context.transaction() as transaction:
            transaction.session.execute(update(CardRow).values(status=status, active_slot=None))
        answers[status] = ask(world, number=card["number"]).json

    assert answers == {
        status: {"can_earn": earns, "can_redeem": False, "decline_code": f"card_{status}"}
        for status, earns in can_earn.items()
    }


def test_a_card_past_its_date_is_expired(world: World) -> None:
    card = world.card()
    with world.context.transaction() as transaction:
        past = datetime.now(UTC) - timedelta(seconds=1)
        transaction.session.execute(update(CardRow).values(expires_at=past))

    answer = ask(world, number=card["number"]).json

    assert (answer["decline_code"], answer["can_redeem"]) == ("card_expired", False)


def test_a_card_past_its_date_neither_earns_nor_spends(world: World) -> None:
    card = world.card(points=100)
    with world.context.transaction() as transaction:
        past = datetime.now(UTC) - timedelta(seconds=1)
        transaction.session.execute(update(CardRow).values(expires_at=past))

    answers = [world.points(f"e-{amount}", card, add=amount) for amount in (5, -5)]

    assert [(a["outcome"], a["why"]) for a in answers] == [("refused", "card_expired")] * 2


def test_a_block_and_an_unblock_are_seen_at_once(world: World) -> None:
    card = world.card()

    seen = []
    for action, reason in [("block", "lost"), ("unblock", "found"), ("close", "duplicate")]:
        world.act(card, action, reason=reason)
        seen.append(ask(world, number=card["number"]).json["decline_code"])

    assert seen == ["card_blocked", None, "card_closed"]


def test_a_phone_finds_its_card_however_it_is_written(world: World) -> None:
    card = world.card(member={"phone": "(415) 555-2671"})

    for written in ("+1 415 555 2671", "415-555-2671", "+14155552671"):
        assert ask(world, phone=written).json["card"]["id"] == card["id"]


def test_a_phone_needs_its_own_scope(world: World) -> None:
    key = access.create_key(world.context, world.brand.id, "till", ["lookup"])
    headers = {"Authorization": f"Bearer {key}"}

    by_phone = world.client.post("/v1/lookup", json={"phone": "+14155552671"}, headers=headers)
    by_number = world.client.post("/v1/lookup", json={"number": "12345"}, headers=headers)

    assert (by_phone.status_code, by_phone.json["code"]) == (403, "scope_missing")
    assert by_number.status_code == 200


def test_a_phone_with_several_active_cards_is_ambiguous(world: World) -> None:
    for member in ("m-1", "m-2"):
        world.card(member, member={"phone": "+14155552671"})

    answer = ask(world, phone="+14155552671").json

    assert answer == {"can_earn": False, "can_redeem": False, "decline_code": "several_cards"}


def test_a_phone_with_one_active_card_among_others_is_good(world: World) -> None:
    first = world.card("m-1", member={"phone": "+14155552671"})
    second = world.card("m-2", member={"phone": "+14155552671"})
    world.act(first, "block", reason="lost")

    answer = ask(world, phone="+14155552671").json

    assert answer["card"]["id"] == second["id"]


def test_a_phone_whose_only_card_is_blocked_is_told_so(world: World) -> None:
    card = world.card(member={"phone": "+14155552671"})
    world.act(card, "block", reason="lost")

    answer = ask(world, phone="+14155552671").json

    assert answer == {"can_earn": True, "can_redeem": False, "decline_code": "card_blocked"}


def test_a_phone_is_read_as_of_every_region_of_the_brand(world: World) -> None:
    german = programs.create_program(
        world.context, world.brand.id, "points", "Germany", phone_region="DE"
    )
    member = {"external_id": "m-de", "phone": "0151 12345678"}
    card = world.call("POST", "/v1/cards", {"program": str(german.id), "member": member}).json

    answer = ask(world, phone="0151 12345678").json

    assert answer["card"]["id"] == card["id"]


def test_whatever_a_scanner_reads_is_a_card_or_an_unknown_one(world: World) -> None:
    world.card(member={"phone": "+14155552671"})
    scanned = [{"number": ""}, {"number": "000"}, {"barcode": "x" * 5000}, {"phone": "hello"}]

    answers = [ask(world, **question) for question in scanned]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert {answer.json["decline_code"] for answer in answers} == {"unknown_card"}


def test_a_question_that_cannot_be_answered_is_refused(world: World) -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"number": "12345", "barcode": "12345"},
        {"number": 12345},
        {"number": "12345", "color": "red"},
    ]

    answers = [ask(world, **body) for body in wrong]

    assert {(a.status_code, a.json["code"]) for a in answers} == {(400, "invalid_input")}


def test_a_repeat_under_the_same_key_sees_a_block_at_once(world: World) -> None:
    card = world.card()
    key = {"Idempotency_Key": "till-1"}
    before = world.call("POST", "/v1/lookup", {"number": card["number"]}, **key).json
    world.act(card, "block", reason="stolen")

    after = world.call("POST", "/v1/lookup", {"number": card["number"]}, **key).json

    assert before["can_redeem"] is True
    assert after == {"can_earn": True, "can_redeem": False, "decline_code": "card_blocked"}
