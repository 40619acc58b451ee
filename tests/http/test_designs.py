"""Designs by API: uploaded as a zip, in versions, seen by their own brand alone."""

import io
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

import service.context
from service.designs.archive import LARGEST_ZIP
from service.operations import access, programs
from service.operations import designs as operations
from service.storage import designs
from service.storage.tables import DesignRow
from tests.designs.builders import SHEET, STAMPS, files, png, strings, zipped
from tests.storage.test_moves import sent
from tests.wallets.test_options import KEY
from tests.world import World


def upload(world: World, body: bytes | None = None, **headers: str) -> TestResponse:
    sent = {"Authorization": f"Bearer {world.brand.api_key}", "Content-Type": "application/zip"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return world.client.post("/v1/designs", data=zipped() if body is None else body, headers=sent)


def counted(world: World, name: str = "coffee") -> int:
    with world.context.reading() as transaction:
        query = select(func.count()).where(DesignRow.name == name)
        return transaction.session.scalar(query) or 0


def listed(world: World, query: str = "") -> dict[str, Any]:
    answer = world.call("GET", f"/v1/designs{query}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json
    return shown


def test_an_upload_answers_the_version_with_all_images_that_were_made(world: World) -> None:
    world.clock.freeze()

    answer = upload(world)

    assert answer.status_code == 201, answer.text
    assert answer.json == {
        "id": answer.json["id"],
        "name": "coffee",
        "version": 1,
        "languages": ["en"],
        "created_at": world.clock().isoformat().replace("+00:00", "Z"),
        "images": [
            {"name": "icon.png", "width": 38, "height": 38},
            {"name": "icon@2x.png", "width": 76, "height": 76},
            {"name": "icon@3x.png", "width": 114, "height": 114},
        ],
        "warnings": [
            "images/google/logo.png is missing: the design is not offered for Google Wallet."
        ],
    }
    read = world.call("GET", f"/v1/designs/{answer.json['id']}")
    assert (read.status_code, read.json) == (200, answer.json)


def test_an_upload_waits_a_second_for_its_turn_and_then_may_be_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert operations.TURN_WAIT_S <= 1
    turn = threading.Lock()
    monkeypatch.setattr(operations, "_one_at_a_time", turn)
    monkeypatch.setattr(operations, "TURN_WAIT_S", 0.01)

    begun = time.monotonic()
    with turn:
        busy = upload(world)

    assert time.monotonic() - begun < 10
    assert (busy.status_code, busy.json["code"]) == (503, "storage_busy")
    assert busy.headers["Retry-After"] == "1"
    assert "Another design is being prepared" in busy.json["detail"]
    assert upload(world, b"no zip").status_code == 400
    assert [upload(world).status_code for _ in range(2)] == [201, 201]


def test_the_designs_asked_for_last_are_not_read_again_and_others_make_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.context, "DESIGNS_KEPT", 2)
    world.context._designs.clear()
    one, two, three = (UUID(upload(world).json["id"]) for _ in range(3))
    asked, read_anew = (one, two, one, three, one, two), []

    for design_id in asked:
        with sent(world) as found, world.context.reading() as transaction:
            assert world.context.design(transaction, design_id).id == design_id
        read_anew.append(bool(found))

    assert read_anew == [True, True, False, True, False, True]
    assert len(world.context._designs) == 2


def test_figures_that_are_remembered_make_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.context, "MOST_REMEMBERED", 3)

    for number in range(9):
        world.context.remembered(f"figure {number}", timedelta(hours=1), lambda: 0)

    assert len(world.context._remembered) <= 3


def test_the_same_name_again_is_the_next_version_and_no_pass_changes(world: World) -> None:
    named = zipped(files({"design.toml": SHEET.replace("coffee", "points").encode()}))
    card = world.card()
    path = urlsplit(card["links"]["apple"]).path
    world.client.get(path)
    before = world.call("GET", f"/v1/cards/{card['id']}/delivery").json["passes"]
    upload(world, named)

    first, second = upload(world).json, upload(world).json

    assert (first["version"], second["version"]) == (1, 2)
    assert first["id"] != second["id"]
    with world.context.reading() as transaction:
        kept = designs.get(transaction, UUID(second["id"]))
    assert kept.version == 2
    (program,) = programs.programs_of(world.context, world.brand.id)
    assert program.design_id == world.brand.program.design_id
    assert world.call("GET", f"/v1/cards/{card['id']}/delivery").json["passes"] == before != []


def test_the_shipped_design_of_a_program_has_versions_too(world: World) -> None:
    named = zipped(files({"design.toml": SHEET.replace("coffee", "points").encode()}))

    assert upload(world, named).json["version"] == 2


def test_versions_are_listed_newest_first_and_part_by_part(world: World) -> None:
    made = [upload(world).json for _ in range(3)]

    first = listed(world, "?limit=2")
    rest = listed(world, f"?limit=2&cursor={first['next_cursor']}")

    shown = [*first["designs"], *rest["designs"]]
    assert [each["version"] for each in shown] == [3, 2, 1, 1]
    assert [each["name"] for each in shown] == ["coffee", "coffee", "coffee", "points"]
    assert rest["next_cursor"] is None
    line = {name: made[2][name] for name in ("id", "name", "version", "languages", "created_at")}
    assert shown[0] == line


def test_a_design_that_cannot_be_published_is_refused_with_all_its_faults(world: World) -> None:
    bad = files({"strings/ru.toml": strings(text__terms=None), "images/icon.png": b"GIF89a"})

    answer = upload(world, zipped(bad))

    assert (answer.status_code, answer.json["code"]) == (400, "design_refused")
    assert answer.json["errors"] == [
        {"field": "images/icon.png", "problem": "not_png: is GIF: export it as a PNG"},
        {"field": "strings/ru.toml", "problem": "missing_string: lacks text.terms"},
    ]
    assert counted(world) == 0


def test_what_a_phone_would_not_show_is_refused(world: World) -> None:
    sheet = SHEET + "[apple]\nstyle = 'boardingPass'\n"

    answer = upload(world, zipped(files({"design.toml": sheet.encode()})))

    assert (answer.status_code, answer.json["code"]) == (400, "design_refused")
    assert answer.json["errors"][0]["field"] == "design.toml: apple.style"


def test_a_design_that_asks_holders_to_sign_up_can_be_published(world: World) -> None:
    apple = f"""
[apple.nfc]
message = "card_number"
encryption_public_key = "{KEY}"

[apple.personalization]
required_fields = ["name"]
description = "enroll.how"
"""
    asking = files(
        {
            "design.toml": (SHEET + apple).encode(),
            "strings/en.toml": strings(enroll__how="Join us"),
            "images/personalizationLogo.png": png(450, 120),
        }
    )

    answer = upload(world, zipped(asking))

    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("body", [b"", b"no zip", b"PK\5\6" + bytes(17), zipped()[:-1]])
def test_what_is_no_zip_is_refused(world: World, body: bytes) -> None:
    answer = upload(world, body)

    assert (answer.status_code, answer.json["code"]) == (400, "design_refused")
    assert answer.json["errors"][0]["field"] == "zip"


def test_a_hostile_zip_is_refused_and_leaves_nothing(world: World) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("../../etc/cron.d/x", b"x")

    answer = upload(world, stream.getvalue())

    assert answer.json["errors"] == [
        {
            "field": "../../etc/cron.d/x",
            "problem": "bad_path: names are relative, of letters, digits and _@.-, "
            "with / between folders",
        }
    ]
    assert counted(world) == 0


def test_a_body_of_more_than_five_megabytes_is_too_large(world: World) -> None:
    answer = upload(world, bytes(LARGEST_ZIP + 1))

    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    assert "5120 KiB" in answer.json["detail"]
    assert world.call("POST", "/v1/cards", "x" * 70_000).status_code == 413


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "text/plain"])
def test_a_body_of_another_type_is_refused(world: World, kind: str) -> None:
    answer = upload(world, zipped(), Content_Type=kind)

    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")
    assert "application/zip" in answer.json["detail"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/designs", "designs:write"),
        ("GET", "/v1/designs", "designs:read"),
        ("GET", f"/v1/designs/{UUID(int=1)}", "designs:read"),
    ],
)
def test_a_key_needs_the_scope(world: World, method: str, path: str, scope: str) -> None:
    others = sorted(set(access.SCOPES) - {scope})
    key = access.create_key(world.context, world.brand.id, "narrow", others)
    narrow = replace(world, brand=replace(world.brand, api_key=key))

    answer = upload(narrow) if method == "POST" else narrow.call(method, path)

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert counted(world) == 0


def test_another_brand_sees_nothing_of_it_and_counts_its_own_versions(
    world: World, rival: World
) -> None:
    mine = upload(world).json

    theirs = upload(rival).json
    read = rival.call("GET", f"/v1/designs/{mine['id']}")

    assert theirs["version"] == 1
    assert (read.status_code, read.json["code"]) == (404, "design_not_found")
    assert mine["id"] not in {each["id"] for each in listed(rival)["designs"]}


def test_an_unknown_design_is_not_found(world: World) -> None:
    assert world.call("GET", f"/v1/designs/{uuid4()}").json["code"] == "design_not_found"
    assert world.call("GET", "/v1/designs/coffee").json["code"] == "not_found"


def test_a_repeat_under_the_same_key_is_answered_the_same_and_makes_no_version(
    world: World,
) -> None:
    body = zipped()

    first = upload(world, body, Idempotency_Key="k-1")
    again = upload(world, body, Idempotency_Key="k-1")
    other = upload(world, zipped(files({"images/icon.png": png(120, 120)})), Idempotency_Key="k-1")

    assert first.status_code == again.status_code == 201
    assert first.data == again.data
    assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")
    assert counted(world) == 1


def test_uploads_at_the_same_time_get_versions_of_their_own(world: World) -> None:
    body = zipped()

    def send(_: int) -> Any:
        client = world.client.application.test_client()
        return upload(replace(world, client=client), body).json["version"]

    with ThreadPoolExecutor(4) as pool:
        versions = sorted(pool.map(send, range(4)))

    assert versions == [1, 2, 3, 4]


def test_what_is_uploaded_is_served_to_pages_and_google(world: World) -> None:
    logo = zipped(files({"images/google/logo.png": png(660, 660)}))

    made = upload(world, logo).json

    with world.context.reading() as transaction:
        design = designs.get(transaction, UUID(made["id"]))
    path = design.image_path("google/logo.png")
    assert path is not None
    assert world.client.get(path).data == design.images["google/logo.png"]
    assert made["warnings"] == []


def test_stamps_come_with_a_strip_for_every_count(world: World) -> None:
    made = upload(world, zipped(files({"design.toml": (SHEET + STAMPS).encode()}))).json

    drawn = [each for each in made["images"] if each["name"].startswith("stamps/")]
    assert len(drawn) == 4 * 3
    assert {"name": "stamps/3/strip@2x.png", "width": 750, "height": 288} in drawn
