"""What the database keeps of a certificate may be damaged: that is that one's trouble alone."""

import logging
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from uuid_utils.compat import uuid7

from service.cli.certificate_acts import check_certificates
from service.domain.certificates import State
from service.domain.credentials import AppleCredential
from service.domain.errors import SetupError
from service.emulators.certificates import Authority
from service.operations import expiry
from service.operations.certificates import import_certificate
from service.storage.tables import CredentialRow
from service.wallets.apple.certificates import facts, identity
from service.wiring import utc_now
from tests.world import PASS_TYPE, TEAM, Brand, World, a_brand, files_of

from .conftest import Renew

OTHER_TYPE = "pass.com.example.unreadable"
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def damage(world: World, type_id: str, **parts: str) -> UUID:
    """Overwrite parts of the newest credential of a type; return its id."""
    with world.context.transaction() as transaction:
        of_type = select(CredentialRow).where(CredentialRow.type_id == type_id)
        newest = of_type.order_by(CredentialRow.active_from.desc(), CredentialRow.id.desc())
        row = transaction.session.scalars(newest).first()
        assert row is not None
        row.facts = {**row.facts, **(parts or {"certificate_pem": PEM})}
        return row.id


def download(world: World, card: dict[str, Any]) -> int:
    return world.client.get(urlsplit(card["links"]["apple"]).path).status_code


def certificates_shown(world: World, brand: Brand) -> list[tuple[str, str]]:
    shown = world.call("GET", "/v1/health", Authorization=f"Bearer {brand.api_key}").json
    return [(each["pass_type_id"], each["state"]) for each in shown["certificates"]]


@pytest.fixture
def other(world: World) -> Brand:
    """Another brand, whose certificate is damaged."""
    brand = a_brand(world.context, world.authority, "Other", OTHER_TYPE)
    damage(world, OTHER_TYPE)
    return brand


@pytest.mark.parametrize(
    "parts",
    [{"certificate_pem": PEM}, {"certificate_pem": ""}, {"wwdr_pem": PEM}],
    ids=["certificate", "nothing", "intermediate"],
)
def test_one_that_cannot_be_read_silences_no_other(
    world: World, caplog: pytest.LogCaptureFixture, parts: dict[str, str]
) -> None:
    a_brand(world.context, world.authority, "Other", OTHER_TYPE)
    damage(world, OTHER_TYPE, **parts)
    world.clock.forward(days=350)

    expiry.raise_alarms(world.context)
    expiry.raise_alarms(world.context)
    ready = world.client.get("/readyz")

    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert [(PASS_TYPE in line, OTHER_TYPE in line) for line in told] == [
        (True, False),
        (False, True),
    ]
    assert "`tessera certs import --brand Other`" in told[1]
    assert (ready.status_code, ready.json["attention"]) == (
        200,
        ["certificate_expires", "certificate_unreadable"],
    )


def test_it_is_shown_to_its_brand_alone(world: World, other: Brand) -> None:
    assert certificates_shown(world, other) == [(OTHER_TYPE, "unreadable")]
    assert certificates_shown(world, world.brand) == [(PASS_TYPE, "active")]
    shown = world.call("GET", "/v1/health", Authorization=f"Bearer {other.api_key}").json
    assert shown["attention"] == ["certificate_unreadable"]
    assert shown["certificates"][0]["ends_at"] is None


def test_a_check_shows_it_among_the_others(world: World, other: Brand) -> None:
    rows = check_certificates(world.context, None)

    assert isinstance(rows, list)
    assert [(row["brand"], row["state"], row["must_act"]) for row in rows] == [
        ("Tests", "active", False),
        ("Other", "unreadable", True),
    ]
    assert [row["brand"] for row in check_certificates(world.context, "Tests")] == ["Tests"]


def test_it_is_told_once_at_the_start(world: World, other: Brand) -> None:
    (fault,) = expiry.faults(world.context)

    assert fault.startswith(f"A Pass Type ID certificate of {OTHER_TYPE} (Other) cannot be used")


def test_metrics_of_the_others_go_on(world: World, other: Brand) -> None:
    (standing,) = expiry.standings(world.context)

    assert (standing.type_id, standing.state) == (PASS_TYPE, State.ACTIVE)


@pytest.mark.parametrize("part", ["certificate_pem", "wwdr_pem"])
def test_an_older_one_that_is_good_signs_and_the_log_says_so_once(
    world: World, renew: Renew, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    world.clock.freeze()
    world.clock.forward(days=1)
    card = world.card()
    renew(200)
    damage(world, PASS_TYPE, **{part: PEM})

    answers = [download(world, card) for _ in range(3)]

    assert answers == [200] * 3
    lines = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(lines) == 1
    assert f"an older certificate signs {PASS_TYPE}" in lines[0]
    assert world.client.get("/readyz").json["attention"] == ["certificate_unreadable"]


def test_without_another_no_pass_can_be_had(world: World) -> None:
    card = world.card()
    damage(world, PASS_TYPE)

    assert download(world, card) == 503
    expiry.raise_alarms(world.context)


def test_a_process_that_used_it_before_still_looks_at_the_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    card = world.card()
    assert download(world, card) == 200
    world.context._wallets.clear()  # as after another push key
    damage(world, PASS_TYPE)
    a_brand(world.context, world.authority, "Other", OTHER_TYPE)
    world.clock.forward(days=350)

    expiry.raise_alarms(world.context)

    assert any(OTHER_TYPE in each.getMessage() for each in caplog.records)


def test_imported_again_it_signs_at_once_and_is_told_of_no_more(world: World, other: Brand) -> None:
    issued = world.authority.pass_certificate(OTHER_TYPE, TEAM, now=world.clock())

    import_certificate(world.context, other.id, files_of(issued, world.authority))

    assert certificates_shown(world, other) == [(OTHER_TYPE, "active")]
    assert expiry.faults(world.context) == []
    assert world.client.get("/readyz").json["attention"] == []


def test_one_that_waits_for_its_day_replaces_it_only_then(world: World, renew: Renew) -> None:
    world.clock.freeze()
    damage(world, PASS_TYPE)
    renew(200, after=3)

    before = world.client.get("/readyz").json["attention"]
    world.clock.forward(days=3)

    assert before == ["certificate_unreadable"]
    assert world.client.get("/readyz").json["attention"] == []


def test_an_import_does_not_need_what_came_with_a_damaged_one(world: World, renew: Renew) -> None:
    a_brand(world.context, world.authority, "Other", OTHER_TYPE)
    damage(world, OTHER_TYPE, wwdr_pem=PEM)

    assert renew(200).certificate.facts.type_id == PASS_TYPE


def damaged(pem: bytes, position: int) -> bytes:
    der = bytearray(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER))
    der[position] ^= 0xFF
    return b"\n".join(
        [b"-----BEGIN CERTIFICATE-----", b64encode(der), b"-----END CERTIFICATE-----"]
    )


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_whatever_byte_is_damaged_it_is_read_or_refused(authority: Authority) -> None:
    issued = authority.pass_certificate(PASS_TYPE, TEAM, now=utc_now())
    refused = 0

    for position in range(700):
        try:
            facts(damaged(issued.certificate_pem, position), authority.wwdr_pem, is_nfc=False)
        except SetupError:
            refused += 1

    assert refused > 50


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_whatever_byte_is_damaged_nothing_is_signed(authority: Authority) -> None:
    issued = authority.pass_certificate(PASS_TYPE, TEAM, now=utc_now())
    length = len(x509.load_pem_x509_certificate(issued.certificate_pem).public_bytes(Encoding.DER))

    for position in range(0, length, 25):
        pem = damaged(issued.certificate_pem, position)
        credential = AppleCredential(
            id=uuid7(),
            type_id=PASS_TYPE,
            team_id=TEAM,
            certificate_pem=pem,
            private_key_pem=issued.key_pem,
            wwdr_pem=authority.wwdr_pem,
        )
        with pytest.raises(SetupError):
            identity(credential)
