"""Google's loyalty API, emulated, spoken to by the unmodified google-auth over TLS."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import time_machine

from service.emulators.certificates import Authority
from service.emulators.google.accounts import GRANT_TYPE, SCOPE
from service.emulators.google.emulator import GoogleEmulator

from .google_support import (
    ISSUER_ID,
    Issuer,
    class_content,
    object_content,
    picture_host,
    points,
    reason,
    told,
)

NOBODY = f"{ISSUER_ID}.nobody"


def assertion(issuer: Issuer, token_url: str, **changes: object) -> str:
    now = int(time.time())
    claims = {
        "iss": issuer.key_file["client_email"],
        "scope": SCOPE,
        "aud": token_url,
        "iat": now,
        "exp": now + 3600,
        **changes,
    }
    return issuer.signed(claims)


def grant(issuer: Issuer, url: str, signed: str, grant_type: str = GRANT_TYPE) -> Any:
    body = {"grant_type": grant_type, "assertion": signed}
    return issuer.plain.post(url, data=body, timeout=5)


# --- tokens


def test_a_signed_assertion_gets_a_token(wallet: GoogleEmulator, issuer: Issuer) -> None:
    reply = grant(issuer, wallet.token_url, assertion(issuer, wallet.token_url))

    answer = reply.json()
    assert reply.status_code == 200
    assert (answer["expires_in"], answer["token_type"]) == (3599, "Bearer")
    assert answer["access_token"]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://example.com/token"},
        {"scope": "https://www.googleapis.com/auth/drive"},
        {"iss": "stranger@example.com"},
        {"iat": 1_000, "exp": 4_600},
        {"exp": int(time.time()) + 7_300},
        {"iat": int(time.time()) + 2_000, "exp": int(time.time()) + 5_000},
        {"exp": None},
        {"iat": "now"},
    ],
)
def test_an_assertion_that_is_not_in_order_is_refused(
    wallet: GoogleEmulator, issuer: Issuer, changes: dict[str, object]
) -> None:
    reply = grant(issuer, wallet.token_url, assertion(issuer, wallet.token_url, **changes))

    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_grant")
    assert reply.json()["error_description"]


def test_an_assertion_signed_by_somebody_else_is_refused(
    wallet: GoogleEmulator, issuer: Issuer, authority: Authority
) -> None:
    stranger = Issuer(wallet, authority, "42")
    forged = assertion(stranger, wallet.token_url, iss=issuer.key_file["client_email"])
    header, claims, _ = assertion(issuer, wallet.token_url).split(".")
    tampered = f"{header}.{claims}.{forged.split('.')[2]}"

    replies = [grant(issuer, wallet.token_url, each) for each in (forged, tampered, "a.b", "é.b.c")]

    assert {reply.json()["error"] for reply in replies} == {"invalid_grant"}
    stranger.close()


def test_another_grant_type_is_refused(wallet: GoogleEmulator, issuer: Issuer) -> None:
    reply = grant(issuer, wallet.token_url, assertion(issuer, wallet.token_url), "password")

    assert (reply.status_code, reply.json()["error"]) == (400, "unsupported_grant_type")


def test_the_assertion_is_not_kept_in_the_log(wallet: GoogleEmulator, issuer: Issuer) -> None:
    grant(issuer, wallet.token_url, assertion(issuer, wallet.token_url))

    assert wallet.requests("/token")[-1].body is None


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer ya29.x"}, {"Authorization": "ü ü"}]
)
def test_without_a_valid_token_nothing_is_answered(issuer: Issuer, headers: dict[str, str]) -> None:
    url = f"{issuer.base}/loyaltyClass/{NOBODY}"

    reply = issuer.plain.get(url, headers=headers, timeout=5)

    assert reason(reply) == (401, "authError")
    assert "Bearer" in reply.headers["WWW-Authenticate"]


def test_a_token_expires_and_google_auth_gets_another(
    authority: Authority,
) -> None:
    with (
        time_machine.travel(datetime.now(UTC), tick=True) as clock,
        GoogleEmulator(authority) as own,
    ):
        issuer = Issuer(own, authority)
        made = issuer.an_object()
        old = {"Authorization": f"Bearer {issuer.credentials.token}"}

        clock.shift(timedelta(seconds=3600))
        url = f"{issuer.base}/loyaltyObject/{made['id']}"
        stale = issuer.plain.get(url, headers=old, timeout=5)
        renewed = issuer.send("GET", f"loyaltyObject/{made['id']}")

        issuer.close()
    assert reason(stale) == (401, "authError")
    assert renewed.ok


# --- who may touch what


def test_an_issuer_is_shown_to_its_own_account_only(issuer: Issuer) -> None:
    own = issuer.sent("GET", f"issuer/{ISSUER_ID}")
    other = issuer.send("GET", "issuer/42")

    assert own["issuerId"] == ISSUER_ID
    assert reason(other) == (403, "permissionDenied")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "loyaltyClass/42.c", None),
        ("PATCH", "loyaltyObject/42.o", {}),
        ("PUT", "loyaltyObject/42.o", {}),
        ("POST", "loyaltyObject/42.o/addMessage", {}),
        ("POST", "loyaltyClass", {"id": "42.c"}),
        ("POST", "loyaltyObject", object_content("42.o", "42.c")),
        ("GET", "loyaltyClass?issuerId=42", None),
        ("GET", "loyaltyObject?classId=42.c", None),
    ],
)
def test_another_issuers_ids_are_forbidden(
    issuer: Issuer, method: str, path: str, body: object
) -> None:
    assert reason(issuer.send(method, path, body)) == (403, "permissionDenied")


@pytest.mark.parametrize(
    "resource_id",
    ["", "card", "issuer.card", f"{ISSUER_ID}.", f"{ISSUER_ID}.käse", f"{ISSUER_ID}.a b"],
)
def test_a_malformed_id_is_refused(issuer: Issuer, resource_id: str) -> None:
    reply = issuer.send("POST", "loyaltyClass", class_content(resource_id))

    assert reason(reply) == (400, "invalidResource")
    assert "Invalid resource ID" in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    "content",
    [
        {"heroImage": {"privateImageId": "hero"}},
        {"loyaltyPoints": {"label": "Points", "balance": None}},
        {"textModulesData": [{"id": "a"}, {"id": "a"}]},
        {"barcode": {"type": "EAN_13", "value": "letters"}},
    ],
)
def test_what_no_schema_forbids_is_refused_and_changes_nothing(
    issuer: Issuer, content: dict[str, Any]
) -> None:
    made = issuer.an_object()
    path = f"loyaltyObject/{made['id']}"

    replies = [
        issuer.send("PATCH", path, content),
        issuer.send("POST", "loyaltyObject", {**made, "id": issuer.new_id(), **content}),
    ]

    assert [reason(reply) for reply in replies] == [(400, "invalidResource")] * 2
    assert issuer.sent("GET", path)["barcode"] == made["barcode"]


def test_a_suffix_may_hold_dots(issuer: Issuer) -> None:
    class_id = f"{issuer.new_id()}.v1.2-a_b"

    issuer.sent("POST", "loyaltyClass", class_content(class_id))

    assert issuer.sent("GET", f"loyaltyClass/{class_id}")["id"] == class_id


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "offerClass"),
        ("DELETE", f"loyaltyObject/{NOBODY}"),
        ("PUT", "loyaltyClass"),
        ("GET", f"loyaltyObject/{NOBODY}/addMessage"),
        ("POST", f"loyaltyObject/{NOBODY}/sing"),
        ("POST", f"issuer/{ISSUER_ID}"),
    ],
)
def test_everything_else_is_not_found(issuer: Issuer, method: str, path: str) -> None:
    assert reason(issuer.send(method, path)) == (404, "notFound")


# --- insert, get, patch, put, list


def test_a_class_under_review_is_approved_at_once(issuer: Issuer) -> None:
    made = issuer.a_class()

    assert made["reviewStatus"] == "APPROVED"
    assert issuer.sent("GET", f"loyaltyClass/{made['id']}") == made


def test_an_approved_status_may_not_be_echoed_back(issuer: Issuer) -> None:
    made = issuer.a_class()
    path = f"loyaltyClass/{made['id']}"

    echoed = issuer.send("PATCH", path, {"reviewStatus": "APPROVED"})
    put = issuer.send("PUT", path, made)
    again = issuer.sent("PUT", path, {**made, "reviewStatus": "UNDER_REVIEW"})

    assert reason(echoed) == reason(put) == (400, "invalidResource")
    assert again == made


def test_a_class_leaves_draft_for_good(issuer: Issuer) -> None:
    made = issuer.a_class(reviewStatus="DRAFT")
    path = f"loyaltyClass/{made['id']}"

    issuer.sent("PATCH", path, {"reviewStatus": "DRAFT"})
    issuer.sent("PATCH", path, {"reviewStatus": "UNDER_REVIEW"})
    back = issuer.send("PATCH", path, {"reviewStatus": "DRAFT"})

    assert made["reviewStatus"] == "DRAFT"
    assert reason(back) == (400, "invalidResource")


def test_a_draft_class_has_no_objects(issuer: Issuer) -> None:
    draft = issuer.a_class(reviewStatus="DRAFT")["id"]
    made = issuer.an_object()

    inserted = issuer.send("POST", "loyaltyObject", object_content(issuer.new_id(), draft))
    moved = issuer.send("PATCH", f"loyaltyObject/{made['id']}", {"classId": draft})

    assert reason(inserted) == reason(moved) == (400, "invalidResource")


def test_an_object_shows_its_class_when_it_is_fetched(issuer: Issuer) -> None:
    made = issuer.an_object()

    fetched = issuer.sent("GET", f"loyaltyObject/{made['id']}")

    assert made["hasUsers"] is False
    assert fetched.pop("classReference")["programName"] == "Kopi Club"
    assert fetched == made


def test_a_taken_id_conflicts(issuer: Issuer) -> None:
    made = issuer.an_object()

    one = issuer.send("POST", "loyaltyClass", class_content(made["classId"]))
    two = issuer.send("POST", "loyaltyObject", object_content(made["id"], made["classId"]))

    assert reason(one) == reason(two) == (409, "existingResource")


def test_of_many_inserts_of_one_id_one_succeeds(issuer: Issuer) -> None:
    class_id, object_id = issuer.a_class()["id"], issuer.new_id()
    content = object_content(object_id, class_id)

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: issuer.send("POST", "loyaltyObject", content), range(8)))

    assert sorted(reply.status_code for reply in replies) == [200] + [409] * 7


def test_an_object_needs_its_class(issuer: Issuer) -> None:
    made = issuer.an_object()

    reply = issuer.send("POST", "loyaltyObject", object_content(issuer.new_id(), NOBODY))
    moved = issuer.send("PATCH", f"loyaltyObject/{made['id']}", {"classId": NOBODY})
    foreign = issuer.send("POST", "loyaltyObject", object_content(issuer.new_id(), "42.c"))

    assert reason(reply) == reason(moved) == (404, "classNotFound")
    assert reason(foreign) == (403, "permissionDenied")


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT"])
@pytest.mark.parametrize(
    ("kind", "missing"), [("loyaltyClass", "classNotFound"), ("loyaltyObject", "resourceNotFound")]
)
def test_what_is_not_there_is_not_found(
    issuer: Issuer, method: str, kind: str, missing: str
) -> None:
    assert reason(issuer.send(method, f"{kind}/{NOBODY}", {})) == (404, missing)


def test_a_patch_changes_only_what_it_names(issuer: Issuer) -> None:
    made = issuer.an_object(textModulesData=[{"id": "a", "body": "A"}, {"id": "b", "body": "B"}])

    patched = issuer.sent(
        "PATCH",
        f"loyaltyObject/{made['id']}",
        {**points(130), "barcode": None, "textModulesData": [{"id": "c", "body": "C"}]},
    )

    expected = {**made, "textModulesData": [{"id": "c", "body": "C"}]}
    expected["loyaltyPoints"] = {"label": "Points", "balance": {"int": 130}}
    del expected["barcode"]
    assert patched == expected


def test_the_result_of_a_patch_must_hold_the_rules(issuer: Issuer) -> None:
    made = issuer.an_object()
    path = f"loyaltyObject/{made['id']}"

    both = issuer.send("PATCH", path, {"loyaltyPoints": {"balance": {"string": "Gold"}}})
    unset = issuer.send("PATCH", path, {"state": None})
    swapped = issuer.sent(
        "PATCH", path, {"loyaltyPoints": {"balance": {"string": "Gold", "int": None}}}
    )

    assert reason(both) == reason(unset) == (400, "invalidResource")
    assert swapped["loyaltyPoints"]["balance"] == {"string": "Gold"}


def test_a_patch_may_be_sent_as_a_post(issuer: Issuer) -> None:
    made = issuer.an_object()
    override = {"X-HTTP-Method-Override": "PATCH"}

    reply = issuer.send("POST", f"loyaltyObject/{made['id']}", points(7), headers=override)

    assert reply.json()["loyaltyPoints"]["balance"] == {"int": 7}


def test_a_put_replaces_everything(issuer: Issuer) -> None:
    made = issuer.an_object()
    path = f"loyaltyObject/{made['id']}"
    bare = {"id": made["id"], "classId": made["classId"], "state": "INACTIVE"}

    replaced = issuer.sent("PUT", path, bare)
    echoed = issuer.send("PUT", path, issuer.sent("GET", path))
    partial = issuer.send("PUT", path, {"id": made["id"], "state": "ACTIVE"})

    assert replaced == {**bare, "hasUsers": False}
    assert reason(echoed) == reason(partial) == (400, "invalidResource")


def test_an_id_cannot_be_changed(issuer: Issuer) -> None:
    made = issuer.an_object()

    reply = issuer.send("PATCH", f"loyaltyObject/{made['id']}", {"id": issuer.new_id()})

    assert reason(reply) == (400, "invalidResource")


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(issuer: Issuer, body: bytes) -> None:
    url = f"{issuer.base}/loyaltyClass"

    reply = issuer.session.post(url, data=body, timeout=5)

    assert reason(reply) == (400, "badRequest")


def test_an_unknown_field_is_refused_and_nothing_is_changed(issuer: Issuer) -> None:
    made = issuer.an_object()
    path = f"loyaltyObject/{made['id']}"

    reply = issuer.send("PATCH", path, {**points(5), "loyaltyPoint": {}})

    assert reason(reply) == (400, "badRequest")
    assert issuer.sent("GET", path)["loyaltyPoints"] == made["loyaltyPoints"]


def test_a_body_that_is_too_large_is_refused(issuer: Issuer) -> None:
    reply = issuer.session.post(f"{issuer.base}/loyaltyClass", data=bytes(1_000_001), timeout=5)

    assert reason(reply) == (413, "badRequest")


def test_lists_come_in_pages(issuer: Issuer) -> None:
    class_id = issuer.a_class()["id"]
    made = [issuer.an_object(classId=class_id)["id"] for _ in range(5)]

    seen, token = [], ""
    while True:
        page = issuer.sent("GET", f"loyaltyObject?classId={class_id}&maxResults=2{token}")
        seen.append([each["id"] for each in page["resources"]])
        if "nextPageToken" not in page["pagination"]:
            break
        token = f"&token={page['pagination']['nextPageToken']}"
    whole = issuer.sent("GET", f"loyaltyObject?classId={class_id}")
    classes = issuer.sent("GET", f"loyaltyClass?issuerId={ISSUER_ID}")

    assert seen == [made[:2], made[2:4], made[4:]]
    assert [each["id"] for each in whole["resources"]] == made
    assert class_id in [each["id"] for each in classes["resources"]]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("loyaltyObject", (400, "invalidResource")),
        ("loyaltyClass", (400, "invalidResource")),
        (f"loyaltyObject?classId={NOBODY}", (404, "classNotFound")),
        (f"loyaltyClass?issuerId={ISSUER_ID}&maxResults=0", (400, "invalidResource")),
        (f"loyaltyClass?issuerId={ISSUER_ID}&token=x", (400, "invalidResource")),
    ],
)
def test_a_list_needs_its_owner_and_good_paging(
    issuer: Issuer, query: str, answer: tuple[int, str]
) -> None:
    assert reason(issuer.send("GET", query)) == answer


def test_an_answer_can_be_cut_down_to_fields(issuer: Issuer) -> None:
    made = issuer.an_object()

    cut = issuer.sent("GET", f"loyaltyObject/{made['id']}?fields=id,state,hasUsers")

    assert cut == {"id": made["id"], "state": "ACTIVE", "hasUsers": False}


def test_links_lead_to_other_objects_of_the_issuer(issuer: Issuer) -> None:
    first = issuer.an_object()
    second = issuer.an_object(linkedObjectIds=[first["id"]])
    path = f"loyaltyObject/{first['id']}"

    itself = issuer.send("PATCH", path, {"linkedObjectIds": [first["id"]]})
    nested = issuer.send("PATCH", path, {"linkedObjectIds": [second["id"]]})
    missing = issuer.send("PATCH", path, {"linkedObjectIds": [NOBODY]})

    assert reason(itself) == reason(nested) == (400, "invalidResource")
    assert reason(missing) == (404, "resourceNotFound")


def test_merchant_locations_are_for_issuers_on_the_list(
    wallet: GoogleEmulator, issuer: Issuer
) -> None:
    places = {"merchantLocations": [{"latitude": 1.3, "longitude": 103.8}]}

    refused = issuer.send("POST", "loyaltyClass", class_content(issuer.new_id(), **places))
    wallet.control({"merchant_locations": True})
    made = issuer.a_class(**places)

    assert reason(refused) == (400, "invalidResource")
    assert "not allowlisted" in refused.json()["error"]["message"]
    assert made["merchantLocations"] == places["merchantLocations"]


# --- messages and notifications


def message(**changes: object) -> dict[str, object]:
    return {"message": {"header": "Hi", "body": "Coffee?", "id": "m", **changes}}


def test_a_message_is_appended(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.a_saved_object()

    answer = issuer.sent("POST", f"loyaltyObject/{made['id']}/addMessage", message())
    of_class = issuer.sent("POST", f"loyaltyClass/{made['classId']}/addMessage", message())

    assert answer["resource"]["messages"] == [message()["message"]]
    assert of_class["resource"]["messages"] == [message()["message"]]
    assert wallet.view(made["id"])["notifications"] == []


def test_a_message_is_checked(issuer: Issuer) -> None:
    path = f"loyaltyObject/{issuer.an_object()['id']}/addMessage"

    empty = issuer.send("POST", path, {})
    unknown = issuer.send("POST", path, message(title="x"))
    sort = issuer.send("POST", path, message(messageType="EXPIRATION_NOTIFICATION"))
    nobody = issuer.send("POST", f"loyaltyObject/{NOBODY}/addMessage", message())

    assert reason(empty) == reason(sort) == (400, "invalidResource")
    assert reason(unknown) == (400, "badRequest")
    assert reason(nobody) == (404, "resourceNotFound")


def test_an_eleventh_message_is_refused(issuer: Issuer) -> None:
    made = issuer.an_object(messages=[{"body": str(n)} for n in range(10)])

    reply = issuer.send("POST", f"loyaltyObject/{made['id']}/addMessage", message())

    assert reason(reply) == (400, "invalidResource")


def test_a_message_notifies_three_times_a_day(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.a_saved_object()
    path = f"loyaltyObject/{made['id']}/addMessage"
    loud = message(messageType="TEXT_AND_NOTIFY")

    for _ in range(3):
        issuer.sent("POST", path, loud)
    fourth = issuer.send("POST", path, loud)
    issuer.sent("POST", path, message(messageType="TEXT"))

    view = wallet.view(made["id"])
    assert reason(fourth) == (403, "quotaExceeded")
    assert fourth.json()["error"]["errors"][0]["domain"] == "walletobjects"
    assert [note["what"] for note in view["notifications"]] == ["message"] * 3
    assert view["notifications"][0]["body"] == "Coffee?"
    assert len(view["object"]["messages"]) == 4


def test_a_class_message_reaches_every_holder(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.a_saved_object()
    other = issuer.an_object(classId=made["classId"])
    path = f"loyaltyClass/{made['classId']}/addMessage"

    for _ in range(3):
        issuer.sent("POST", path, message(messageType="TEXT_AND_NOTIFY"))
    fourth = issuer.send("POST", path, message(messageType="TEXT_AND_NOTIFY"))

    notes = wallet.view(made["id"])["notifications"]
    assert [note["what"] for note in notes] == ["class_message"] * 3
    assert wallet.view(other["id"])["notifications"] == []
    assert reason(fourth) == (403, "quotaExceeded")


def test_a_changed_balance_notifies_with_old_and_new(
    wallet: GoogleEmulator, issuer: Issuer
) -> None:
    made = issuer.a_saved_object()

    patched = issuer.sent("PATCH", f"loyaltyObject/{made['id']}", told(130))

    (note,) = wallet.view(made["id"])["notifications"]
    assert note["what"] == "update"
    assert note["changes"] == [{"field": "loyaltyPoints.balance", "old": "120", "new": "130"}]
    assert "notifyPreference" not in patched
    assert "notifyPreference" not in wallet.view(made["id"])["object"]


@pytest.mark.parametrize(
    "body",
    [
        points(130),
        told(120),
        {"state": "INACTIVE", "notifyPreference": "NOTIFY_ON_UPDATE"},
        {**points(130), "notifyPreference": "NOTIFICATION_SETTINGS_FOR_UPDATES_UNSPECIFIED"},
    ],
)
def test_a_change_that_is_not_told_stays_silent(
    wallet: GoogleEmulator, issuer: Issuer, body: dict[str, object]
) -> None:
    made = issuer.a_saved_object()

    issuer.sent("PATCH", f"loyaltyObject/{made['id']}", body)

    assert wallet.view(made["id"])["notifications"] == []


def test_an_object_nobody_saved_notifies_nobody(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.an_object()

    for balance in range(6):
        issuer.sent("PATCH", f"loyaltyObject/{made['id']}", told(balance))

    assert wallet.view(made["id"])["notifications"] == []


def test_a_fourth_notification_in_a_day_is_refused_and_changes_nothing(
    authority: Authority,
) -> None:
    hours = 0.0

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(hours=hours)

    with GoogleEmulator(authority, now=now) as own:
        issuer = Issuer(own, authority)
        made = issuer.a_saved_object()
        path = f"loyaltyObject/{made['id']}"
        for balance in (1, 2, 3):
            issuer.sent("PATCH", path, told(balance))

        fourth = issuer.send("PATCH", path, {**told(4), "state": "INACTIVE"})
        after = own.view(made["id"])["object"]
        silent = issuer.sent("PATCH", path, points(5))
        hours = 0.9
        early = issuer.send("PATCH", path, told(6))
        hours = 24.1
        issuer.credentials.token = own_token(own, issuer, hours)
        late = issuer.send("PATCH", path, told(7))

        issuer.close()
    assert reason(fourth) == reason(early) == (403, "quotaExceeded")
    assert (after["loyaltyPoints"]["balance"], after["state"]) == ({"int": 3}, "ACTIVE")
    assert silent["loyaltyPoints"]["balance"] == {"int": 5}
    assert late.ok


def own_token(wallet: GoogleEmulator, issuer: Issuer, hours: float) -> str:
    """google-auth reads the system's clock; this assertion is of the emulator's."""
    then = int(time.time() + hours * 3600)
    signed = assertion(issuer, wallet.token_url, iat=then, exp=then + 3600)
    return str(grant(issuer, wallet.token_url, signed).json()["access_token"])


def test_a_class_tells_every_holder_of_its_new_name(wallet: GoogleEmulator, issuer: Issuer) -> None:
    made = issuer.a_saved_object()

    issuer.sent(
        "PATCH",
        f"loyaltyClass/{made['classId']}",
        {"programName": "Kopi Plus", "notifyPreference": "NOTIFY_ON_UPDATE"},
    )

    (note,) = wallet.view(made["id"])["notifications"]
    change = {"field": "programName", "old": "Kopi Club", "new": "Kopi Plus"}
    assert (note["what"], note["changes"]) == ("class_update", [change])


# --- images


def test_each_new_image_is_fetched_once(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    with picture_host() as host, caplog.at_level(logging.WARNING):
        made = issuer.a_class(
            programLogo=host.image("/png-logo"),
            heroImage=host.image("/jpeg-hero"),
            wideProgramLogo=host.image("/png-wide"),
            imageModulesData=[{"mainImage": host.image("/png-module")}],
        )
        issuer.a_class(programLogo=host.image("/png-logo"))
        path = f"loyaltyClass/{made['id']}"
        issuer.sent("PATCH", path, {"programName": "Kopi Plus"})
        issuer.sent("PATCH", path, {"heroImage": host.image("/png-new")})
        issuer.an_object(classId=made["id"], heroImage=host.image("/png-own"))

    assert sorted(host.hits) == [
        "/jpeg-hero",
        "/png-logo",
        "/png-module",
        "/png-new",
        "/png-own",
        "/png-wide",
    ]
    assert "https only" in caplog.text


def test_an_image_over_https_is_fetched_without_a_warning(
    issuer: Issuer, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    issued = authority.server_certificate(["127.0.0.1"], now=datetime.now(UTC))

    with picture_host(issued) as host, caplog.at_level(logging.WARNING):
        issuer.a_class(programLogo=host.image("/png"))

    assert host.hits == ["/png"]
    assert caplog.text == ""


@pytest.mark.parametrize("path", ["/missing", "/moved", "/page", "/large"])
def test_what_is_no_image_refuses_the_class(issuer: Issuer, path: str) -> None:
    class_id = issuer.new_id()

    with picture_host() as host:
        content = class_content(class_id, programLogo=host.image(path))
        reply = issuer.send("POST", "loyaltyClass", content)

    assert reason(reply) == (400, "invalidResource")
    assert "Image cannot be loaded" in reply.json()["error"]["message"]
    assert reason(issuer.send("GET", f"loyaltyClass/{class_id}")) == (404, "classNotFound")


def test_an_unreachable_image_leaves_a_class_as_it_was(issuer: Issuer) -> None:
    made = issuer.a_class()
    path = f"loyaltyClass/{made['id']}"
    gone = {"sourceUri": {"uri": "http://127.0.0.1:9/hero.png"}}

    reply = issuer.send("PATCH", path, {"programName": "New", "heroImage": gone})

    assert reason(reply) == (400, "invalidResource")
    assert issuer.sent("GET", path) == made


def test_a_slow_image_does_not_hold_up_others(issuer: Issuer) -> None:
    made = issuer.an_object()

    with picture_host() as host:
        asked, go_on = threading.Event(), threading.Event()

        def slowly(_: str) -> tuple[int, dict[str, str], bytes]:
            asked.set()
            go_on.wait(5)
            return 404, {}, b""

        host.answer = slowly  # type: ignore[method-assign]
        content = class_content(issuer.new_id(), programLogo=host.image("/slow"))
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(issuer.send, "POST", "loyaltyClass", content)
            assert asked.wait(5)
            meanwhile = issuer.send("PATCH", f"loyaltyObject/{made['id']}", points(1), timeout=2)
            go_on.set()
            assert reason(slow.result(5)) == (400, "invalidResource")

    assert meanwhile.ok


# --- the ceiling


def test_more_than_twenty_requests_a_second_are_too_many(
    wallet: GoogleEmulator, issuer: Issuer
) -> None:
    made = issuer.an_object()
    path = f"loyaltyObject/{made['id']}"
    wallet.control({"reset": True})

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: issuer.send("GET", path), range(40)))

    refused = [reply for reply in replies if reply.status_code == 429]
    # More than one second may pass on a slow machine, so that fewer are refused.
    assert 0 < len(refused) <= 20
    assert reason(refused[0]) == (429, "rateLimitExceeded")
    assert refused[0].json()["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert wallet.highest_rate > 20


def test_the_ceiling_can_be_ordered_and_is_one_issuers_own(
    wallet: GoogleEmulator, issuer: Issuer, authority: Authority
) -> None:
    neighbor = Issuer(wallet, authority, "77")
    wallet.control({"reset": True, "rate": 2})

    own = [issuer.send("GET", f"issuer/{ISSUER_ID}").status_code for _ in range(3)]
    others = neighbor.send("GET", "issuer/77").status_code

    assert (own, others) == ([200, 200, 429], 200)
    neighbor.close()


def test_connections_are_kept_alive(issuer: Issuer) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(issuer.root)
        for _ in range(3):
            reply = session.get(f"{issuer.base}/issuer/1", timeout=5)
            assert "close" not in reply.headers.get("Connection", "")
        adapter = session.get_adapter(issuer.base)
        (pool,) = adapter.poolmanager.pools._container.values()
        assert pool.num_connections == 1
