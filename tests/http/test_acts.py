"""Acts on cards over HTTP: what they do, what a repeat does, and what becomes of them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.domain.passes import WalletName
from service.operations import deliveries
from service.storage import history
from service.storage.tables import HistoryRow
from service.wallets.interface import PushOutcome, PushResult
from tests.http.phone import Phone
from tests.world import World


def surfaces(world: World, acted: TestResponse) -> dict[str, str]:
    answer = world.call("GET", f"/v1/actions/{acted.json['action']['id']}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, str] = answer.json["surfaces"]
    return shown


def program(world: World) -> dict[str, str]:
    return {"program": str(world.brand.program.id)}


def look_up(world: World, card: dict[str, Any]) -> dict[str, Any]:
    answer = world.call("POST", "/v1/lookup", {"number": card["number"]})
    assert answer.status_code == 200, answer.text
    verdict: dict[str, Any] = answer.json
    return verdict


def push(world: World, outcome: PushOutcome) -> None:
    """Do a worker's round, in which the wallet answers so."""
    for batch in deliveries.claim(world.context, WalletName.APPLE):
        results = [(each, PushResult(each.id, outcome, "why")) for each in batch.deliveries]
        deliveries.conclude(world.context, results)


def test_a_card_is_blocked_unblocked_and_closed(world: World) -> None:
    card = world.card()

    blocked = world.act(card, "block", reason="lost").json
    unblocked = world.act(card, "unblock", reason="found").json
    closed = world.act(card, "close", reason="account_closure").json

    assert (blocked["status"], blocked["status_reason"], blocked["blocked_by"]) == (
        "blocked",
        "lost",
        "api",
    )
    assert blocked["allowed_actions"] == ["unblock", "close"]
    assert (unblocked["status"], unblocked["status_reason"]) == ("active", None)
    assert (closed["status"], closed["allowed_actions"]) == ("closed", [])
    assert [blocked["version"], unblocked["version"], closed["version"]] == [2, 3, 4]


def test_a_card_that_is_issued_inactive_is_used_once_it_is_activated(world: World) -> None:
    card = world.call("POST", "/v1/cards", {**program(world), "activate": False}).json

    before = look_up(world, card)
    earned = world.points("e-1", card, add=5)["outcome"]
    spent = world.points("e-2", card, add=-5)
    world.act(card, "activate", reason="customer_request")
    after = look_up(world, card)
    spent_later = world.points("e-3", card, add=-5)["outcome"]

    assert before == {"can_earn": True, "can_redeem": False, "decline_code": "card_inactive"}
    assert (earned, spent["outcome"], spent["why"]) == ("applied", "refused", "card_inactive")
    assert (after["can_earn"], after["can_redeem"]) == (True, True)
    assert (after["card"]["status"], spent_later) == ("active", "applied")


def test_activating_again_answers_the_first_activation(world: World) -> None:
    card = world.call("POST", "/v1/cards", {**program(world), "activate": False}).json

    first = world.act(card, "activate", reason="first_use")
    again = world.act(card, "activate", reason="first_use")
    other = world.act(card, "activate", reason="customer_request")

    assert first.json == again.json
    assert (first.json["version"], first.json["action"]) == (2, again.json["action"])
    assert (other.status_code, other.json["code"]) == (409, "illegal_transition")


def test_a_card_blocked_before_its_first_use_is_inactive_again_after(world: World) -> None:
    card = world.call("POST", "/v1/cards", {**program(world), "activate": False}).json

    world.act(card, "block", reason="lost")
    unblocked = world.act(card, "unblock", reason="found").json

    assert (unblocked["status"], unblocked["activated_at"]) == ("inactive", None)
    assert look_up(world, card)["decline_code"] == "card_inactive"


@pytest.mark.parametrize("acts", [[], [("activate", "first_use")], [("block", "stolen")]])
def test_a_card_is_closed_for_good_whatever_live_status_it_has(
    world: World, acts: list[tuple[str, str]]
) -> None:
    card = world.call("POST", "/v1/cards", {**program(world), "activate": False}).json
    for action, reason in acts:
        assert world.act(card, action, reason=reason).status_code == 200

    closed = world.act(card, "close", reason="customer_request")
    again = world.act(card, "close", reason="customer_request")
    later = [
        world.act(card, "close", reason="duplicate"),
        world.act(card, "activate", reason="first_use"),
        world.act(card, "block", reason="lost"),
        world.act(card, "unblock", reason="found"),
    ]

    assert (closed.status_code, closed.json["status"]) == (200, "closed")
    assert again.json == closed.json
    assert {(each.status_code, each.json["code"]) for each in later} == {
        (409, "illegal_transition")
    }
    assert look_up(world, card) == {
        "can_earn": False,
        "can_redeem": False,
        "decline_code": "card_closed",
    }


def test_an_act_whose_answer_was_lost_may_be_sent_again_with_the_version_it_was_for(
    world: World,
) -> None:
    card = world.call("POST", "/v1/cards", {**program(world), "activate": False}).json
    path, body = f"/v1/cards/{card['id']}/activate", {"reason": "first_use"}

    first = world.call("POST", path, body, If_Match='"1"')
    again = world.call("POST", path, body, If_Match='"1"')

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json


def test_a_closed_card_offers_no_links(world: World) -> None:
    card = world.card()

    closed = world.act(card, "close", reason="duplicate").json
    link = world.client.get(card["links"]["apple"].removeprefix("http://127.0.0.1:8080"))

    assert closed["links"] == {}
    assert link.status_code == 404


def test_a_repeat_changes_nothing_and_answers_with_the_first_act(world: World) -> None:
    card = world.card()

    first = world.act(card, "block", reason="fraud", comment="called in")
    again = world.act(card, "block", reason="fraud", comment="other words")

    assert first.json == again.json
    with world.context.reading() as transaction:
        rows = transaction.session.scalars(select(HistoryRow)).all()
    assert sorted(row.action for row in rows) == ["block", "issue"]


def test_the_same_act_after_another_one_is_a_new_act(world: World) -> None:
    card = world.card()

    first = world.act(card, "block", reason="lost").json
    world.act(card, "unblock", reason="found")
    second = world.act(card, "block", reason="lost").json

    assert first["action"]["id"] != second["action"]["id"]
    assert second["status"] == "blocked"


def test_a_graver_reason_is_taken_and_a_lighter_one_is_not(world: World) -> None:
    card = world.card()
    world.act(card, "block", reason="lost")

    graver = world.act(card, "block", reason="stolen")
    lighter = world.act(card, "block", reason="lost")
    unblock = world.act(card, "unblock", reason="found")

    assert graver.json["status_reason"] == "stolen"
    assert "unblock" not in graver.json["allowed_actions"]
    for answer in (lighter, unblock):
        assert (answer.status_code, answer.json["code"]) == (409, "illegal_transition")


def test_an_act_that_the_status_does_not_allow_changes_nothing(world: World) -> None:
    card = world.card()

    answers = [
        world.act(card, "unblock", reason="found"),
        world.act(card, "activate", reason="first_use"),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (409, "illegal_transition")
    assert world.call("GET", f"/v1/cards/{card['id']}").json == card


def test_an_act_without_a_good_reason_is_refused(world: World) -> None:
    card = world.card()
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("block", {}, "reason"),
        ("block", {"reason": "boredom"}, "reason"),
        ("block", {"reason": "found"}, "reason"),
        ("close", {"reason": "lost"}, "reason"),
        ("block", {"reason": "fraud"}, "comment"),
        ("block", {"reason": "other", "comment": ""}, "comment"),
        ("block", {"reason": "lost", "comment": "c" * 2001}, "comment"),
        ("block", {"reason": "lost", "who": "me"}, "who"),
    ]

    for action, body, field in wrong:
        answer = world.call("POST", f"/v1/cards/{card['id']}/{action}", body)
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_input"), body
        assert answer.json["errors"][0]["field"] == field, body


def test_a_comment_of_blanks_is_no_comment(world: World) -> None:
    card = world.card()

    answer = world.act(card, "block", reason="other", comment="   ")

    assert answer.status_code == 400


def test_an_unblocked_card_needs_room_among_the_active_ones(world: World) -> None:
    card = world.card()
    world.act(card, "block", reason="lost")
    member = {"external_id": "m-1"}
    body = {"program": str(world.brand.program.id), "member": member}
    world.call("POST", "/v1/cards", body)

    answer = world.act(card, "unblock", reason="found")

    assert (answer.status_code, answer.json["code"]) == (409, "too_many_active_cards")


def test_an_act_is_in_the_history_with_who_why_and_through_which_channel(world: World) -> None:
    card = world.card()
    acted = world.act(card, "block", reason="other", comment="a word")

    answer = world.call("GET", f"/v1/actions/{acted.json['action']['id']}").json

    assert answer["card"] == card["id"]
    assert (answer["action"], answer["reason"], answer["comment"]) == ("block", "other", "a word")
    assert (answer["from_status"], answer["to_status"]) == ("active", "blocked")
    assert (answer["actor"], answer["channel"]) == ("key tests", "api")
    assert acted.json["action"]["url"].endswith(f"/v1/actions/{answer['id']}")


def test_the_history_of_a_card_is_complete_and_in_order(world: World) -> None:
    card = world.card()
    world.act(card, "block", reason="lost")
    world.act(card, "unblock", reason="found")

    with world.context.reading() as transaction:
        records = history.of_card(transaction, UUID(card["id"]))

    assert [record.action for record in records] == ["issue", "block", "unblock"]
    assert [record.to_status for record in records] == ["active", "blocked", "active"]
    assert all(record.request_id for record in records)


def test_an_unknown_action_is_not_found(world: World) -> None:
    answer = world.call("GET", f"/v1/actions/{uuid4()}")

    assert (answer.status_code, answer.json["code"]) == (404, "action_not_found")


def test_without_a_phone_the_till_and_the_links_follow_at_once(world: World) -> None:
    acted = world.act(world.card(), "block", reason="lost")

    assert surfaces(world, acted) == {
        "lookup": "done",
        "links": "done",
        "apple": "not_connected",
        "google": "not_connected",
        "plastic": "not_connected",
        "loyalty_system": "not_connected",
    }


def test_the_apple_surface_follows_the_push(world: World) -> None:
    card = world.card()
    Phone(world).add(card)
    acted = world.act(card, "block", reason="lost")

    pending = surfaces(world, acted)["apple"]
    push(world, PushOutcome.TRY_LATER)
    failing = surfaces(world, acted)["apple"]
    world.clock.forward(seconds=10)
    push(world, PushOutcome.ACCEPTED)
    done = surfaces(world, acted)["apple"]

    assert (pending, failing, done) == ("pending", "failing", "done")


def test_a_later_change_does_not_unsettle_an_act(world: World) -> None:
    card = world.card()
    Phone(world).add(card)
    acted = world.act(card, "block", reason="lost")
    push(world, PushOutcome.ACCEPTED)

    world.points("e-1", card, add=1)

    assert surfaces(world, acted)["apple"] == "done"


def test_if_match_guards_an_act(world: World) -> None:
    card = world.card()
    path, body = f"/v1/cards/{card['id']}/block", {"reason": "lost"}

    stale = world.call("POST", path, body, If_Match='"9"')
    garbled = world.call("POST", path, body, If_Match="x")
    fresh = world.call("POST", path, body, If_Match='"1"')

    assert (stale.status_code, stale.json["code"]) == (412, "stale_card")
    assert garbled.status_code == 400
    assert (fresh.status_code, fresh.json["version"]) == (200, 2)


def test_an_act_is_done_although_another_machines_clock_puts_an_older_one_last(
    world: World,
) -> None:
    card = world.card()
    world.act(card, "block", reason="lost")
    world.act(card, "unblock", reason="found")
    with world.context.transaction() as transaction:
        rows = transaction.session.scalars(select(HistoryRow).order_by(HistoryRow.id)).all()
        blocked, unblocked = rows[-2:]
        earlier, later = blocked.id, unblocked.id
        blocked.id, unblocked.id = uuid4(), earlier
        transaction.session.flush()
        blocked.id = later

    again = world.act(card, "block", reason="lost").json

    assert again["status"] == "blocked"
    assert again["version"] == 4
