"""A holder signs up in Apple Wallet: the anonymous card becomes a member's, and nobody else's."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.app import create_app
from service.domain.errors import SetupError
from service.operations import enrollment
from service.operations.enrollment import SignUp
from service.operations.passes import PassRequest
from service.operations.runner import retrying
from service.storage import members as stored
from service.storage.tables import AccountMemberRow, DesignRow, MemberRow, PassRow
from service.wallets.fake import FakeWallet, FakeWallets
from tests.http.test_history import history_of
from tests.world import World

TOKEN = "dG9rZW4+b2Yvd2FsbGV0=="
ENTERED = {
    "fullName": "Ada Lovelace",
    "givenName": "Ada",
    "familyName": "Lovelace",
    "emailAddress": "ada@example.com",
    "phoneNumber": "030 1234567",
    "postalCode": "10115",
    "ISOCountryCode": "DE",
}


@pytest.fixture
def asking(world: World) -> World:
    """The world, whose design asks holders to sign up and whose wallet signs as it is told to."""
    ask(world, {"required_fields": ["name"], "description": "sign_up"})
    context = replace(world.context, wallets=FakeWallets(), _designs={}, _wallets={})
    return replace(world, context=context, client=create_app(context).test_client())


def ask(world: World, personalization: object) -> None:
    with world.context.transaction() as transaction:
        for row in transaction.session.scalars(select(DesignRow)):
            apple = {**row.source.get("apple", {}), "personalization": personalization}
            row.source = {**row.source, "apple": apple}
        transaction.session.flush()


def issued(world: World, **more: Any) -> dict[str, Any]:
    answer = world.call("POST", "/v1/cards", {"program": str(world.brand.program.id), **more})
    assert answer.status_code == 201, answer.text
    card: dict[str, Any] = answer.json
    return card


def added(world: World, card: dict[str, Any]) -> PassRequest:
    """Give the card's pass out, and return what its phone proves itself with."""
    assert world.client.get(urlsplit(card["links"]["apple"]).path).status_code == 200
    with world.context.reading() as transaction:
        row = transaction.session.scalars(select(PassRow).order_by(PassRow.id.desc())).first()
        assert row is not None
        assert row.token is not None
        token = transaction.vault.open(row.token, "passes", "token", row.id)
        return PassRequest(row.type_id, row.serial, token)


def sign_up(
    world: World, request: PassRequest, body: object = None, token: str | None = None
) -> TestResponse:
    sent = {"personalizationToken": TOKEN, "requiredPersonalizationInfo": ENTERED}
    return world.client.post(
        f"/apple/v1/passes/{request.type_id}/{request.serial}/personalize",
        data=json.dumps(sent if body is None else body),
        headers={"Authorization": f"ApplePass {token or request.token}"},
    )


def member_of(world: World, card: dict[str, Any]) -> Any:
    return world.call("GET", f"/v1/cards/{card['id']}").json["member"]


def members(world: World) -> int:
    with world.context.reading() as transaction:
        return len(transaction.session.scalars(select(MemberRow)).all())


def by_phone(world: World, phone: str) -> list[Any]:
    found: list[Any] = world.call("GET", f"/v1/cards?phone={phone.replace('+', '%2B')}").json[
        "cards"
    ]
    return found


def test_who_signs_up_becomes_the_member_and_wallet_gets_its_token_signed(asking: World) -> None:
    card = issued(asking)
    request = added(asking, card)

    answer = sign_up(asking, request)

    member = member_of(asking, card)
    assert (answer.status_code, answer.content_type) == (200, "application/octet-stream")
    assert answer.data == b"signed " + TOKEN.encode()
    assert member["external_id"].startswith("apple-")
    assert member["name"] == "Ada Lovelace"


def test_the_pass_changes_so_that_it_asks_no_more(asking: World) -> None:
    card = issued(asking)
    request = added(asking, card)
    before = version(asking, card)

    sign_up(asking, request)

    assert version(asking, card) == before + 1


def version(world: World, card: dict[str, Any]) -> int:
    (shown,) = world.call("GET", f"/v1/cards/{card['id']}/delivery").json["passes"]
    number: int = shown["version"]
    return number


def test_a_repeat_signs_again_and_adds_nobody(asking: World) -> None:
    card = issued(asking)
    request = added(asking, card)

    first, again = sign_up(asking, request), sign_up(asking, request)

    assert first.data == again.data
    assert members(asking) == 1


def test_a_card_that_has_a_member_stays_as_it_is_and_the_token_is_signed(asking: World) -> None:
    card = issued(asking, member={"external_id": "m-1"})
    request = added(asking, card)
    before = version(asking, card), history_of(asking, card)

    answer = sign_up(asking, request)

    assert (answer.status_code, answer.data) == (200, b"signed " + TOKEN.encode())
    assert member_of(asking, card) == {"external_id": "m-1", "name": None}
    assert members(asking) == 1
    assert (version(asking, card), history_of(asking, card)) == before
    with asking.context.reading() as transaction:
        row = transaction.session.scalars(select(MemberRow)).one()
        assert (row.phone, row.email) == (None, None)


def till(world: World, phone: str) -> Any:
    return world.call("POST", "/v1/lookup", {"phone": phone}).json["decline_code"]


def test_a_phone_that_somebody_typed_finds_nobody_until_the_loyalty_system_says_it(
    asking: World,
) -> None:
    theirs = asking.card("m-1", member={"phone": "+49301234567"})
    card = issued(asking)
    sign_up(asking, added(asking, card))
    signed_up = member_of(asking, card)["external_id"]

    assert till(asking, "+49301234567") is None
    assert [each["id"] for each in by_phone(asking, "+49301234567")] == [theirs["id"]]

    asking.card(signed_up, member={"name": "Ada King"})
    assert till(asking, "+49301234567") is None

    asking.card(signed_up, member={"phone": "+49301234567"})
    assert till(asking, "+49301234567") == "several_cards"


def test_a_sign_up_is_in_the_history_and_a_repeat_of_it_is_not(asking: World) -> None:
    card = issued(asking)
    request = added(asking, card)

    first = sign_up(asking, request)
    sign_up(asking, request)

    done, issue = history_of(asking, card)
    assert (done["action"], done["actor"], done["channel"]) == (
        "sign_up",
        "holder",
        "apple_wallet",
    )
    assert (done["from_status"], done["to_status"]) == ("active", "active")
    assert done["request_id"] == first.headers["X-Request-Id"]
    assert issue["action"] == "issue"
    action = asking.call("GET", f"/v1/actions/{done['id']}")
    assert (action.status_code, action.json["action"]) == (200, "sign_up")


def test_an_act_repeated_after_a_sign_up_is_still_a_repeat(asking: World) -> None:
    card = issued(asking, activate=False)
    request = added(asking, card)
    first = asking.act(card, "activate", reason="first_use")
    sign_up(asking, request)

    again = asking.act(card, "activate", reason="first_use")

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json["action"] == first.json["action"]


def test_a_manifest_is_never_signed_as_a_token(asking: World) -> None:
    card = issued(asking)
    request = added(asking, card)
    forged = json.dumps({"pass.json": "da39a3ee5e6b4b0d3255bfef95601890afd80709"})

    answer = sign_up(
        asking, request, {"personalizationToken": forged, "requiredPersonalizationInfo": ENTERED}
    )

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    assert member_of(asking, card) is None


@pytest.mark.parametrize(
    ("country", "phone"),
    [("de", "+49301234567"), ("XX", "+14155552671"), ("DEU", "+14155552671"), (None, None)],
)
def test_small_things_are_no_reason_to_refuse_a_sign_up(
    asking: World, country: str | None, phone: str | None
) -> None:
    card = issued(asking)
    written = {"+49301234567": " 030 1234567\n", "+14155552671": " 415 555 2671 "}.get(phone or "")
    entered = {
        "fullName": None,
        "givenName": "  Ada ",
        "familyName": " ",
        "emailAddress": " ada@example.com\t",
        "phoneNumber": written,
        "ISOCountryCode": country,
    }

    answer = sign_up(
        asking,
        added(asking, card),
        {"personalizationToken": TOKEN, "requiredPersonalizationInfo": entered},
    )

    assert answer.status_code == 200, answer.text
    with asking.context.reading() as transaction:
        row = transaction.session.scalars(select(AccountMemberRow)).one()
        member = stored.owner(transaction, row.account_id)
    assert member is not None
    assert (member.name, member.email, member.phone) == ("Ada", "ada@example.com", phone)


class Unfit(FakeWallet):
    """A wallet whose set-up an operator must fix."""

    def vouch(self, token: bytes) -> bytes:
        raise SetupError("The certificate lacks what only an operator may know.")


def test_a_set_up_at_fault_is_503_and_its_reason_is_in_the_log_alone(
    asking: World, caplog: pytest.LogCaptureFixture
) -> None:
    context = replace(asking.context, wallets=FakeWallets(Unfit()), _wallets={})
    unfit = replace(asking, context=context, client=create_app(context).test_client())
    request = added(unfit, issued(unfit))

    with caplog.at_level(logging.WARNING):
        answer = sign_up(unfit, request)

    assert (answer.status_code, answer.json["code"]) == (503, "pass_unavailable")
    assert "only an operator may know" not in answer.text
    assert "only an operator may know" in caplog.text


def test_many_sign_ups_at_once_make_one_member(asking: World) -> None:
    card = issued(asking)
    request = added(asking, card)

    def enroll(number: int) -> bytes:
        said = SignUp(f"t-{number}", {"name": f"Holder {number}"})
        return retrying(lambda: enrollment.enroll(asking.context, request, said, "request-1"))

    with ThreadPoolExecutor(4) as pool:
        signatures = list(pool.map(enroll, range(4)))

    assert signatures == [f"signed t-{number}".encode() for number in range(4)]
    assert members(asking) == 1


def test_a_name_in_two_parts_is_one_and_what_was_left_empty_is_not_kept(asking: World) -> None:
    card = issued(asking)
    request = added(asking, card)
    entered = {"givenName": "Ada", "familyName": "Lovelace", "emailAddress": "", "phoneNumber": ""}

    answer = sign_up(
        asking,
        request,
        {"personalizationToken": "t", "requiredPersonalizationInfo": entered, "new": {"a": 1}},
    )

    assert answer.status_code == 200
    assert member_of(asking, card)["name"] == "Ada Lovelace"


UNUSABLE: list[object] = [
    [],
    {},
    {"personalizationToken": "t"},
    {"personalizationToken": "", "requiredPersonalizationInfo": {}},
    {"personalizationToken": 5, "requiredPersonalizationInfo": {}},
    {"personalizationToken": "t" * 513, "requiredPersonalizationInfo": {}},
    {"personalizationToken": "t\n", "requiredPersonalizationInfo": {}},
    {"personalizationToken": "a b", "requiredPersonalizationInfo": {}},
    {"personalizationToken": "\N{SNOWMAN}", "requiredPersonalizationInfo": {}},
    {"personalizationToken": "t", "requiredPersonalizationInfo": []},
    {"personalizationToken": "t", "requiredPersonalizationInfo": {"fullName": 5}},
    {"personalizationToken": "t", "requiredPersonalizationInfo": {"fullName": "x" * 201}},
    {"personalizationToken": "t", "requiredPersonalizationInfo": {"emailAddress": "nobody"}},
    {"personalizationToken": "t", "requiredPersonalizationInfo": {"ISOCountryCode": 5}},
    {"personalizationToken": "t", "requiredPersonalizationInfo": {"phoneNumber": "call me"}},
]


def test_what_cannot_be_used_is_refused_and_leaves_the_card_anonymous(asking: World) -> None:
    card = issued(asking)
    request = added(asking, card)

    for body in UNUSABLE:
        answer = sign_up(asking, request, body)
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_input"), body

    assert member_of(asking, card) is None
    assert members(asking) == 0


def test_nobody_signs_up_without_the_passs_own_token(asking: World, rival: World) -> None:
    card = issued(asking)
    request = added(asking, card)

    wrong = sign_up(asking, request, token="wrong-token-wrong-token")
    unknown = sign_up(asking, replace(request, serial="unknown"))

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.data == unknown.data
    assert member_of(asking, card) is None


def test_a_design_that_asks_nobody_takes_no_sign_up(asking: World) -> None:
    ask(asking, None)
    card = issued(asking)
    request = added(asking, card)

    answer = sign_up(asking, request)

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert member_of(asking, card) is None


def test_who_holds_a_blocked_card_does_not_become_its_member(asking: World) -> None:
    card = issued(asking)
    request = added(asking, card)
    asking.act(card, "block", reason="stolen")

    answer = sign_up(asking, request)

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert member_of(asking, card) is None
