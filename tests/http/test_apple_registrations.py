"""Who registers how often: bounded, and whoever comes last or late leaves nothing behind."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from service.domain.errors import Unauthorized
from service.domain.installations import MOST_DEVICES, Provider, Registration
from service.domain.passes import WalletName
from service.emulators.pass_reader import OpenedPass
from service.operations import deliveries, installations, offers
from service.operations.passes import PassRequest
from service.operations.runner import retrying
from service.storage import accounts
from service.storage import installations as devices
from service.storage.tables import DeliveryRow, DeviceRow, InstallationRow, PassRow
from tests.http.phone import Phone
from tests.races.test_races import wait_for_waiters
from tests.world import World

FLOOD = 300


@pytest.fixture
def card(world: World) -> dict[str, Any]:
    return world.card(points=100)


def registration(copy: OpenedPass, number: int) -> Registration:
    return Registration(f"device-{number:03}", copy.pass_type_id, copy.serial, f"aa{number:04}")


def register(world: World, copy: OpenedPass, number: int) -> bool:
    asked = registration(copy, number)
    return retrying(lambda: installations.register(world.context, asked, copy.authentication_token))


def rows(world: World, table: Any) -> int:
    with world.context.reading() as transaction:
        return transaction.session.scalar(select(func.count()).select_from(table)) or 0


def pushed(world: World) -> set[str]:
    """Take all that is owed, as workers do; the push tokens of it."""
    tokens: set[str] = set()
    while batches := deliveries.claim(world.context, WalletName.APPLE):
        tokens |= {each.push_token for batch in batches for each in batch.deliveries}
    return tokens


def test_of_300_devices_the_50_that_registered_last_are_pushed(
    world: World, card: dict[str, Any]
) -> None:
    copy = Phone(world).download(card)
    phone = Phone(world)

    for number in range(FLOOD):
        phone.device, phone.push_token = f"device-{number:03}", f"aa{number:04}"
        assert phone.register(copy).status_code == 201
    world.points("e-1", card, add=1)

    newest = {f"aa{number:04}" for number in range(FLOOD - MOST_DEVICES, FLOOD)}
    assert pushed(world) == newest
    assert rows(world, InstallationRow) == rows(world, DeliveryRow) == MOST_DEVICES
    assert rows(world, DeviceRow) == MOST_DEVICES


def test_a_device_that_had_to_go_hears_nothing_and_may_come_again(
    world: World, card: dict[str, Any]
) -> None:
    copy = Phone(world).download(card)
    for number in range(MOST_DEVICES + 1):
        register(world, copy, number)
    first, last = Phone(world, "device-000", "aa0000"), Phone(world, f"device-{MOST_DEVICES:03}")

    gone, kept = first.ask(copy), last.ask(copy)
    again = first.register(copy)

    assert (gone.status_code, kept.status_code, again.status_code) == (204, 200, 201)
    assert first.ask(copy).json["serialNumbers"] == [copy.serial]


def test_a_registration_once_more_makes_no_other_device_go(
    world: World, card: dict[str, Any]
) -> None:
    copy = Phone(world).download(card)
    for number in range(MOST_DEVICES):
        register(world, copy, number)

    assert not register(world, copy, 7)
    assert rows(world, InstallationRow) == MOST_DEVICES


def test_a_phone_that_registers_again_stays_and_the_one_longest_silent_goes(
    world: World, card: dict[str, Any]
) -> None:
    world.clock.freeze()
    copy = Phone(world).download(card)
    for number in range(MOST_DEVICES):
        register(world, copy, number)
        world.clock.forward(seconds=1)
    register(world, copy, 0)
    world.clock.forward(seconds=1)

    register(world, copy, MOST_DEVICES)

    heard = {
        number: Phone(world, f"device-{number:03}").ask(copy).status_code for number in range(3)
    }
    assert heard == {0: 200, 1: 204, 2: 200}


def test_one_pass_s_devices_do_not_count_for_another(world: World, card: dict[str, Any]) -> None:
    copy, other = Phone(world).download(card), Phone(world).download(world.card("m-2"))
    register(world, other, 0)

    for number in range(MOST_DEVICES + 5):
        register(world, copy, number)

    assert Phone(world, "device-000").ask(other).json["serialNumbers"] == [other.serial]
    assert rows(world, DeviceRow) == MOST_DEVICES + 1


def test_many_devices_at_once_are_not_more_than_50_in_the_end(
    world: World, card: dict[str, Any]
) -> None:
    copy = Phone(world).download(card)
    for number in range(MOST_DEVICES - 4):
        register(world, copy, number)

    with ThreadPoolExecutor(8) as pool:
        numbers = range(MOST_DEVICES, MOST_DEVICES + 16)
        assert all(pool.map(lambda number: register(world, copy, number), numbers))

    assert rows(world, InstallationRow) == rows(world, DeliveryRow) == MOST_DEVICES


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_registration_before_the_card_is_visible_leaves_no_orphan(world: World) -> None:
    card = world.card()
    copy = Phone(world).download(card)
    unseen = replace_serial(copy, "unseen-serial")
    begun, end = threading.Event(), threading.Event()

    def issue_slowly() -> None:
        with world.context.transaction() as transaction:
            rename(transaction.session, copy.serial, unseen.serial)
            transaction.session.flush()
            begun.set()
            assert end.wait(20)

    with ThreadPoolExecutor(1) as pool:
        issuing = pool.submit(issue_slowly)
        assert begun.wait(20)
        with pytest.raises(Unauthorized):
            register(world, unseen, 1)
        left = rows(world, InstallationRow)
        end.set()
        issuing.result()

    assert left == 0
    assert register(world, unseen, 1)


def replace_serial(copy: OpenedPass, serial: str) -> OpenedPass:
    return replace(copy, content={**copy.content, "serialNumber": serial})


def rename(session: Any, serial: str, to: str) -> None:
    session.scalars(select(PassRow).where(PassRow.serial == serial)).one().serial = to


def test_a_pass_that_is_never_issued_is_never_registered(world: World) -> None:
    card = world.card()
    token = card["links"]["apple"].split("/")[-2]

    def fail_after_the_pass_is_made() -> None:
        with world.context.transaction() as transaction:
            offers.apple_pass(world.context.joining(transaction), token)
            row = transaction.session.scalars(select(PassRow)).one()
            made.append(Registration("d", row.type_id, row.serial, "aa"))
            raise RuntimeError("the issuing process dies")

    made: list[Registration] = []
    with pytest.raises(RuntimeError):
        fail_after_the_pass_is_made()
    with pytest.raises(Unauthorized):
        installations.register(world.context, made[0], "any-token-any-token")

    assert rows(world, InstallationRow) == 0


@pytest.mark.parametrize("last", ["register", "unregister"])
def test_of_a_removal_and_a_late_registration_the_last_one_counts(
    world: World, card: dict[str, Any], last: str
) -> None:
    phone = Phone(world)
    copy = phone.add(card)
    calls = {"register": phone.register, "unregister": phone.remove}
    first = "unregister" if last == "register" else "register"

    for name in (first, last, last):
        assert calls[name](copy).status_code in (200, 201)
    world.points("e-1", card, add=1)

    is_there = last == "register"
    assert rows(world, InstallationRow) == rows(world, DeliveryRow) == int(is_there)
    assert pushed(world) == ({"aa11"} if is_there else set())
    assert phone.ask(copy).status_code == (200 if is_there else 204)


def test_a_removal_and_a_registration_at_once_leave_a_whole_or_nothing(
    world: World, card: dict[str, Any]
) -> None:
    copy = Phone(world).download(card)
    request = PassRequest(copy.pass_type_id, copy.serial, copy.authentication_token)

    for _ in range(20):
        with ThreadPoolExecutor(2) as pool:
            coming = pool.submit(register, world, copy, 1)
            going = pool.submit(
                retrying,
                lambda: installations.unregister(world.context, "device-001", request),
            )
            coming.result()
            going.result()
        assert rows(world, InstallationRow) == rows(world, DeliveryRow)


def test_a_device_is_forgotten_with_its_last_pass_and_is_told_everything_when_it_returns(
    world: World, card: dict[str, Any]
) -> None:
    phone = Phone(world)
    first, second = phone.add(card), phone.add(world.card("m-2"))
    for _ in range(3):
        tag = phone.ask(first, "").json["lastUpdated"]

    phone.remove(first)
    with_one = rows(world, DeviceRow)
    phone.remove(second)
    with_none = rows(world, DeviceRow)
    phone.register(first)

    assert (with_one, with_none) == (1, 0)
    assert phone.ask(first, tag).json["serialNumbers"] == [first.serial]


def test_a_device_that_apple_calls_gone_leaves_nothing_behind(
    world: World, card: dict[str, Any]
) -> None:
    for device in ("gone-1", "gone-2"):
        Phone(world, device, "aa11").add(card)
    Phone(world, "kept", "bb22").add(card)
    world.points("e-1", card, add=1)
    (batch,) = deliveries.claim(world.context, WalletName.APPLE)
    tried = next(each for each in batch.deliveries if each.push_token == "aa11")

    installations.forget(world.context, tried, None)

    assert rows(world, DeviceRow) == rows(world, InstallationRow) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_device_that_is_forgotten_while_it_registers_another_pass_registers_it(
    world: World, card: dict[str, Any]
) -> None:
    first = Phone(world).download(card)
    second = Phone(world).download(world.card("m-2"))
    register(world, first, 1)

    with ThreadPoolExecutor(1) as pool:
        with world.context.transaction() as transaction:
            accounts.lock(transaction, UUID(card["account"]["id"]))
            device = devices.lock_device(transaction, first.pass_type_id, "device-001")
            assert device is not None
            coming = pool.submit(register, world, second, 1)
            wait_for_waiters(world, 1)
            for pass_id in transaction.session.scalars(select(InstallationRow.pass_id)):
                devices.delete_one(transaction, pass_id, device.id)
            devices.delete_bare_devices(transaction, [device.id])

        assert coming.result()
    assert rows(world, DeviceRow) == rows(world, InstallationRow) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_device_that_another_call_holds_is_not_waited_for(
    world: World, card: dict[str, Any]
) -> None:
    copy = Phone(world).download(card)
    register(world, copy, 1)

    with world.context.transaction() as transaction:
        held = devices.lock_device(transaction, copy.pass_type_id, "device-001")
        assert held is not None
        with world.context.transaction() as other:
            devices.delete_oldest(other, passes_of(other), 0)
            devices.delete_bare_devices(other, [held.id])

    assert (rows(world, InstallationRow), rows(world, DeviceRow)) == (0, 1)


def passes_of(transaction: Any) -> UUID:
    pass_id: UUID = transaction.session.scalars(select(PassRow.id)).one()
    return pass_id


def test_a_list_without_news_waits_for_nobody(world: World, card: dict[str, Any]) -> None:
    phone = Phone(world)
    copy = phone.add(card)
    tag = phone.ask(copy).json["lastUpdated"]

    with world.context.transaction() as transaction:
        devices.lock_device(transaction, copy.pass_type_id, phone.device)
        answers = [phone.ask(copy, tag), Phone(world, "unknown").ask(copy, tag)]

    assert [each.status_code for each in answers] == [204, 204]


# readers on other phones


def send(world: World, copy: OpenedPass, scheme: str, body: Any, device: str = "reader-1") -> int:
    path = f"/apple/v1/devices/{device}/registrations/{copy.pass_type_id}/{copy.serial}"
    headers = {"Authorization": f"{scheme} {copy.authentication_token}"}
    return world.client.post(path, json=body, headers=headers).status_code


def proof(world: World, card: dict[str, Any]) -> list[dict[str, Any]]:
    answer = world.call("GET", f"/v1/cards/{card['id']}/delivery").json
    (shown,) = answer["passes"]
    installed: list[dict[str, Any]] = shown["installations"]
    return installed


@pytest.mark.parametrize("scheme", ["WalletUnionPass", "AndroidPass"])
def test_readers_on_other_phones_are_registered_and_never_pushed(
    world: World, card: dict[str, Any], scheme: str
) -> None:
    copy = Phone(world).download(card)
    bodies: list[Any] = [
        {},
        {"pushToken": ""},
        {"pushToken": None},
        {"pushToken": "fcm:APA91b-not/hex"},
        {"pushToken": "aa11"},
        {"pushToken": "x", "pushServiceUrl": "https://push.example.com"},
    ]

    for number, body in enumerate(bodies):
        statuses = [send(world, copy, scheme, body, f"reader-{number}") for _ in range(2)]
        assert statuses == [201, 200], body
    world.points("e-1", card, add=1)

    assert pushed(world) == set()
    assert rows(world, DeliveryRow) == 0
    for shown in proof(world, card):
        assert shown["provider"] == "none"
        assert (shown["wanted_version"], shown["pushed_version"]) == (2, 0)
        assert (shown["pushed_at"], shown["attempts"], shown["last_error"]) == (None, 0, None)


def test_a_push_service_of_its_own_makes_even_apples_word_no_apple_device(
    world: World, card: dict[str, Any]
) -> None:
    copy = Phone(world).download(card)
    body = {"pushToken": "aa11", "pushServiceUrl": "https://push.example.com"}

    assert send(world, copy, "ApplePass", body) == 201
    world.points("e-1", card, add=1)

    assert pushed(world) == set()


def test_an_apple_device_is_still_refused_without_a_good_token(
    world: World, card: dict[str, Any]
) -> None:
    copy = Phone(world).download(card)

    for body in ({}, {"pushToken": "not hex"}, {"pushToken": "x", "pushServiceUrl": None}, []):
        assert send(world, copy, "ApplePass", body) == 400, body
    assert rows(world, InstallationRow) == 0


def test_a_reader_that_asks_by_itself_hears_and_fetches_like_any_other(
    world: World, card: dict[str, Any]
) -> None:
    copy = Phone(world).download(card)
    send(world, copy, "AndroidPass", {})
    reader = Phone(world, "reader-1")
    tag = reader.ask(copy).json["lastUpdated"]
    world.points("e-1", card, add=1)

    heard = reader.ask(copy, tag)
    (shown,) = proof(world, card)
    path = f"/apple/v1/passes/{copy.pass_type_id}/{copy.serial}"
    headers = {"Authorization": f"AndroidPass {copy.authentication_token}"}
    fetched = world.client.get(path, headers=headers)
    gone = world.client.delete(
        f"/apple/v1/devices/reader-1/registrations/{copy.pass_type_id}/{copy.serial}",
        headers=headers,
    )

    assert heard.json["serialNumbers"] == [copy.serial]
    assert shown["asked_version"] == 2
    assert (fetched.status_code, gone.status_code) == (200, 200)
    assert rows(world, InstallationRow) == 0


def test_beside_a_reader_an_apple_device_is_pushed_as_ever(
    world: World, card: dict[str, Any]
) -> None:
    phone = Phone(world)
    copy = phone.add(card)
    send(world, copy, "AndroidPass", {})
    world.points("e-1", card, add=1)

    assert pushed(world) == {"aa11"}
    assert [each["provider"] for each in proof(world, card)] == ["apns", "none"]


def test_what_apple_calls_gone_touches_no_reader(world: World, card: dict[str, Any]) -> None:
    copy = Phone(world).download(card)
    send(world, copy, "AndroidPass", {})

    with world.context.transaction() as transaction:
        found = devices.with_push_token(transaction, world.brand.id, copy.pass_type_id, "", None)

    assert found == []


def test_a_device_that_changes_its_provider_is_pushed_for_all_passes_or_for_none(
    world: World, card: dict[str, Any]
) -> None:
    phone = Phone(world, "reader-1")
    second = world.card("m-2")
    copies = [phone.download(each) for each in (card, second)]
    for copy in copies:
        send(world, copy, "ApplePass", {"pushToken": "aa11"})

    send(world, copies[0], "AndroidPass", {})
    none = rows(world, DeliveryRow)
    for number, each in enumerate((card, second)):
        world.points(f"none-{number}", each, add=1)
    unpushed = pushed(world)
    send(world, copies[0], "ApplePass", {"pushToken": "bb22"})

    assert (none, unpushed) == (0, set())
    assert rows(world, DeliveryRow) == 2
    assert pushed(world) == {"bb22"}


def test_a_device_of_no_provider_keeps_no_token(world: World, card: dict[str, Any]) -> None:
    copy = Phone(world).download(card)
    asked = Registration("d", copy.pass_type_id, copy.serial, "", Provider.NONE)

    installations.register(world.context, asked, copy.authentication_token)

    with world.context.transaction() as transaction:
        device = devices.lock_device(transaction, copy.pass_type_id, "d")
    assert device is not None
    assert device.provider is Provider.NONE
