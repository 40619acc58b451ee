"""What an operator's own monitoring asks: alive, ready, and what needs attention."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from service.domain.brands import Mode
from service.domain.passes import WalletName
from service.emulators.pass_reader import OpenedPass
from service.operations import access, expiry, programs
from service.operations.certificates import import_certificate
from service.storage import halts
from service.storage.tables import DeliveryRow
from tests.http.phone import Phone
from tests.world import PASS_TYPE, TEAM, World, a_brand, files_of


def health(world: World, key: str | None = None) -> dict[str, Any]:
    more = {} if key is None else {"Authorization": f"Bearer {key}"}
    answer = world.call("GET", "/v1/health", **more)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json
    return shown


def test_a_sound_brand_needs_no_attention(world: World) -> None:
    shown = health(world)

    assert shown["attention"] == []
    (certificate,) = shown["certificates"]
    assert certificate["pass_type_id"] == PASS_TYPE
    assert (certificate["state"], certificate["stage"]) == ("active", None)
    assert (certificate["passes"], certificate["devices"]) == (0, 0)
    assert certificate["days_left"] == 364


def test_a_certificate_near_its_end_is_shown_with_whom_it_concerns(world: World) -> None:
    Phone(world).add(world.card())
    world.clock.frozen_at = expiry.standings(world.context)[0].certificate.facts.ends_at
    world.clock.forward(days=-14)

    shown = health(world)

    assert shown["attention"] == ["certificate_expires"]
    (certificate,) = shown["certificates"]
    assert (certificate["days_left"], certificate["stage"]) == (14, 14)
    assert (certificate["passes"], certificate["devices"]) == (1, 1)


def test_passes_are_counted_at_most_every_five_minutes(world: World) -> None:
    world.clock.freeze()
    health(world)
    Phone(world).add(world.card())

    at_once = health(world)["certificates"][0]["passes"]
    world.clock.forward(minutes=5, seconds=1)
    later = health(world)["certificates"][0]["passes"]

    assert (at_once, later) == (0, 1)


def test_a_brand_sees_only_its_own(world: World) -> None:
    other = a_brand(world.context, world.authority, "Other", "pass.com.example.health")
    ending = world.authority.pass_certificate(
        "pass.com.example.ending", TEAM, now=world.clock(), days=5
    )
    import_certificate(world.context, other.id, files_of(ending, world.authority))

    mine, theirs = health(world), health(world, other.api_key)

    assert [each["pass_type_id"] for each in mine["certificates"]] == [PASS_TYPE]
    assert mine["attention"] == []
    assert sorted(each["pass_type_id"] for each in theirs["certificates"]) == [
        "pass.com.example.ending",
        "pass.com.example.health",
    ]
    assert theirs["attention"] == ["certificate_expires"]


def test_a_brand_without_a_certificate_has_none(world: World) -> None:
    brand = programs.create_brand(world.context, "Bare", Mode.TEST)
    key = access.create_key(world.context, brand.id, "watch", ["health:read"])

    shown = health(world, key)

    assert (shown["attention"], shown["certificates"], shown["halts"]) == ([], [], [])
    assert shown["stale_passes"] == 0
    assert set(shown["device_reports"].values()) == {0}


def halt(world: World, pass_type: str) -> None:
    with world.context.transaction() as transaction:
        halts.begin(
            transaction,
            (WalletName.APPLE, pass_type),
            "BadCertificate",
            world.clock(),
            is_probe=False,
            at_most=None,
        )


def test_a_vendor_that_refuses_us_is_shown_to_whom_it_concerns(world: World) -> None:
    other = a_brand(world.context, world.authority, "Other", "pass.com.example.health")
    halt(world, PASS_TYPE)

    mine, theirs = health(world), health(world, other.api_key)

    assert mine["attention"] == ["wallet_halted"]
    (only,) = mine["halts"]
    assert (only["wallet"], only["type"], only["reason"], only["waiting"]) == (
        "apple",
        PASS_TYPE,
        "BadCertificate",
        0,
    )
    assert (theirs["attention"], theirs["halts"]) == ([], [])
    assert world.client.get("/readyz").json["attention"] == ["wallet_halted"]


@contextmanager
def reads(world: World) -> Iterator[list[str]]:
    """Collect what the database is asked, without being written to, during the block."""
    sent: list[str] = []

    def remember(connection: object, cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    reader = world.context.database._reader
    event.listen(reader, "before_cursor_execute", remember)
    yield sent
    event.remove(reader, "before_cursor_execute", remember)


def test_readiness_does_not_count_what_a_halt_holds_back(world: World) -> None:
    halt(world, PASS_TYPE)

    with reads(world) as sent:
        answer = world.client.get("/readyz")

    assert answer.json["attention"] == ["wallet_halted"]
    assert any("FROM halts" in each for each in sent)
    assert not any("deliveries" in each for each in sent)


def stale_phone(world: World) -> OpenedPass:
    """Leave a phone that was told of a change long ago, and again, and has not come."""
    card = world.card(points=1)
    copy = Phone(world).add(card)
    world.points("e-1", card, add=1)
    long_ago = world.clock() - timedelta(days=1)
    with world.context.transaction() as transaction:
        transaction.session.execute(
            update(DeliveryRow).values(
                sent_version=DeliveryRow.wanted_version,
                sent_at=long_ago,
                due_at=None,
                repushes_since=long_ago,
            )
        )
    return copy


def test_phones_behind_and_their_reports_are_counted_for_their_brand_alone(world: World) -> None:
    other = a_brand(world.context, world.authority, "Other", "pass.com.example.health")
    copy = stale_phone(world)
    text = f"Server requested update to serial number '{copy.serial}', but the pass was unchanged."
    world.client.post("/apple/v1/log", json={"logs": [text]})

    mine, theirs = health(world), health(world, other.api_key)

    assert (mine["stale_passes"], theirs["stale_passes"]) == (1, 0)
    assert mine["device_reports"]["pass_unchanged"] == 1
    assert set(theirs["device_reports"].values()) == {0}


def test_the_scope_is_needed(world: World) -> None:
    key = access.create_key(world.context, world.brand.id, "till", ["lookup"])

    answer = world.call("GET", "/v1/health", Authorization=f"Bearer {key}")

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


@pytest.mark.parametrize(
    ("days", "codes"),
    [(300, []), (350, ["certificate_expires"]), (400, ["certificate_expired"])],
)
def test_readiness_tells_codes_to_anybody_and_stays_ready(
    world: World, days: int, codes: list[str]
) -> None:
    world.clock.forward(days=days)

    answer = world.client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "attention": codes}


def test_two_brands_with_one_trouble_make_one_code(world: World) -> None:
    a_brand(world.context, world.authority, "Other", "pass.com.example.other")
    world.clock.moved = timedelta(days=350)

    assert world.client.get("/readyz").json["attention"] == ["certificate_expires"]
