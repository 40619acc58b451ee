"""A card past its date is expired for everybody, whatever status is stored."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from service.emulators.control import utc_now
from service.storage.tables import CardRow
from tests.http.lists import part
from tests.world import World

# After everything that the world was made of.
NOW = (utc_now() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def at_noon(world: World) -> World:
    world.clock.frozen_at = NOW
    return world


def ends(world: World, card: dict[str, Any], at: datetime) -> None:
    with world.context.transaction() as transaction:
        ended = update(CardRow).where(CardRow.id == UUID(card["id"])).values(expires_at=at)
        transaction.session.execute(ended)


def read(world: World, card: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = world.call("GET", f"/v1/cards/{card['id']}").json
    return shown


def listed(world: World, status: str) -> list[str]:
    return [card["id"] for card in part(world, "/v1/cards", status=status)["cards"]]


def test_from_its_date_on_a_card_is_shown_as_expired(at_noon: World) -> None:
    card = at_noon.card()
    ends(at_noon, card, NOW + timedelta(seconds=1))
    before = read(at_noon, card)

    at_noon.clock.forward(seconds=1)
    after = read(at_noon, card)

    assert (before["status"], before["allowed_actions"]) == ("active", ["block", "close"])
    assert (after["status"], after["allowed_actions"]) == ("expired", [])
    assert after["links"] == {}
    assert part(at_noon, "/v1/cards")["cards"] == [after]


def test_a_blocked_card_that_expires_is_expired_and_no_longer_blocked(at_noon: World) -> None:
    card = at_noon.card()
    at_noon.act(card, "block", reason="lost")
    ends(at_noon, card, NOW)

    shown = read(at_noon, card)

    assert (shown["status"], shown["status_reason"], shown["blocked_by"]) == ("expired", None, None)
    assert listed(at_noon, "blocked") == []


def test_a_card_that_was_closed_before_its_date_stays_closed(at_noon: World) -> None:
    card = at_noon.card()
    at_noon.act(card, "close", reason="duplicate")
    ends(at_noon, card, NOW)

    assert read(at_noon, card)["status"] == "closed"
    assert listed(at_noon, "closed") == [card["id"]]
    assert listed(at_noon, "expired") == []


def test_the_filter_by_status_goes_by_what_is_shown(at_noon: World) -> None:
    cards = [at_noon.card(f"m-{number}") for number in range(4)]
    ends(at_noon, cards[0], NOW)
    ends(at_noon, cards[1], NOW + timedelta(seconds=1))
    with at_noon.context.transaction() as transaction:
        noted = update(CardRow).where(CardRow.id == UUID(cards[2]["id"]))
        transaction.session.execute(noted.values(status="expired", active_slot=None))

    assert listed(at_noon, "active") == [cards[3]["id"], cards[1]["id"]]
    assert listed(at_noon, "expired") == [cards[2]["id"], cards[0]["id"]]


@pytest.mark.parametrize(
    ("action", "reason"), [("block", "lost"), ("close", "duplicate"), ("unblock", "found")]
)
def test_what_is_not_allowed_is_not_done(at_noon: World, action: str, reason: str) -> None:
    card = at_noon.card()
    ends(at_noon, card, NOW)

    answer = at_noon.act(card, action, reason=reason)

    assert (answer.status_code, answer.json["code"]) == (409, "illegal_transition")
    assert "expired" in answer.json["detail"]


def test_a_phone_whose_other_card_is_over_is_not_ambiguous(at_noon: World) -> None:
    old = at_noon.card("m-1", member={"phone": "+14155552671"})
    new = at_noon.card("m-2", member={"phone": "+14155552671"})
    ends(at_noon, old, NOW)

    answer = at_noon.call("POST", "/v1/lookup", {"phone": "+14155552671"}).json

    assert answer["card"]["id"] == new["id"]


def test_a_snapshot_answers_a_card_that_can_be_used(at_noon: World) -> None:
    at_noon.card()
    body = {"program": str(at_noon.brand.program.id), "member": {"external_id": "m-1"}}
    spare = at_noon.call("POST", "/v1/cards", {**body, "activate": False}).json
    ends(at_noon, spare, NOW)

    assert at_noon.card()["id"] != spare["id"]


def test_from_its_date_on_a_links_pass_is_given_out_no_more(at_noon: World) -> None:
    card = at_noon.card()
    links = {
        n: url.removeprefix(at_noon.context.settings.base_url) for n, url in card["links"].items()
    }
    ends(at_noon, card, NOW + timedelta(seconds=1))

    before = {name: at_noon.client.get(links[name]).status_code for name in ("add", "apple")}
    at_noon.clock.forward(seconds=1)
    after = {name: at_noon.client.get(links[name]).status_code for name in ("add", "apple")}

    assert before == {"add": 200, "apple": 200}
    assert after == {"add": 404, "apple": 404}
