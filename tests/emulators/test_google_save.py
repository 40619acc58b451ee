"""Google's save link, emulated: what a phone's browser gets and what lands in the wallet."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, redirect

from service.emulators.certificates import Authority
from service.emulators.control import ControlServer
from service.emulators.google.control import ObjectNotFound
from service.emulators.google.emulator import GoogleEmulator
from service.emulators.google.save import SaveRefused

from .google_support import ISSUER_ID, Issuer, class_content, object_content

UNKNOWN_KEY = {"loyaltyObject": [{"id": f"{ISSUER_ID}.x"}]}


@pytest.fixture(scope="module")
def wallet(authority: Authority) -> Iterator[GoogleEmulator]:
    with GoogleEmulator(authority) as running:
        running.control({"rate": 10_000})
        yield running


@pytest.fixture(scope="module")
def issuer(wallet: GoogleEmulator, authority: Authority) -> Iterator[Issuer]:
    made = Issuer(wallet, authority)
    yield made
    made.close()


def skinny(made: dict[str, Any]) -> dict[str, object]:
    return {"id": made["id"], "classId": made["classId"]}


def test_a_skinny_link_saves_an_object_that_exists(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.an_object()

    view = wallet.save(issuer.link(skinny(made)))

    assert (view["saved"], view["object"]["hasUsers"]) == (1, True)
    assert issuer.sent("GET", f"loyaltyObject/{made['id']}")["hasUsers"] is True


def test_saving_again_changes_nothing(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.an_object()
    changed = object_content(made["id"], made["classId"], accountId="other")

    first = wallet.save(issuer.link(skinny(made)))
    again = wallet.save(issuer.link(changed))

    assert again == first


def test_a_skinny_link_to_nothing_ends_on_an_error_page(issuer: Issuer) -> None:
    reply = issuer.opened(issuer.link({"id": issuer.new_id(), "classId": f"{ISSUER_ID}.c"}))

    assert reply.status_code == 404
    assert "does not exist" in reply.text


def test_a_fat_link_creates_class_and_object(wallet: GoogleEmulator, issuer: Issuer) -> None:
    class_id, object_id = issuer.new_id(), issuer.new_id()
    payload = {
        "loyaltyClasses": [class_content(class_id)],
        "loyaltyObjects": [object_content(object_id, class_id)],
    }

    view = wallet.save(issuer.link(payload=payload))

    assert (view["object"]["id"], view["class"]["id"], view["saved"]) == (object_id, class_id, 1)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"state": "active"}, 400),
        ({"state": ...}, 400),
        ({"loyaltyPoints": {"label": "Points"}}, 400),
        ({"barcode": {"type": "EAN_13", "value": "ABC"}}, 400),
        ({"heroImage": {"privateImageId": "hero"}}, 400),
        ({"textModulesData": [{"id": "a"}, {"id": "a"}]}, 400),
        ({"classId": f"{ISSUER_ID}.nowhere"}, 404),
        ({"id": "42.x"}, 403),
        ({"id": "x"}, 400),
    ],
)
def test_a_fat_link_is_checked_like_an_insert(
    wallet: GoogleEmulator, issuer: Issuer, content: dict[str, object], status: int
) -> None:
    before = len(wallet.objects())
    wanted = object_content(issuer.new_id(), issuer.a_class()["id"], **content)

    reply = issuer.opened(issuer.link(wanted))

    assert reply.status_code == status
    assert len(wallet.objects()) == before


@pytest.mark.parametrize(
    ("claims", "complaint"),
    [
        ({"aud": "apple"}, "aud"),
        ({"typ": "savetoandroidpay"}, "typ"),
        ({"iss": "stranger@example.com"}, "no service account"),
        ({"iat": None}, "iat"),
        ({"iat": "1700000000"}, "iat"),
        ({"iat": True}, "iat"),
        ({"payload": UNKNOWN_KEY}, "unknown key"),
        ({"payload": {}}, "payload"),
        ({"payload": []}, "payload"),
        ({"payload": {"loyaltyObjects": {}}}, "list of objects"),
        ({"payload": {"loyaltyObjects": ["x"]}}, "list of objects"),
        ({"payload": {"loyaltyClasses": []}}, "no loyaltyObjects"),
    ],
)
def test_a_jwt_that_is_not_in_order_ends_on_an_error_page(
    issuer: Issuer, claims: dict[str, object], complaint: str
) -> None:
    reply = issuer.opened(issuer.link(**claims))

    assert reply.status_code == 400
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert complaint in reply.text


def test_a_jwt_that_does_not_say_when_it_was_made_ends_on_an_error_page(issuer: Issuer) -> None:
    made = issuer.an_object()
    claims = {
        "iss": issuer.key_file["client_email"],
        "aud": "google",
        "typ": "savetowallet",
        "payload": {"loyaltyObjects": [skinny(made)]},
    }

    replies = [
        issuer.opened(f"{issuer.save_url}/{issuer.signed(each)}")
        for each in (claims, {**claims, "iat": 1_700_000_000})
    ]

    assert [reply.status_code for reply in replies] == [400, 200]
    assert "iat" in replies[0].text


def test_a_jwt_with_a_wrong_signature_saves_nothing(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.an_object()
    head, claims, _ = issuer.link(skinny(made)).rsplit(".", 2)
    _, _, other = issuer.link(skinny(issuer.an_object())).rsplit(".", 2)

    replies = [
        issuer.opened(f"{head}.{claims}.{signature}").status_code for signature in (other, "", "!")
    ]

    assert replies == [400] * 3
    assert wallet.view(made["id"])["saved"] == 0


def test_another_issuers_account_cannot_save_our_objects(
    wallet: GoogleEmulator, issuer: Issuer, authority: Authority
) -> None:
    made = issuer.an_object()
    stranger = Issuer(wallet, authority, "42")

    reply = stranger.opened(stranger.link(skinny(made)))

    assert reply.status_code == 403
    stranger.close()


@pytest.mark.parametrize(("longest", "status"), [(1800, 200), (1803, 414)])
def test_a_link_carries_1800_characters_at_most(issuer: Issuer, longest: int, status: int) -> None:
    made = issuer.an_object()

    def link(filler: int) -> str:
        return issuer.link(skinny(made), origins=["x" * filler])

    def length(filler: int) -> int:
        return len(link(filler).rpartition("/")[2])

    filler = (longest - length(0)) * 3 // 4 - 2
    while length(filler + 1) <= longest:
        filler += 1

    assert longest - 2 <= length(filler) <= longest
    assert issuer.opened(link(filler)).status_code == status


def test_a_one_user_pass_belongs_to_who_saved_it_first(
    wallet: GoogleEmulator, issuer: Issuer
) -> None:
    alone = issuer.a_class(multipleDevicesAndHoldersAllowedStatus="ONE_USER_ALL_DEVICES")
    own, shared = issuer.an_object(classId=alone["id"]), issuer.an_object()

    for made in (own, shared):
        wallet.save(issuer.link(skinny(made)), "anna")
        wallet.save(issuer.link(skinny(made)), "anna")
    refused = issuer.opened(issuer.link(skinny(own)), "boris")
    wallet.save(issuer.link(skinny(shared)), "boris")

    assert refused.status_code == 403
    assert wallet.view(own["id"])["holders"] == ["anna"]
    assert wallet.view(shared["id"])["holders"] == ["anna", "boris"]


def test_the_page_shows_the_card_and_escapes_it(issuer: Issuer) -> None:
    label = {"defaultValue": {"language": "en", "value": "Beans"}}
    balance = {"money": {"micros": "12500000", "currencyCode": "EUR"}}
    made = issuer.an_object(
        accountName="<b>Anna</b>",
        loyaltyPoints={"label": "plain", "localizedLabel": label, "balance": balance},
    )

    page = issuer.opened(issuer.link(skinny(made)))

    assert page.status_code == 200
    for shown in ("Saved to Google Wallet", "Kopi Club", "Beans", "12.50 EUR", "K-100", "<svg"):
        assert shown in page.text
    assert "&lt;b&gt;Anna" in page.text
    assert "<script" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("sort", ["CODE_128", "QR_CODE", "TEXT_ONLY", "PDF_417"])
def test_a_barcode_cannot_bring_markup_onto_the_page(issuer: Issuer, sort: str) -> None:
    made = issuer.an_object(barcode={"type": sort, "value": "<u>K</u>"})

    page = issuer.opened(issuer.link(skinny(made)))

    assert page.status_code == 200
    assert "<u>" not in page.text


def test_an_error_page_escapes_what_it_quotes(issuer: Issuer) -> None:
    reply = issuer.opened(issuer.link({"id": "<script>", "classId": "c"}))

    assert reply.status_code == 400
    assert "<script>" not in reply.text


@pytest.mark.parametrize(("sort", "value"), [("EAN_13", "4006381333930"), ("CODE_128", "ж" * 500)])
def test_a_barcode_that_cannot_be_drawn_is_shown_as_text(
    issuer: Issuer, sort: str, value: str
) -> None:
    made = issuer.an_object(barcode={"type": sort, "value": value})

    page = issuer.opened(issuer.link(skinny(made)))

    assert page.status_code == 200
    assert value in page.text


def test_a_link_is_followed_through_redirects(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.an_object()
    shop = Flask("shop")
    shop.add_url_rule("/add", "add", lambda: redirect(issuer.link(skinny(made))))
    shop.add_url_rule("/loop", "loop", lambda: redirect("/loop"))
    shop.add_url_rule("/page", "page", lambda: "<html>")
    server = ControlServer(shop)
    server.start()

    view = wallet.save(f"{server.url}/add")
    refusals = []
    for path in ("loop", "page", "missing"):
        with pytest.raises(SaveRefused) as refused:
            wallet.save(f"{server.url}/{path}")
        refusals.append(refused.value.status)

    server.stop()
    assert view["saved"] == 1
    assert refusals == [502, 502, 404]


def test_a_link_nobody_answers_is_refused(wallet: GoogleEmulator) -> None:
    with pytest.raises(SaveRefused):
        wallet.save("http://127.0.0.1:9/add")


def test_a_removed_pass_has_no_users(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.an_object()
    for user in ("anna", "boris", "vera"):
        wallet.save(issuer.link(skinny(made)), user)
    url = f"{wallet.control_url}/objects/{made['id']}/remove"

    one = issuer.plain.post(url, json={"user": "anna"}, timeout=5).json()
    everybody = issuer.plain.post(url, timeout=5).json()

    assert one["holders"] == ["boris", "vera"]
    assert (everybody["saved"], everybody["object"]["hasUsers"]) == (0, False)


def test_the_view_reads_as_a_person_would(wallet: GoogleEmulator, issuer: Issuer) -> None:
    hello = {"defaultValue": {"language": "en", "value": "Kopi & Friends"}}
    class_id = issuer.a_class(localizedProgramName=hello, rewardsTier="Gold")["id"]
    made = issuer.an_object(
        classId=class_id,
        secondaryLoyaltyPoints={"label": "Tier", "balance": {"string": "Gold"}},
        barcode=...,
        linksModuleData={"uris": [{"uri": "tel:123", "description": "Call"}]},
        textModulesData=[{"id": "t", "header": "Note", "body": "Bring a cup"}],
    )

    card = issuer.plain.get(f"{wallet.control_url}/objects/{made['id']}", timeout=5).json()["card"]

    assert (card["program"], card["issuer"], card["tier"]) == ("Kopi & Friends", "Kopi", "Gold")
    assert card["points"] == {"label": "Points", "value": "120"}
    assert card["secondary_points"] == {"label": "Tier", "value": "Gold"}
    assert (card["account_id"], card["barcode"], card["state"]) == ("K-100", None, "ACTIVE")
    assert card["texts"] == [{"header": "Note", "body": "Bring a cup"}]
    assert card["links"] == [{"text": "Call", "uri": "tel:123"}]


def test_objects_are_listed_and_missing_ones_are_not_found(
    wallet: GoogleEmulator, issuer: Issuer
) -> None:
    made = issuer.an_object()

    listed = issuer.plain.get(f"{wallet.control_url}/objects", timeout=5).json()["objects"]
    missing = issuer.plain.get(f"{wallet.control_url}/objects/42.x", timeout=5)
    unremoved = issuer.plain.post(f"{wallet.control_url}/objects/42.x/remove", timeout=5)

    expected = {"id": made["id"], "classId": made["classId"], "state": "ACTIVE", "saved": 0}
    assert listed[-1] == expected
    assert missing.status_code == unremoved.status_code == 404
    assert missing.json()["code"] == "object_not_found"
    with pytest.raises(ObjectNotFound):
        wallet.view("42.x")
