"""The link to all cards of a member: what it gives out, for how long, and to whom."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from service.domain.cards import Card
from service.domain.errors import CardNotFound
from service.emulators.pass_reader import OpenedPass, open_pass
from service.operations import offers, programs
from service.storage import cards
from tests.customer import agents
from tests.customer.conftest import Visit
from tests.customer.html import Page
from tests.world import World, a_brand

TYPE = "application/vnd.apple.pkpasses"


def link(world: World, member: str = "m-1") -> dict[str, Any]:
    answer = world.call("POST", f"/v1/members/{member}/link")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json
    return shown


def path(world: World, member: str = "m-1") -> str:
    return urlsplit(link(world, member)["url"]).path


def taken(world: World, answer: TestResponse) -> list[OpenedPass]:
    """Return the passes of a bundle, each opened as a phone does."""
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(BytesIO(answer.data)) as bundle:
        assert bundle.testzip() is None
        files = [bundle.read(name) for name in bundle.namelist() if name.endswith(".pkpass")]
        assert len(files) == len(bundle.namelist())
    return [open_pass(file, world.authority.root_pem) for file in files]


def numbers(passes: list[OpenedPass]) -> list[str]:
    """Return the card numbers that void and good passes tell."""
    fields = [each.content["storeCard"]["backFields"] for each in passes]  # type: ignore[index,call-overload]
    return [
        field["value"] for listed in fields for field in listed if field["key"] == "card_number"
    ]


def count_of_passes(world: World) -> int:
    with world.context.reading() as transaction:
        return int(transaction.session.execute(text("SELECT count(*) FROM passes")).scalar_one())


@pytest.fixture
def many(world: World) -> Callable[[int], list[dict[str, Any]]]:
    """Issue one member so many cards, in a program that allows them, the oldest first."""

    def issued(count: int) -> list[dict[str, Any]]:
        program = programs.create_program(
            world.context, world.brand.id, "points", "Many", cards_per_account=count
        )
        body = {"program": str(program.id), "member": {"external_id": "m-1"}}
        return [world.call("POST", "/v1/cards", body).json for _ in range(count)]

    return issued


def test_all_cards_of_a_member_come_in_one_file_the_newest_first(
    world: World, many: Callable[[int], list[dict[str, Any]]]
) -> None:
    world.card("m-2")
    oldest = world.card()
    newer = many(2)

    passes = taken(world, world.client.get(path(world)))

    assert numbers(passes) == [card["number"] for card in [*reversed(newer), oldest]]
    assert len({each.serial for each in passes}) == 3
    assert count_of_passes(world) == 3


def test_a_member_with_one_card_gets_a_bundle_too(world: World) -> None:
    card = world.card()

    passes = taken(world, world.client.get(path(world)))

    assert numbers(passes) == [card["number"]]


def test_a_pass_is_the_one_that_the_cards_own_link_gives(world: World) -> None:
    card = world.card()

    (bundled,) = taken(world, world.client.get(path(world)))
    alone = world.client.get(urlsplit(card["links"]["apple"]).path)

    assert open_pass(alone.data, world.authority.root_pem).serial == bundled.serial
    assert count_of_passes(world) == 1


def test_ten_cards_come_at_most(world: World, many: Callable[[int], list[dict[str, Any]]]) -> None:
    issued = many(11)

    passes = taken(world, world.client.get(path(world)))

    assert numbers(passes) == [card["number"] for card in reversed(issued[1:])]


def test_the_file_is_described_as_browsers_need_it(world: World) -> None:
    world.card()
    where = path(world)

    looked, answer = world.client.head(where), world.client.get(where)

    assert answer.headers["Content-Type"] == TYPE
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cards.pkpasses"'
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["Accept-Ranges"] == "none"
    assert answer.headers["Cache-Control"] == "private, no-store"
    for name in ("Content-Type", "Content-Disposition", "Accept-Ranges", "Cache-Control"):
        assert looked.headers[name] == answer.headers[name]


@pytest.mark.parametrize(
    "agent", [agents.IPHONE, agents.IPHONE_CHROME, agents.IPHONE_FIREFOX, agents.MAC]
)
def test_no_browser_is_sent_elsewhere_or_shown_a_page_first(
    world: World, visit: Visit, agent: str
) -> None:
    world.card()

    answer = visit(path(world), agent)

    assert (answer.status_code, answer.content_type) == (200, TYPE)


def test_a_part_of_the_file_is_not_given_out(world: World) -> None:
    world.card()

    answer = world.client.get(path(world), headers={"Range": "bytes=0-9"})

    assert answer.status_code == 200
    assert len(taken(world, answer)) == 1


def test_a_link_that_is_only_checked_makes_nothing(world: World) -> None:
    world.card()

    answer = world.client.head(path(world))

    assert (answer.status_code, answer.data) == (200, b"")
    assert "Content-Length" not in answer.headers
    assert count_of_passes(world) == 0


def test_a_blocked_card_comes_void_and_a_closed_one_not_at_all(
    world: World, many: Callable[[int], list[dict[str, Any]]]
) -> None:
    blocked, closed, good = many(3)
    acts = [
        world.act(blocked, "block", reason="lost"),
        world.act(closed, "close", reason="account_closure"),
    ]

    passes = taken(world, world.client.get(path(world)))

    assert [act.status_code for act in acts] == [200, 200]
    assert [each.is_voided for each in passes] == [False, True]
    assert numbers(passes)[0] == good["number"]


def test_a_link_ends_after_24_hours(world: World) -> None:
    now = world.clock.freeze()
    world.card()
    made = link(world)

    world.clock.forward(hours=24, seconds=-1)
    young = world.client.get(urlsplit(made["url"]).path)
    world.clock.forward(seconds=1)
    old = [getattr(world.client, each)(urlsplit(made["url"]).path) for each in ("get", "head")]

    assert datetime.fromisoformat(made["expires_at"]) == now + timedelta(hours=24)
    assert young.status_code == 200
    assert [answer.status_code for answer in old] == [404, 404]


def test_a_link_from_before_a_theft_does_not_open_the_card_after_it(
    world: World, visit: Visit
) -> None:
    old = world.card()
    stolen = path(world)
    assert world.act(old, "block", reason="stolen").status_code == 200
    assert world.act(old, "close", reason="customer_request").status_code == 200
    body = {"program": str(world.brand.program.id), "member": {"external_id": "m-1"}}
    new = world.call("POST", "/v1/cards", body).json

    answer, looked = visit(stolen), world.client.head(stolen)

    assert (answer.status_code, looked.status_code) == (404, 404)
    assert numbers(taken(world, world.client.get(path(world)))) == [new["number"]]


def test_a_link_gives_the_cards_that_were_there_when_it_was_made_and_no_later_one(
    world: World, many: Callable[[int], list[dict[str, Any]]]
) -> None:
    first = world.card()
    earlier = path(world)

    (later,) = many(1)

    assert numbers(taken(world, world.client.get(earlier))) == [first["number"]]
    assert numbers(taken(world, world.client.get(path(world)))) == [
        later["number"],
        first["number"],
    ]


def test_a_link_gives_a_card_whose_maker_has_a_faster_clock(world: World) -> None:
    world.clock.freeze()
    world.clock.forward(seconds=3)
    card = world.card()
    world.clock.forward(seconds=-3)

    assert numbers(taken(world, world.client.get(path(world)))) == [card["number"]]


def test_a_link_that_was_changed_anywhere_leads_nowhere(world: World, visit: Visit) -> None:
    world.card()
    where = path(world)
    token = where.split("/")[3]
    flipped = [
        f"{token[:n]}{'A' if token[n] != 'A' else 'B'}{token[n + 1 :]}" for n in range(len(token))
    ]
    others = [
        "x",
        token[:-1],
        f"{token}A",
        f"{token}=",
        f"{token}!",
        f" {token}",
        "ж" * 80,
        "A" * 80,
    ]

    answers = [visit(f"/add/all/{each}/cards.pkpasses") for each in [*flipped, *others]]

    assert {answer.status_code for answer in answers} == {404}
    assert Page(answers[0].text).text("h1") == "This link leads to no card"
    assert count_of_passes(world) == 0


def test_a_member_whose_cards_are_all_over_has_no_link_any_more(world: World) -> None:
    card = world.card()
    where = path(world)

    world.act(card, "close", reason="account_closure")

    assert world.client.get(where).status_code == 404
    assert world.client.head(where).status_code == 404
    refused = world.call("POST", "/v1/members/m-1/link")
    assert (refused.status_code, refused.json["code"]) == (404, "card_not_found")


def test_a_brand_makes_links_to_its_own_members_only(world: World) -> None:
    world.card()
    rival = a_brand(world.context, world.authority, "Rival", "pass.com.example.rival")

    answer = replace(world, brand=rival).call("POST", "/v1/members/m-1/link")

    assert (answer.status_code, answer.json["code"]) == (404, "card_not_found")


@pytest.mark.parametrize("member", ["m-2", "a%2Fb", "%20"])
def test_nobody_has_a_link(world: World, member: str) -> None:
    world.card()

    answer = world.call("POST", f"/v1/members/{member}/link")

    assert answer.status_code in (400, 404)


def test_without_a_certificate_the_link_can_be_tried_again_later(
    world: World, visit: Visit
) -> None:
    world.card()
    where = path(world)
    with world.context.transaction() as transaction:
        transaction.session.connection().exec_driver_sql("DELETE FROM credentials")

    answer, looked = visit(where), world.client.head(where)

    assert (answer.status_code, looked.status_code) == (503, 503)
    assert Page(answer.text).links("button") == [where]
    assert "Retry-After" in answer.headers


def test_a_card_that_no_certificate_can_sign_for_holds_no_other_back(
    world: World, many: Callable[[int], list[dict[str, Any]]]
) -> None:
    first, second = many(2)
    serial = open_pass(
        world.client.get(urlsplit(second["links"]["apple"]).path).data, world.authority.root_pem
    ).serial
    with world.context.transaction() as transaction:
        gone = text("UPDATE passes SET type_id = 'pass.com.example.gone' WHERE serial = :serial")
        transaction.session.execute(gone, {"serial": serial})

    passes = taken(world, world.client.get(path(world)))

    assert numbers(passes) == [first["number"]]


def known(world: World, shown: dict[str, Any]) -> Card:
    with world.context.reading() as transaction:
        return cards.get(transaction, world.brand.id, UUID(shown["id"]))


def test_a_card_that_went_to_somebody_else_meanwhile_is_not_given_out(world: World) -> None:
    mine, theirs = known(world, world.card()), known(world, world.card("m-2"))

    with pytest.raises(CardNotFound):
        offers.apple_pass_of(world.context, replace(theirs, account_id=mine.account_id))


def test_a_card_that_was_closed_meanwhile_is_not_given_out(world: World) -> None:
    shown = world.card()
    before = known(world, shown)
    world.act(shown, "close", reason="account_closure")

    with pytest.raises(CardNotFound):
        offers.apple_pass_of(world.context, before)


def test_a_page_that_owns_up_to_a_fault_leads_back_to_the_file(world: World, visit: Visit) -> None:
    world.card()
    where = path(world)
    with world.context.transaction() as transaction:
        transaction.session.execute(text("UPDATE cards SET status_reason = 'odd'"))

    failed = Page(visit(f"{where}?lang=ru").text)
    posted = world.client.post(where, headers={"Accept": agents.BROWSER})

    assert failed.links("button") == [f"{where}?lang=ru"]
    assert "Попробовать снова" in failed.text("main")
    assert (posted.status_code, Page(posted.text).links("button")) == (405, [where])
