"""The snapshot upsert: here is the account as it is now; make it so."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from service.operations import programs
from service.storage.tables import AccountRow, CardRow, EntryRow
from tests.http.phone import Phone
from tests.world import World


def put(world: World, external_id: str = "m-1", **body: Any) -> TestResponse:
    path = f"/v1/programs/{world.brand.program.id}/members/{external_id}"
    return world.call("PUT", path, body)


def counted(world: World, row: Any) -> int:
    with world.context.reading() as transaction:
        return transaction.session.scalar(select(func.count()).select_from(row)) or 0


def shown(answer: TestResponse) -> tuple[Any, ...]:
    """The three things that are ordered on their own: balance, tier, member."""
    card = answer.json
    tier = card["account"]["tier"] and card["account"]["tier"]["code"]
    return card["account"]["balances"]["points"]["amount"], tier, card["member"]["name"]


def test_the_first_snapshot_makes_a_card_and_the_next_ones_find_it(world: World) -> None:
    first = put(world, member={"name": "Anna"}, balances={"points": 120})
    again = put(world, member={"name": "Anna"}, balances={"points": 120})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json["account"]["balances"]["points"]["amount"] == 120
    assert counted(world, EntryRow) == 1


def test_a_balance_may_come_with_what_is_pending_and_expiring(world: World) -> None:
    expiring = [{"amount": 5, "at": "2027-01-01T00:00:00Z"}]

    put(world, balances={"points": {"amount": 1, "pending": 2, "expiring": expiring}})
    later = put(world, balances={"points": 3}).json["account"]["balances"]["points"]

    assert later == {"amount": 3, "decimals": 0, "pending": 2, "expiring": expiring}


@pytest.mark.parametrize("last", ["block", "close"])
def test_a_snapshot_does_not_revive_a_card(world: World, last: str) -> None:
    card = world.card(points=1)
    world.act(card, last, reason="customer_request")

    answer = put(world, balances={"points": 9})

    assert (answer.status_code, answer.json["id"]) == (200, card["id"])
    assert answer.json["status"] == {"block": "blocked", "close": "closed"}[last]
    assert answer.json["account"]["balances"]["points"]["amount"] == 9
    assert counted(world, CardRow) == 1


def test_a_snapshot_answers_the_newest_card_that_is_not_final(world: World) -> None:
    first = world.card()
    world.act(first, "block", reason="lost")
    member = {"external_id": "m-1"}
    body = {"program": str(world.brand.program.id), "member": member}
    second = world.call("POST", "/v1/cards", body).json

    with_two = put(world).json["id"]
    world.act(second, "close", reason="duplicate")
    with_one = put(world).json["id"]
    world.act(first, "close", reason="duplicate")
    with_none = put(world).json["id"]

    assert (with_two, with_one, with_none) == (second["id"], first["id"], second["id"])


def test_the_first_snapshot_may_bring_the_number_of_existing_plastic(world: World) -> None:
    first = put(world, number="PLASTIC-1")
    again = put(world, number="PLASTIC-1")
    other = put(world, number="PLASTIC-2")

    assert first.json["number"] == again.json["number"] == "PLASTIC-1"
    assert (other.status_code, other.json["code"]) == (409, "number_taken")


def test_the_number_of_another_member_is_taken_and_nothing_is_kept(world: World) -> None:
    put(world, "m-1", number="PLASTIC-1")

    answer = put(world, "m-2", number="PLASTIC-1", balances={"points": 5})

    assert (answer.status_code, answer.json["code"]) == (409, "number_taken")
    assert counted(world, AccountRow) == 1


def test_an_unknown_balance_is_refused_by_name_and_nothing_is_kept(world: World) -> None:
    answer = put(world, balances={"points": 5, "miles": 7})

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    assert answer.json["errors"][0]["field"] == "balances.miles"
    assert counted(world, AccountRow) == 0


@pytest.mark.parametrize("kind", ["version", "occurred_at"])
def test_an_older_snapshot_changes_nothing(world: World, kind: str) -> None:
    old, new = {"version": (4, 5), "occurred_at": ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")}[
        kind
    ]
    whole = {"member": {"name": "New"}, "tier": {"code": "gold"}, "balances": {"points": 50}}
    put(world, **whole, **{kind: new})

    late = put(
        world,
        member={"name": "Old"},
        tier={"code": "silver"},
        balances={"points": 40},
        **{kind: old},
    )

    assert late.status_code == 200
    assert shown(late) == (50, "gold", "New")


def test_each_part_has_an_order_of_its_own(world: World) -> None:
    put(world, balances={"points": 50}, version=5)
    put(world, tier={"code": "gold"}, version=4)
    put(world, member={"name": "Anna"}, version=3)

    late = put(
        world, member={"name": "Older"}, tier={"code": "old"}, balances={"points": 1}, version=3
    )
    newer = put(
        world, member={"name": "Newer"}, tier={"code": "old"}, balances={"points": 1}, version=4
    )
    newest = put(world, tier={"code": "new"}, balances={"points": 1}, version=5)

    assert shown(late) == (50, "gold", "Anna")
    assert shown(newer) == (50, "gold", "Newer")
    assert shown(newest) == (50, "new", "Newer")


def test_a_late_snapshot_keeps_the_points_that_came_after_it(world: World) -> None:
    card = world.card(points=100, version=1)
    world.points("e-1", card, add=7, version=5)

    late = put(world, balances={"points": 200}, version=3)

    assert shown(late)[0] == 207


def test_a_snapshot_without_the_key_that_a_balance_takes_is_refused(world: World) -> None:
    put(world, balances={"points": 50}, version=5)

    for key in ({}, {"occurred_at": "2026-01-02T00:00:00Z"}):
        answer = put(world, balances={"points": 60}, member={"name": "X"}, **key)
        assert (answer.status_code, answer.json["code"]) == (409, "ordering_mixed")
    assert shown(put(world)) == (50, None, None)


def test_a_balance_out_of_range_is_not_called_a_matter_of_ordering(world: World) -> None:
    card = world.card(points=0, version=1)
    world.points("e-1", card, add=2**53 - 1, version=5)

    answer = put(world, balances={"points": 2**53 - 1}, version=3)

    assert answer.status_code in (400, 409)
    assert answer.json["code"] != "ordering_mixed"


def test_what_is_no_phone_number_is_refused_and_nothing_is_kept(world: World) -> None:
    cases: list[Any] = ["hello", "12", "+999999999999999999", ""]

    for phone in cases:
        answer = put(world, member={"phone": phone}, balances={"points": 5})

        assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
        assert counted(world, AccountRow) == 0


def test_a_field_that_is_not_spoken_of_is_kept_and_one_that_is_null_is_cleared(
    world: World,
) -> None:
    put(world, member={"name": "Anna", "phone": "+4915112345678"})

    kept = put(world, member={"email": "anna@example.com"})
    cleared = put(world, member={"name": None})
    found = world.call("POST", "/v1/lookup", {"phone": "+4915112345678"}).json

    assert shown(kept)[2] == "Anna"
    assert shown(cleared)[2] is None
    assert found["card"]["id"] == cleared.json["id"]


def test_a_snapshot_that_cannot_be_used_is_refused_and_nothing_is_kept(world: World) -> None:
    cases: list[Any] = [
        {"balances": {"points": 1.5}},
        {"balances": {"points": "5"}},
        {"balances": {"points": True}},
        {"balances": {"points": 2**63}},
        {"balances": {"points": None}},
        {"balances": {"points": {"pending": 5}}},
        {"balances": {"points": {"amount": 5, "expiring": [{"amount": 5}]}}},
        {"balances": []},
        {"tier": "gold"},
        {"tier": {"code": "Gold Tier"}},
        {"version": 1, "occurred_at": "2026-01-01T00:00:00Z"},
        {"occurred_at": "2999-01-01T00:00:00Z"},
        {"occurred_at": "2026-01-01T00:00:00"},
        {"points": 5},
        {"member": {"external_id": "m-2"}},
    ]

    for body in cases:
        answer = put(world, **body)

        assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
        assert counted(world, AccountRow) == 0


def test_the_first_snapshot_from_many_at_once_makes_one_card(world: World) -> None:
    path = f"/v1/programs/{world.brand.program.id}/members/m-1"
    headers = {"Authorization": f"Bearer {world.brand.api_key}"}

    def send(_: int) -> TestResponse:
        client = world.client.application.test_client()
        return client.put(path, json={"balances": {"points": 5}}, headers=headers)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert counted(world, AccountRow) == counted(world, CardRow) == 1


@pytest.mark.parametrize(
    ("body", "is_shown"),
    [
        ({"balances": {"points": 100}}, False),
        ({"balances": {"points": 101}}, True),
        ({"tier": {"code": "gold"}}, True),
        ({"member": {"name": "Anna"}}, True),
        ({"member": {"email": "anna@example.com"}}, False),
        ({"balances": {"points": {"amount": 100, "pending": 5}}}, True),
    ],
)
def test_the_pass_gets_a_new_version_only_for_what_it_shows(
    world: World, body: dict[str, Any], is_shown: bool
) -> None:
    card = world.card(points=100)
    Phone(world).add(card)

    put(world, **body)
    passes = world.call("GET", f"/v1/cards/{card['id']}/delivery").json["passes"]

    assert passes[0]["version"] == (2 if is_shown else 1)


def test_a_new_name_reaches_the_passes_of_all_the_members_programs(world: World) -> None:
    second = programs.create_program(world.context, world.brand.id, "points", "Second")
    world.card("m-1", member={"name": "Ann"})
    path = f"/v1/programs/{second.id}/members/m-1"
    other = world.call("PUT", path, {"balances": {"points": 1}}).json
    world.client.get(urlsplit(other["links"]["apple"]).path)

    world.card("m-1", member={"name": "Berta"})

    shown = world.call("GET", f"/v1/cards/{other['id']}/delivery").json["passes"][0]
    assert shown["version"] == 2


def test_a_tier_that_is_null_is_taken_away(world: World) -> None:
    put(world, tier={"code": "gold"})

    kept = put(world, balances={"points": 1})
    gone = put(world, tier=None)

    assert (shown(kept)[1], shown(gone)[1]) == ("gold", None)


def test_member_data_without_the_known_key_is_refused_not_dropped(world: World) -> None:
    put(world, member={"name": "Ann"}, version=1)

    answer = put(world, member={"name": "Bob"})

    assert (answer.status_code, answer.json["code"]) == (409, "ordering_mixed")


def test_member_ids_that_are_no_clean_text_are_refused(world: World) -> None:
    for member in ("%ff", "%20", "a%2Fb", "%20x"):
        answer = world.call("PUT", f"/v1/programs/{world.brand.program.id}/members/{member}", {})

        assert answer.status_code in (400, 404), member
    assert counted(world, AccountRow) == 0
