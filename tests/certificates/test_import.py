"""Bringing a brand's certificate in: what is kept, what is not, and who may see it."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import func, select

from service.domain.brands import Mode
from service.domain.certificates import Certificate, State
from service.domain.credentials import CertificateFiles
from service.domain.errors import AlreadyExists, SetupError
from service.operations import certificates, expiry, programs
from service.operations.certificates import Outcome
from service.storage.tables import CertificateRequestRow, CredentialRow
from tests.storage.test_secrets import stored_bytes
from tests.world import PASS_TYPE, TEAM, World, files_of

from .conftest import Renew


def kept(world: World, table: type = CredentialRow) -> int:
    with world.context.reading() as transaction:
        return transaction.session.scalar(select(func.count()).select_from(table)) or 0


def requested(world: World, brand: str | None = None) -> bytes:
    brand_id = programs.brand_called(world.context, brand) if brand else world.brand.id
    return certificates.request_certificate(world.context, brand_id, "Pass signing", "a@b.example")


def cer(world: World, csr: bytes, pass_type: str = PASS_TYPE, team: str = TEAM) -> CertificateFiles:
    return CertificateFiles(world.authority.certify(csr, pass_type, team, now=world.clock()))


def active(world: World) -> Certificate:
    (found,) = (
        each.certificate
        for each in expiry.standings(world.context, world.brand.id)
        if each.state is State.ACTIVE
    )
    return found


def test_a_requested_certificate_needs_nothing_but_apples_file(world: World) -> None:
    csr = requested(world)
    requested(world)

    imported = certificates.import_certificate(world.context, world.brand.id, cer(world, csr))

    assert imported.outcome is Outcome.IMPORTED
    assert imported.certificate.facts.type_id == PASS_TYPE
    assert active(world) == imported.certificate
    assert kept(world, CertificateRequestRow) == 1


def test_the_key_of_a_request_lies_sealed_in_the_database(world: World) -> None:
    csr = requested(world)
    before = stored_bytes(world)
    certificates.import_certificate(world.context, world.brand.id, cer(world, csr))
    after = stored_bytes(world)

    key_pem = active_key(world)
    key = load_pem_private_key(key_pem, None)
    numbers = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    for stored in (before, after):
        assert b"PRIVATE KEY" not in stored
        assert all(line not in stored for line in key_pem.splitlines()[1:-1])
        assert numbers[-200:] not in stored
        assert base64.b64encode(numbers)[100:200] not in stored


def active_key(world: World) -> bytes:
    with world.context.reading() as transaction:
        return certificates.credentials.get(transaction, active(world).id).private_key_pem


def test_a_request_of_another_brand_gives_no_key(world: World) -> None:
    programs.create_brand(world.context, "Other", Mode.TEST)
    csr = requested(world, "Other")

    with pytest.raises(SetupError, match="No signing request of this brand"):
        certificates.import_certificate(world.context, world.brand.id, cer(world, csr))

    assert kept(world, CertificateRequestRow) == 1


def test_the_same_certificate_again_changes_nothing(world: World) -> None:
    files = cer(world, requested(world))
    first = certificates.import_certificate(world.context, world.brand.id, files)
    number = kept(world)

    again = certificates.import_certificate(world.context, world.brand.id, files)

    assert again.outcome is Outcome.KNOWN
    assert again.certificate == first.certificate
    assert kept(world) == number


def test_a_renewal_may_keep_the_key(world: World) -> None:
    csr = requested(world)
    certificates.import_certificate(world.context, world.brand.id, cer(world, csr))
    before = active_key(world)

    renewed = certificates.import_certificate(world.context, world.brand.id, cer(world, csr))

    assert renewed.outcome is Outcome.IMPORTED
    assert active(world) == renewed.certificate
    assert active_key(world) == before


def test_what_is_refused_leaves_the_one_in_use_as_it_is(world: World) -> None:
    before, number = active(world), kept(world)
    good = world.authority.pass_certificate(PASS_TYPE, TEAM, now=world.clock())
    other = world.authority.pass_certificate(PASS_TYPE, "OTHERTEAM1", now=world.clock())
    expired = world.authority.pass_certificate(
        PASS_TYPE, TEAM, now=world.clock() - timedelta(9), days=8
    )
    refused = [
        replace(files_of(good, world.authority), key=other.key_pem),
        files_of(expired, world.authority),
        files_of(other, world.authority),
        CertificateFiles(b"nonsense"),
    ]

    for files in refused:
        with pytest.raises(SetupError):
            certificates.import_certificate(world.context, world.brand.id, files)

    assert active(world) == before
    assert kept(world) == number


def test_a_certificate_of_another_team_is_refused_by_name(world: World) -> None:
    other = world.authority.pass_certificate(PASS_TYPE, "OTHERTEAM1", now=world.clock())

    with pytest.raises(SetupError, match=f"team OTHERTEAM1, but .* belong to team {TEAM}"):
        certificates.import_certificate(
            world.context, world.brand.id, files_of(other, world.authority)
        )


def test_a_pass_type_belongs_to_one_brand(world: World, renew: Renew) -> None:
    other = programs.create_brand(world.context, "Other", Mode.TEST)
    issued = world.authority.pass_certificate(PASS_TYPE, TEAM, now=world.clock())

    with pytest.raises(AlreadyExists):
        certificates.import_certificate(world.context, other.id, files_of(issued, world.authority))

    assert expiry.standings(world.context, other.id) == []


def test_the_intermediate_of_another_certificate_is_at_hand(world: World) -> None:
    issued = world.authority.pass_certificate(PASS_TYPE, TEAM, now=world.clock())

    imported = certificates.import_certificate(
        world.context, world.brand.id, CertificateFiles(issued.certificate_pem, issued.key_pem)
    )

    assert imported.certificate.facts.wwdr == "G4"


def test_a_certificate_that_waits_may_be_given_another_day(world: World, renew: Renew) -> None:
    world.clock.freeze()
    first = renew(400, after=30)

    moved = renew(400, after=10)
    unmoved = renew(400)

    assert first.certificate.active_from == world.clock() + timedelta(30)
    assert moved.outcome is Outcome.MOVED
    assert moved.certificate.id == first.certificate.id
    assert unmoved.certificate == moved.certificate
    assert moved.certificate.active_from == world.clock() + timedelta(10)
    assert kept(world) == 2


def test_one_that_signs_already_is_not_given_another_day(world: World, renew: Renew) -> None:
    renew(400)
    before = active(world)

    again = renew(400, after=20)

    assert again.outcome is Outcome.KNOWN
    assert active(world) == before


def test_a_day_gone_by_means_now(world: World, renew: Renew) -> None:
    world.clock.freeze()

    imported = renew(400, after=-30)

    assert imported.certificate.active_from == world.clock()
    assert active(world) == imported.certificate


def test_a_gap_between_two_certificates_is_told(world: World, renew: Renew) -> None:
    end = active(world).facts.ends_at

    late = renew(800, after=370)
    in_time = renew(800, after=360)

    assert late.ended_before == end
    assert in_time.ended_before is None


def test_nfc_said_later_makes_it_another_certificate_and_is_never_unsaid(
    world: World, renew: Renew
) -> None:
    renew(400)

    said = renew(400, is_nfc=True)
    again = renew(400)

    assert said.outcome is Outcome.IMPORTED
    assert active(world).facts.is_nfc
    assert again.outcome is Outcome.KNOWN


def test_another_pass_type_of_the_brand_is_told(world: World) -> None:
    second = world.authority.pass_certificate("pass.com.example.second", TEAM, now=world.clock())

    imported = certificates.import_certificate(
        world.context, world.brand.id, files_of(second, world.authority)
    )

    assert imported.other_types == (PASS_TYPE,)
