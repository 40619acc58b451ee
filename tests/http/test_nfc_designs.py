"""A design for terminals is given to passes only if the brand's certificate carries NFC."""

import copy
import logging
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from service.domain.designs import Design
from service.domain.passes import WalletName
from service.operations import designs
from service.operations.passes import drawn
from service.storage import passes
from service.storage.tables import CredentialRow, PassRow
from tests.http.phone import Phone
from tests.roll_outs import SHIPPED
from tests.wallets.test_options import NFC
from tests.world import World


def a_design(world: World, **apple: Any) -> Design:
    source = {**copy.deepcopy(dict(SHIPPED.source)), "apple": apple}
    changed = replace(SHIPPED, source=source)
    return designs.publish(world.context, world.brand.id, changed).design


def give_nfc(world: World) -> None:
    with world.context.transaction() as transaction:
        for row in transaction.session.scalars(select(CredentialRow)):
            row.facts = {**row.facts, "is_nfc": True}


def roll_out(world: World, design: Design, **asked: Any) -> TestResponse:
    path = f"/v1/programs/{world.brand.program.id}/roll-outs"
    return world.call("POST", path, {"design": str(design.id), **asked})


@pytest.mark.parametrize("dry_run", [False, True])
def test_it_is_refused_with_a_word_on_what_to_do(world: World, dry_run: bool) -> None:
    answer = roll_out(world, a_design(world, nfc=NFC), dry_run=dry_run)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    assert "ask Apple for one with NFC and import it" in answer.json["detail"]
    assert answer.json["errors"] == [{"field": "design", "problem": "uses apple.nfc"}]


def test_it_is_taken_with_such_a_certificate_and_by_a_brand_without_any(world: World) -> None:
    design = a_design(world, nfc=NFC)
    give_nfc(world)
    answer = roll_out(world, design, dry_run=True)
    with world.context.transaction() as transaction:
        for row in transaction.session.scalars(select(CredentialRow)):
            transaction.session.delete(row)

    assert answer.status_code == 200, answer.text
    assert roll_out(world, design).status_code == 201


def test_other_designs_need_no_such_certificate(world: World) -> None:
    assert roll_out(world, a_design(world, semantics=True)).status_code == 201


@pytest.mark.parametrize("member", [None, {"external_id": "m-1"}])
def test_a_pass_is_of_nobody_until_its_card_has_a_member(
    world: World, member: dict[str, str] | None
) -> None:
    body = {"program": str(world.brand.program.id), **({"member": member} if member else {})}
    card = world.call("POST", "/v1/cards", body).json
    Phone(world).download(card)

    with world.context.reading() as transaction:
        shown = passes.of_card(transaction, UUID(card["id"]), WalletName.APPLE)
        assert shown is not None
        content, _ = drawn(world.context, transaction, shown)

    assert content.is_anonymous == (member is None)


def test_without_nfc_any_more_passes_are_503_and_the_reason_is_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    design = a_design(world, nfc=NFC)
    give_nfc(world)
    assert roll_out(world, design).status_code == 201
    card = world.card()
    phone = Phone(world)
    held = phone.add(card)
    show(world, design)
    take_nfc(world)

    with caplog.at_level(logging.WARNING):
        answers = [world.client.get(urlsplit(card["links"]["apple"]).path), phone.fetch(held)]

    assert [(each.status_code, each.json["code"]) for each in answers] == [
        (503, "pass_unavailable")
    ] * 2
    assert not any("certificate" in each.text for each in answers)
    assert caplog.text.count("Ask Apple for a certificate with NFC") == 2


def show(world: World, design: Design) -> None:
    """Draw every pass in this design, as a roll-out does in the end."""
    with world.context.transaction() as transaction:
        transaction.session.execute(update(PassRow).values(design_id=design.id, version=2))


def take_nfc(world: World) -> None:
    """Let the credential be read anew, without NFC."""
    with world.context.transaction() as transaction:
        for row in transaction.session.scalars(select(CredentialRow)):
            row.facts = {**row.facts, "is_nfc": False}
    world.context._wallets.clear()
    world.context.wallets.close()
