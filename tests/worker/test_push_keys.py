"""A `.p8` key is used from its import on, by every process, and no longer once it is removed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from service.context import Context
from service.domain.credentials import AppleCredential, PushKey
from service.domain.errors import NotFound, SetupError
from service.domain.passes import WalletName
from service.emulators.apns import ApnsEmulator
from service.operations import deliveries, push_keys
from service.settings import Settings
from service.storage import credentials
from service.wiring import opened
from service.worker.loop import deliver_due
from tests.crowd import crowd, owed
from tests.storage.test_secrets import stored_bytes
from tests.world import TEAM, World, a_brand

APPLE = WalletName.APPLE
KEY_ID = "ABC123DEFG"
P256 = ec.generate_private_key(ec.SECP256R1())
P8 = P256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def world(pushing_world: World) -> World:
    return pushing_world


def import_key(world: World, team_id: str = TEAM, type_id: str | None = None) -> PushKey:
    pass_type = type_id or world.brand.pass_type_id
    return push_keys.import_key(world.context, world.brand.id, pass_type, P8, KEY_ID, team_id)


def take_tokens(apns: ApnsEmulator) -> None:
    """Let the emulator take the key's tokens; whoever has neither is sent away."""
    apns.control({"push_key": {"key_id": KEY_ID, "team_id": TEAM, "public_key": PUBLIC}})


def pushes(world: World, context: Context, external_id: str) -> bool:
    """Owe a phone a push, deliver it in this process; say whether APNs took it."""
    world.clock.forward(minutes=2)
    crowd(world, world.card(external_id), 1)
    deliver_due(context, APPLE)
    return owed(world) == 0


def test_a_key_is_used_by_running_processes_from_its_import_to_its_removal(
    world: World, apns: ApnsEmulator, apns_settings: Settings
) -> None:
    with opened(apns_settings) as system:
        another = replace(system.context, now=world.clock)
        by_certificate = [pushes(world, world.context, "m-1"), pushes(world, another, "m-2")]
        key = import_key(world)
        refused = pushes(world, world.context, "m-3")
        take_tokens(apns)
        by_key = [pushes(world, another, "m-4"), pushes(world, another, "m-5")]
        push_keys.remove_key(world.context, world.brand.id, key.id)
        apns.control({"push_key": None})
        again = pushes(world, another, "m-6")

    assert by_certificate == [True, True]
    assert not refused
    assert by_key[-1]
    assert again


def test_the_newest_key_of_a_pass_type_is_the_one_in_use(world: World) -> None:
    first, second = import_key(world), import_key(world)

    listed = push_keys.keys_of(world.context, world.brand.id)
    in_use = [credential_of(world).push_key]
    push_keys.remove_key(world.context, world.brand.id, second.id)
    in_use.append(credential_of(world).push_key)

    assert [each.id for each in listed] == [second.id, first.id]
    assert in_use == [second, first]


def credential_of(world: World) -> AppleCredential:
    with world.context.reading() as transaction:
        (kept,) = credentials.kept(transaction, APPLE, world.brand.id)
        found = credentials.get(transaction, kept.id)
    assert isinstance(found, AppleCredential)
    return found


def test_an_import_lets_a_halted_type_try_at_once(world: World, apns: ApnsEmulator) -> None:
    crowd(world, world.card(), 3)
    apns.control({"respond": {"*": 403}})
    for _ in range(6):
        deliver_due(world.context, APPLE)
        world.clock.forward(hours=1)
    deliver_due(world.context, APPLE)
    (halt,) = deliveries.halts(world.context)
    assert halt.until - world.clock() >= timedelta(minutes=30)
    apns.control({"respond": {"*": None}})

    import_key(world)
    take_tokens(apns)
    while deliver_due(world.context, APPLE):
        pass

    assert owed(world) == 0
    assert deliveries.halts(world.context) == []


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        ({"team_id": "OTHERTEAM1"}, SetupError, "belongs to team"),
        ({"type_id": "pass.com.example.unknown"}, NotFound, "has no certificate of"),
    ],
)
def test_a_key_that_apns_would_refuse_is_not_taken(
    world: World, changes: dict[str, Any], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        import_key(world, **changes)

    assert push_keys.keys_of(world.context, world.brand.id) == []


def test_a_key_is_its_brands_alone(world: World) -> None:
    key = import_key(world)
    other = a_brand(world.context, world.authority, "Other", "pass.com.example.other")

    assert push_keys.keys_of(world.context, other.id) == []
    for brand_id, key_id in ((other.id, key.id), (world.brand.id, uuid4())):
        with pytest.raises(NotFound):
            push_keys.remove_key(world.context, brand_id, key_id)
    assert len(push_keys.keys_of(world.context, world.brand.id)) == 1


def test_a_key_is_kept_sealed(world: World) -> None:
    import_key(world)

    stored = stored_bytes(world)

    assert KEY_ID.encode() in stored
    assert b"".join(P8.splitlines()[1:2]) not in stored
    assert credential_of(world).push_key == PushKey(
        UUID(str(push_keys.keys_of(world.context, world.brand.id)[0].id)), KEY_ID, TEAM, P8
    )
