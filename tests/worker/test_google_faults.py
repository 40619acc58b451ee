"""Google slow, refusing or wrong: nobody else waits, nothing older comes last, nothing is lost."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from service.domain.passes import WalletName
from service.emulators.certificates import Authority
from service.emulators.google.emulator import GoogleEmulator
from service.operations import credentials, deliveries, programs
from service.operations.deliveries import Batch
from service.operations.turns import VendorTurns
from service.wallets.interface import PushOutcome, PushResult
from service.worker.loop import work
from tests.e2e.deployment import until
from tests.google import ISSUER, google_wallet, key_file
from tests.world import World, a_brand

from .test_google import deliver, google, points, proof, saved, surfaces, world

__all__ = ["google", "world"]  # fixtures
OTHER_ISSUER = "3388000000044444444"


def conclude(world: World, batch: Batch) -> None:
    """Make a claimed batch's calls and record them, as a worker that was slow would."""
    assert batch.wallet is not None
    by_id = {each.id: each for each in batch.deliveries}
    results = [(by_id[r.delivery_id], r) for r in batch.wallet.push(batch.deliveries)]
    deliveries.conclude(world.context, results)


def turns(world: World) -> VendorTurns:
    return VendorTurns(world.context.database, WalletName.GOOGLE, 15, world.clock)


def another_brand(world: World, google: GoogleEmulator, authority: Authority) -> World:
    """Return the world with a second brand, an issuer of its own."""
    other = a_brand(world.context, authority, "Other", "pass.com.example.other")
    credentials.import_google_key(
        world.context, other.id, key_file(google, OTHER_ISSUER), OTHER_ISSUER
    )
    return replace(world, brand=other)


@contextmanager
def two_workers(world: World) -> Iterator[None]:
    doorbell, stopping = threading.Event(), threading.Event()
    threads = [
        threading.Thread(target=work, args=(world.context, WalletName.GOOGLE, doorbell, stopping))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        doorbell.set()
        for thread in threads:
            thread.join()


def test_a_block_waits_for_the_call_in_hand_and_then_comes_last(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=120)
    object_id = saved(google, card)
    world.points("e-1", card, add=1)
    (older,) = deliveries.claim(world.context, WalletName.GOOGLE)
    blocked = world.act(card, "block", reason="stolen").json

    beside = deliver(world)
    conclude(world, older)
    after = deliver(world)

    shown: Any = google.card(object_id)
    assert not beside
    assert after
    assert (shown["state"], shown["barcode"]) == ("INACTIVE", None)
    assert surfaces(world, blocked)["google"] == "done"


def test_blocks_during_a_bulk_run_of_two_workers_all_come_last(
    world: World, google: GoogleEmulator
) -> None:
    cards = [world.card(f"m-{n}", points=1) for n in range(20)]
    objects = [saved(google, card) for card in cards]
    google.control({"delay_s": 0.1})
    for number, card in enumerate(cards):
        world.points(f"e-{number}", card, add=1)

    with two_workers(world):
        until(lambda: sum(points(google, each) == "2" for each in objects) > 2)
        for card in cards:
            world.act(card, "block", reason="stolen")
        until(lambda: all(is_settled(world, card) for card in cards))

    states = {google.card(each)["state"] for each in objects}
    assert states == {"INACTIVE"}


def is_settled(world: World, card: dict[str, Any]) -> bool:
    shown = proof(world, card)
    return bool(shown["accepted_version"] == shown["version"] == 3)


def test_an_account_that_must_not_be_called_holds_up_no_other(
    world: World, google: GoogleEmulator, authority: Authority
) -> None:
    other = another_brand(world, google, authority)
    card, fine = world.card(points=1), other.card(points=1)
    objects = [saved(google, each) for each in (card, fine)]
    world.points("e-1", card, add=1)
    other.points("e-1", fine, add=1)
    world.clock.freeze()
    world.clock.forward(seconds=2)
    turns(world).hold(ISSUER, 60)

    served = [deliver(world), deliver(world)]

    assert served == [True, False]
    assert [points(google, each) for each in objects] == ["1", "2"]
    assert (proof(world, card)["attempts"], proof(world, card)["last_error"]) == (0, None)
    world.clock.forward(seconds=60)
    (batch,) = deliveries.claim(world.context, WalletName.GOOGLE)
    assert [each.type_id for each in batch.deliveries] == [ISSUER]


def test_a_backlog_of_one_brand_holds_up_no_other(
    world: World, google: GoogleEmulator, authority: Authority
) -> None:
    other = another_brand(world, google, authority)
    cards, idle = [world.card(f"m-{n}", points=1) for n in range(20)], other.card(points=1)
    for card in [*cards, idle]:
        saved(google, card)
    for number, card in enumerate(cards):
        world.points(f"e-{number}", card, add=1)
    other.points("e-1", idle, add=1)
    world.clock.freeze()
    world.clock.forward(seconds=2)
    for _ in range(15):
        turns(world).take(ISSUER, 2)

    (batch,) = deliveries.claim(world.context, WalletName.GOOGLE)

    assert {each.type_id for each in batch.deliveries} == {OTHER_ISSUER}


def test_a_refusal_of_everything_is_said_where_it_was_met_and_nowhere_else(
    world: World, google: GoogleEmulator, authority: Authority
) -> None:
    cards = [world.card(f"m-{n}", points=1) for n in range(20)]
    for card in cards:
        saved(google, card)
    with google_wallet(authority) as elsewhere:
        credentials.import_google_key(
            world.context, world.brand.id, key_file(elsewhere, ISSUER), ISSUER
        )
    for number, card in enumerate(cards):
        world.points(f"e-{number}", card, add=1)

    while deliver(world):
        pass

    met = [proof(world, card) for card in cards]
    said = {each["last_error"] for each in met if each["attempts"]}
    assert all("no access token: invalid_grant" in each for each in said)
    assert 1 <= sum(each["attempts"] for each in met) <= 8  # those that were in hand
    assert {each["last_error"] for each in met if not each["attempts"]} == {None}


def test_a_design_that_no_longer_reads_holds_up_no_other(
    world: World, google: GoogleEmulator
) -> None:
    other = programs.create_program(world.context, world.brand.id, "points", name="Other")
    elsewhere = replace(world, brand=replace(world.brand, program=other))
    fine, spoiled = world.card("m-1", points=1), elsewhere.card("m-2", points=1)
    object_id = saved(google, fine)
    saved(google, spoiled)
    world.points("e-1", fine, add=1)
    elsewhere.points("e-2", spoiled, add=1)
    design = other.design_id.hex if world.context.settings.is_sqlite else other.design_id
    with world.context.transaction() as transaction:
        broken = text("UPDATE designs SET source = :source WHERE id = :id")
        transaction.session.execute(broken, {"source": json.dumps({"name": "x"}), "id": design})
    world.context._designs.clear()

    deliver(world)

    assert points(google, object_id) == "2"
    assert "design" in proof(world, spoiled)["last_error"]
    assert proof(world, spoiled)["attempts"] == 1


def test_a_click_that_succeeds_clears_what_failed_before(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=1)
    google.control({"respond": {"*": {"status": 503}}})
    with pytest.raises(Exception, match="try again"):
        saved(google, card)
    world.clock.forward(seconds=11)
    deliver(world)
    failed = proof(world, card)
    google.control({"respond": {"*": None}})
    world.context.wallets._google_clicks.note(is_out=False)  # as 10 s later

    saved(google, card)

    assert failed["attempts"] == 1
    shown = proof(world, card)
    assert (shown["attempts"], shown["last_error"], shown["accepted_version"]) == (0, None, 1)


def test_a_click_does_not_end_the_doubt_of_a_call_before_it(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=1)
    google.control({"respond": {"*": {"status": 503}}})
    with pytest.raises(Exception, match="try again"):
        saved(google, card)
    world.clock.forward(seconds=11)
    (batch,) = deliveries.claim(world.context, WalletName.GOOGLE)
    unanswered = [
        (each, PushResult(each.id, PushOutcome.TRY_LATER, is_doubtful=True))
        for each in batch.deliveries
    ]
    deliveries.conclude(world.context, unanswered)
    google.control({"respond": {"*": None}})
    world.context.wallets._google_clicks.note(is_out=False)  # as 10 s later
    saved(google, card)

    world.clock.forward(seconds=50)
    too_early = deliver(world)
    world.clock.forward(seconds=11)
    confirmed = deliver(world)

    assert (too_early, confirmed) == (False, True)
    assert not deliver(world)


def test_a_block_goes_before_other_brands_balances(
    world: World, google: GoogleEmulator, authority: Authority
) -> None:
    other = another_brand(world, google, authority)
    card, idle = world.card(points=1), other.card(points=1)
    for each in (card, idle):
        saved(google, each)
    other.points("e-1", idle, add=1)
    world.act(card, "block", reason="lost")
    world.clock.freeze()
    world.clock.forward(seconds=2)
    turns(world).take(ISSUER, 2)

    (batch,) = deliveries.claim(world.context, WalletName.GOOGLE)

    assert {each.type_id for each in batch.deliveries} == {ISSUER}


def test_a_second_issuer_of_a_brand_does_not_speak_for_the_first(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=1)
    saved(google, card)
    account = key_file(google, OTHER_ISSUER)
    credentials.import_google_key(world.context, world.brand.id, account, OTHER_ISSUER)
    world.points("e-1", card, add=1)
    world.clock.freeze()
    world.clock.forward(seconds=2)
    turns(world).hold(ISSUER, 60)

    assert deliveries.claim(world.context, WalletName.GOOGLE) == []


def test_what_a_dead_worker_had_begun_is_overwritten_in_the_end(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=120)
    object_id = saved(google, card)
    world.points("e-1", card, add=1)
    (stray,) = deliveries.claim(world.context, WalletName.GOOGLE)
    world.act(card, "block", reason="stolen")
    deliveries.reclaim(world.context)  # its process died
    deliver(world)
    assert stray.wallet is not None
    list(stray.wallet.push(stray.deliveries))  # yet its call arrives

    overwritten: Any = google.card(object_id)
    world.clock.forward(seconds=61)
    deliver(world)

    shown: Any = google.card(object_id)
    assert overwritten["state"] == "ACTIVE"
    assert shown["state"] == "INACTIVE"
    assert not deliver(world)


def test_a_change_does_not_wait_for_a_confirmation(world: World, google: GoogleEmulator) -> None:
    card = world.card(points=120)
    object_id = saved(google, card)
    world.points("e-1", card, add=1)
    deliveries.claim(world.context, WalletName.GOOGLE)
    deliveries.reclaim(world.context)
    deliver(world)
    world.clock.forward(seconds=3)

    world.points("e-2", card, add=1)

    assert deliver(world)
    assert points(google, object_id) == "122"


def test_a_class_that_google_refuses_keeps_no_block_from_its_object(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=120)
    object_id = saved(google, card)
    class_id = f"{ISSUER}.{world.brand.program.id}"
    google.control({"respond": {class_id: {"status": 400, "reason": "invalidResource"}}})
    world.context.wallets.close()  # another process, which has not seen the class yet
    world.context._wallets.clear()

    world.act(card, "block", reason="lost")
    deliver(world)

    shown: Any = google.card(object_id)
    assert shown["state"] == "INACTIVE"


def test_every_pass_can_be_sent_once_more_after_a_restored_backup(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=120)
    object_id = saved(google, card)
    world.points("e-1", card, set=999)
    deliver(world)
    with world.context.transaction() as transaction:
        transaction.session.execute(text("UPDATE balances SET amount = 120"))

    owed = deliveries.owe_again(world.context, world.brand.id, WalletName.GOOGLE)
    deliver(world)

    assert owed == 1
    assert points(google, object_id) == "120"
    assert not deliver(world)
