"""From a customer's click to Google's object, through the database and a real server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

from service.domain.brands import Mode
from service.domain.errors import AlreadyExists
from service.domain.passes import WalletName
from service.emulators.certificates import Authority
from service.emulators.control import ControlServer
from service.emulators.google.emulator import GoogleEmulator
from service.operations import credentials, deliveries, programs
from service.settings import Settings
from service.worker.loop import deliver_due
from tests.e2e.deployment import free_port, until
from tests.google import ISSUER, google_wallet, key_file, settings_for
from tests.http.phone import Phone
from tests.world import World, built


@pytest.fixture
def google(authority: Authority) -> Iterator[GoogleEmulator]:
    with google_wallet(authority) as emulator:
        yield emulator


@pytest.fixture
def world(
    settings: Settings, authority: Authority, google: GoogleEmulator, tmp_path: Path
) -> Iterator[World]:
    """A world whose brand is an issuer at the emulator, behind a server that it can reach."""
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.root_pem)
    port = free_port()
    base = {"port": port, "base_url": f"http://127.0.0.1:{port}", "google_ca_file": ca_file}
    with (
        built(settings.model_copy(update={**base, **settings_for(google)}), authority) as made,
        answering(made, port),
    ):
        credentials.import_google_key(made.context, made.brand.id, key_file(google), ISSUER)
        yield made


@contextmanager
def answering(world: World, port: int) -> Iterator[None]:
    server = ControlServer(world.client.application, port)
    server.start()
    try:
        yield
    finally:
        server.stop()


def click(card: dict[str, Any]) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(card["links"]["google"], allow_redirects=False, timeout=20)


def saved(google: GoogleEmulator, card: dict[str, Any]) -> str:
    """Save the card to a phone and return its object's id."""
    view: Any = google.save(card["links"]["google"])
    object_id: str = view["object"]["id"]
    return object_id


def deliver(world: World) -> bool:
    return deliver_due(world.context, WalletName.GOOGLE)


def proof(world: World, card: dict[str, Any]) -> dict[str, Any]:
    shown = world.call("GET", f"/v1/cards/{card['id']}/delivery").json["passes"]
    (only,) = [each for each in shown if each["wallet"] == "google"]
    assert isinstance(only, dict)
    return only


def surfaces(world: World, acted: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = world.call("GET", f"/v1/actions/{acted['action']['id']}").json[
        "surfaces"
    ]
    return found


def points(google: GoogleEmulator, object_id: str) -> Any:
    card: Any = google.card(object_id)
    return card["points"]["value"]


def test_the_first_click_makes_the_object_and_owes_nothing(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=120)

    object_id = saved(google, card)

    assert object_id == f"{ISSUER}.{card['id']}-g1"
    assert points(google, object_id) == "120"
    shown = proof(world, card)
    assert (shown["accepted_version"], shown["version"], shown["last_error"]) == (1, 1, None)
    assert shown["serial"] == object_id
    assert shown["installations"] == []
    assert not deliver(world)


def test_a_later_click_asks_nothing_of_google(world: World, google: GoogleEmulator) -> None:
    card = world.card(points=120)
    click(card)
    before = google.count

    again = click(card)

    assert again.status_code == 302
    assert google.count == before


def test_a_change_reaches_the_object_and_the_phone_is_notified(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=120)
    object_id = saved(google, card)

    world.points("e-1", card, add=30)
    delivered = deliver(world)

    view: Any = google.view(object_id)
    assert delivered
    assert points(google, object_id) == "150"
    assert [note["changes"][0]["new"] for note in view["notifications"]] == ["150"]
    shown = proof(world, card)
    assert shown["accepted_version"] == shown["version"] == 2
    assert not deliver(world)


def test_a_block_settles_when_google_has_it(world: World, google: GoogleEmulator) -> None:
    card = world.card(points=120)
    object_id = saved(google, card)

    blocked = world.act(card, "block", reason="lost").json
    before = surfaces(world, blocked)
    deliver(world)

    shown: Any = google.card(object_id)
    assert (before["google"], before["apple"]) == ("pending", "not_connected")
    assert surfaces(world, blocked)["google"] == "done"
    assert (shown["state"], shown["barcode"]) == ("INACTIVE", None)

    world.act(card, "unblock", reason="found")
    deliver(world)

    shown = google.card(object_id)
    assert shown["state"] == "ACTIVE"
    assert shown["barcode"]["value"] == card["barcode"]["message"]


def test_an_outage_is_shown_and_ends_with_the_newest_state(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=120)
    object_id = saved(google, card)
    world.clock.freeze()
    world.clock.forward(seconds=2)  # past the turn that the click took by the real clock
    google.control({"respond": {object_id: {"status": 503}}})
    world.points("e-1", card, add=1)
    blocked = world.act(card, "block", reason="lost").json

    deliver(world)

    assert surfaces(world, blocked)["google"] == "failing"
    assert proof(world, card)["last_error"].startswith("Google: ")
    google.control({"respond": {object_id: None}})
    world.clock.forward(seconds=2)
    deliver(world)
    assert points(google, object_id) == "121"
    assert surfaces(world, blocked)["google"] == "done"
    assert proof(world, card)["attempts"] == 0


def test_when_google_is_out_at_the_first_click_a_worker_makes_up_for_it(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=120)
    google.control({"respond": {"*": {"status": 503}}})

    refused = click(card)
    google.control({"respond": {"*": None}})
    nothing_yet = deliver(world)
    world.clock.forward(seconds=11)
    deliver(world)

    assert refused.status_code == 503
    assert refused.json()["code"] == "pass_unavailable"
    assert not nothing_yet
    assert points(google, f"{ISSUER}.{card['id']}-g1") == "120"
    assert click(card).status_code == 302


def test_points_that_change_during_the_first_click_are_not_lost(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=120)
    click(world.card("m-0", points=1))  # the class is there
    google.control({"delay_s": 0.5})

    with ThreadPoolExecutor(1) as pool:
        clicked = pool.submit(saved, google, card)
        until(lambda: is_there(google, f"{ISSUER}.{card['id']}-g1"))
        world.points("e-1", card, add=30)
        object_id = clicked.result()
    google.control({"delay_s": 0})
    delivered = deliver(world)

    assert delivered
    assert points(google, object_id) == "150"
    assert proof(world, card)["accepted_version"] == 2


def is_there(google: GoogleEmulator, object_id: str) -> bool:
    return object_id in {each["id"] for each in google.objects()}


def test_two_clicks_at_once_make_one_object(world: World, google: GoogleEmulator) -> None:
    card = world.card(points=120)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(click, [card] * 4))

    assert {answer.status_code for answer in answers} == {302}
    assert len(google.objects()) == 1
    deliver(world)
    assert proof(world, card)["accepted_version"] == 1


def test_a_slow_google_does_not_hold_up_apple(world: World, google: GoogleEmulator) -> None:
    card = world.card(points=120)
    saved(google, card)
    Phone(world).add(card)
    world.points("e-1", card, add=30)

    leased = deliveries.claim(world.context, WalletName.GOOGLE)
    (batch,) = deliveries.claim(world.context, WalletName.APPLE)

    assert [each.wallet for one in leased for each in one.deliveries] == ["google"]
    assert [each.wallet for each in batch.deliveries] == ["apple"]


def test_one_member_whose_data_does_not_open_holds_up_nobody_else(
    world: World, google: GoogleEmulator
) -> None:
    spoiled = world.card("m-1", points=1, member={"name": "Anna"})
    fine = world.card("m-2", points=1)
    objects = [saved(google, card) for card in (spoiled, fine)]
    for card in (spoiled, fine):
        world.points(f"e-{card['id']}", card, add=1)
    with world.context.transaction() as transaction:
        transaction.session.execute(
            text("UPDATE members SET name = data_key WHERE external_id = 'm-1'")
        )

    deliver(world)

    assert [points(google, each) for each in objects] == ["1", "2"]
    assert "does not open" in proof(world, spoiled)["last_error"]


def test_links_name_only_the_wallets_that_a_card_can_have(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=1)
    add = card["links"]["add"]

    with world.context.transaction() as transaction:
        transaction.session.execute(text("DELETE FROM credentials WHERE wallet = 'google'"))
    without = world.call("GET", f"/v1/cards/{card['id']}").json["links"]

    assert card["links"] == {
        "add": add,
        "apple": f"{add}/apple.pkpass",
        "google": f"{add}/google",
    }
    assert without == {"add": add, "apple": f"{add}/apple.pkpass"}
    assert click(card).status_code == 503


def test_an_image_is_served_for_ever_under_its_hash(world: World) -> None:
    design = _design(world)
    path = design.image_path("google/logo.png")
    assert path is not None

    found = world.client.get(path)
    unknown = world.client.get(f"/images/{'0' * 64}.png")
    garbled = world.client.get("/images/..%2f..%2fmaster.key.png")

    assert found.data == design.images["google/logo.png"]
    assert found.content_type == "image/png"
    assert "immutable" in found.headers["Cache-Control"]
    assert (unknown.status_code, unknown.json["code"]) == (404, "image_not_found")
    assert garbled.status_code == 404


def _design(world: World) -> Any:
    with world.context.reading() as transaction:
        return world.context.design(transaction, world.brand.program.design_id)


def test_another_brand_cannot_take_an_issuer_over(world: World, google: GoogleEmulator) -> None:
    other = programs.create_brand(world.context, "Other", Mode.TEST)

    with pytest.raises(AlreadyExists):
        credentials.import_google_key(world.context, other.id, key_file(google), ISSUER)


def test_a_new_key_of_the_issuer_takes_over_without_a_restart(
    world: World, google: GoogleEmulator
) -> None:
    card = world.card(points=1)
    object_id = saved(google, card)

    credentials.import_google_key(world.context, world.brand.id, key_file(google), ISSUER)
    world.points("e-1", card, add=1)
    deliver(world)

    assert points(google, object_id) == "2"
