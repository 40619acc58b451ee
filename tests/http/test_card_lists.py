"""The list of cards: its parts, its filters, and what it costs."""

import base64
from string import ascii_letters, digits
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from service.operations import access, programs
from tests.http.lists import counted_statements, part, parts
from tests.world import World

CARDS = "/v1/cards"


def issue(world: World, **body: Any) -> dict[str, Any]:
    answer = world.call("POST", CARDS, {"program": str(world.brand.program.id), **body})
    assert answer.status_code == 201, answer.text
    card: dict[str, Any] = answer.json
    return card


def ids(shown: dict[str, Any]) -> list[str]:
    return [card["id"] for card in shown["cards"]]


def test_paging_sees_each_card_once_although_cards_are_added_meanwhile(world: World) -> None:
    old = [issue(world)["id"] for _ in range(120)]

    seen: list[str] = []
    sizes = []
    for shown in parts(world, CARDS):
        seen += ids(shown)
        sizes.append(len(shown["cards"]))
        issue(world)

    assert seen == old[::-1]
    assert sizes == [50, 50, 20]


def test_a_list_shows_each_card_as_it_is_read_alone(world: World) -> None:
    member = {"external_id": "m-1", "name": "Anna"}
    made = [issue(world), issue(world, member=member, activate=False, reference="batch 7")]
    world.points("e-1", made[0], add=7)
    world.act(made[0], "block", reason="lost")
    alone = [world.call("GET", f"{CARDS}/{card['id']}").json for card in made]

    shown = part(world, CARDS)

    assert shown == {"cards": alone[::-1], "next_cursor": None}


def test_a_brand_without_cards_has_an_empty_list(world: World) -> None:
    assert part(world, CARDS) == {"cards": [], "next_cursor": None}


def test_the_same_part_is_answered_again(world: World) -> None:
    for _ in range(3):
        issue(world)
    cursor = part(world, CARDS, limit=1)["next_cursor"]

    first, again = (part(world, CARDS, limit=1, cursor=cursor) for _ in range(2))

    assert first == again


def test_a_limit_that_fits_exactly_leaves_nothing_to_go_on_with(world: World) -> None:
    cards = [issue(world)["id"] for _ in range(4)]

    assert part(world, CARDS, limit=4)["next_cursor"] is None
    assert [ids(shown) for shown in parts(world, CARDS, limit=2)] == [cards[:1:-1], cards[1::-1]]


@pytest.mark.parametrize(
    "limit",
    [
        "0",
        "101",
        "-1",
        "ten",
        "",
        "1e2",
        "1_0",
        "5.0",
        "+5",
        " 5",
        "5 ",
        "05",
        "00",
        "0x5",
        "\uff15",
    ],
)
def test_a_limit_is_plain_digits_from_1_to_100(world: World, limit: str) -> None:
    answer = world.call("GET", f"{CARDS}?{urlencode({'limit': limit})}")

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    assert answer.json["errors"][0]["field"] == "limit"


def test_each_filter_finds_its_cards(world: World) -> None:
    other = programs.create_program(world.context, world.brand.id, "cashback")
    anna = issue(world, member={"external_id": "anna", "phone": "+14155552671"})
    spare = issue(world, member={"external_id": "anna"}, activate=False)
    bob = issue(world, member={"external_id": "bob"}, program=str(other.id), number="B-1000")
    world.act(anna, "block", reason="lost")
    expected: list[tuple[dict[str, str], list[dict[str, Any]]]] = [
        ({"number": "B-1000"}, [bob]),
        ({"member": "anna"}, [spare, anna]),
        ({"phone": "(415) 555-2671"}, [spare, anna]),
        ({"status": "inactive"}, [spare]),
        ({"status": "blocked"}, [anna]),
        ({"program": str(other.id)}, [bob]),
    ]

    for asked, cards in expected:
        assert ids(part(world, CARDS, **asked)) == [card["id"] for card in cards], asked


def test_filters_together_find_what_fits_them_all(world: World) -> None:
    anna = issue(world, member={"external_id": "anna", "phone": "+14155552671"})
    issue(world, member={"external_id": "anna"}, activate=False)
    every = {
        "number": anna["number"],
        "member": "anna",
        "phone": "+14155552671",
        "status": "active",
        "program": str(world.brand.program.id),
    }

    assert ids(part(world, CARDS, **every)) == [anna["id"]]
    for name, other in [("status", "closed"), ("member", "bob"), ("program", str(uuid4()))]:
        assert ids(part(world, CARDS, **{**every, name: other})) == []


def test_a_filtered_list_is_read_in_parts_too(world: World) -> None:
    spare = [issue(world, activate=False)["id"] for _ in range(5) if issue(world)]

    seen = [
        card for shown in parts(world, CARDS, status="inactive", limit=2) for card in ids(shown)
    ]

    assert seen == spare[::-1]


def test_what_nobody_has_is_an_empty_list(world: World) -> None:
    issue(world, member={"external_id": "anna", "phone": "+14155552671"})
    unknown = [
        {"number": "nope"},
        {"number": "x" * 255},
        {"member": "nobody"},
        {"phone": "+4915112345678"},
        {"phone": "hello"},
        {"status": "closed"},
        {"program": str(uuid4())},
    ]

    for asked in unknown:
        assert part(world, CARDS, **asked) == {"cards": [], "next_cursor": None}, asked


def test_a_phone_is_read_as_of_every_region_of_the_brand(world: World) -> None:
    german = programs.create_program(
        world.context, world.brand.id, "points", "Germany", phone_region="DE"
    )
    member = {"external_id": "m-de", "phone": "0151 12345678"}
    card = issue(world, program=str(german.id), member=member)

    pasted = "\u202a+49\u00a0151\u00a012345678\u202c"
    for written in ("0151 12345678", "+49 151 12345678", "0049 151 12345678", pasted):
        assert world.call("POST", "/v1/lookup", {"phone": written}).json["card"]["id"] == card["id"]
        assert ids(part(world, CARDS, phone=written)) == [card["id"]], written


def test_a_phone_with_many_cards_shows_them_all(world: World) -> None:
    for number in range(25):
        issue(world, member={"external_id": f"m-{number}", "phone": "+14155552671"})

    assert len(part(world, CARDS, phone="+14155552671", limit=100)["cards"]) == 25


def test_a_filter_by_phone_needs_its_own_scope(world: World) -> None:
    key = access.create_key(world.context, world.brand.id, "reader", ["cards:read"])
    headers = {"Authorization": f"Bearer {key}"}

    by_phone = world.client.get(f"{CARDS}?phone=%2B14155552671", headers=headers)
    by_number = world.client.get(f"{CARDS}?number=12345", headers=headers)

    assert (by_phone.status_code, by_phone.json["code"]) == (403, "scope_missing")
    assert by_number.status_code == 200


def test_an_unknown_status_is_refused_with_the_list_of_statuses(world: World) -> None:
    answer = world.call("GET", f"{CARDS}?status=lost")

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    fault = answer.json["errors"][0]
    assert fault["field"] == "status"
    assert all(each in fault["problem"] for each in ("inactive", "active", "blocked", "closed"))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("color=red", "color"),
        ("Color-X=red", "query"),
        ("status=active&status=blocked", "status"),
        ("number=", "number"),
        ("number=%00", "number"),
        (f"member={'m' * 256}", "member"),
        ("program=points", "program"),
    ],
)
def test_a_query_that_cannot_be_used_is_refused(world: World, asked: str, field: str) -> None:
    answer = world.call("GET", f"{CARDS}?{asked}")

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    assert answer.json["errors"][0]["field"] == field


def of_the_same_bytes(word: str) -> list[str]:
    """Return the other base64 words that an indulgent reader takes for this one."""
    others = [word[:-1] + last for last in ascii_letters + digits if last != word[-1]]
    raw = base64.urlsafe_b64decode(word + "=")
    return [other for other in others if base64.urlsafe_b64decode(other + "=") == raw]


def test_a_cursor_that_this_list_did_not_give_out_is_refused(world: World) -> None:
    card = issue(world)
    issue(world)
    world.act(card, "block", reason="lost")
    good = part(world, CARDS, limit=1)["next_cursor"]
    of_history = part(world, f"{CARDS}/{card['id']}/history", limit=1)["next_cursor"]
    flipped = good[:-3] + ("A" if good[-3] != "A" else "B") + good[-2:]
    same = of_the_same_bytes(good)
    assert same
    wrong = [
        "x",
        "é",
        good[:-1],
        good + "A",
        good + "==",
        flipped,
        of_history,
        card["id"],
        "*" * 27,
        good[:5] + "*" + good[5:],
        *same,
    ]

    for cursor in wrong:
        answer = world.client.get(
            CARDS,
            query_string={"cursor": cursor},
            headers={"Authorization": f"Bearer {world.brand.api_key}"},
        )
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_input"), cursor
        assert answer.json["errors"][0]["field"] == "cursor"


def test_another_brand_sees_nothing_whatever_it_asks(world: World, rival: World) -> None:
    member = {"external_id": "m-1", "phone": "+14155552671"}
    cards = [issue(world, member=member), issue(world)]
    cursor = part(world, CARDS, limit=1)["next_cursor"]
    asked: list[dict[str, str]] = [
        {},
        {"cursor": cursor},
        {"number": cards[0]["number"]},
        {"member": "m-1"},
        {"phone": "+14155552671"},
        {"program": str(world.brand.program.id)},
    ]

    for each in asked:
        assert part(rival, CARDS, **each) == {"cards": [], "next_cursor": None}, each


def test_a_members_namesake_of_another_brand_is_another_member(world: World, rival: World) -> None:
    member = {"external_id": "m-1", "phone": "+14155552671"}
    issue(world, member=member)
    own = issue(rival, member=member)

    for asked in ({"member": "m-1"}, {"phone": "+14155552671"}):
        assert ids(part(rival, CARDS, **asked)) == [own["id"]]


def test_a_card_is_selected_once_per_answer(world: World) -> None:
    card = issue(world)
    asked: list[tuple[str, str, Any]] = [
        ("GET", CARDS, None),
        ("GET", f"{CARDS}/{card['id']}", None),
        ("POST", "/v1/lookup", {"number": card["number"]}),
    ]

    for method, path, body in asked:
        with counted_statements() as sent:
            assert world.call(method, path, body).status_code == 200
        assert len([each for each in sent if "FROM cards" in each]) == 1, (method, path)


def test_a_hundred_cards_take_as_many_statements_as_one(world: World) -> None:
    other = programs.create_program(world.context, world.brand.id, "cashback")
    for number in range(50):
        issue(world, member={"external_id": f"m-{number}", "name": "Anna"})
        issue(world, program=str(other.id))

    part(world, CARDS)  # designs are read once per process
    counts = []
    for limit in (1, 100):
        with counted_statements() as sent:
            shown = part(world, CARDS, limit=limit)
        assert len(shown["cards"]) == limit
        counts.append(len(sent))

    assert counts[0] == counts[1]
