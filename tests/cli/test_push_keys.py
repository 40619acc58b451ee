"""`tessera push-keys`: import, list and remove, as an operator sees them."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service.cli.administration import perform
from service.domain.errors import NotFound, SetupError
from tests.world import TEAM, World


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "AuthKey_ABC123DEFG.p8"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def arguments(world: World, key_file: Path) -> dict[str, Any]:
    return {
        "brand": "Tests",
        "pass_type": world.brand.pass_type_id,
        "key_id": "ABC123DEFG",
        "team_id": TEAM,
        "key_file": str(key_file),
    }


def test_a_key_is_imported_listed_and_removed(world: World, key_file: Path) -> None:
    made: Any = perform(world.context, "push-keys import", arguments(world, key_file))

    listed: Any = perform(world.context, "push-keys list", {"brand": "Tests"})
    removed = perform(world.context, "push-keys remove", {"brand": "Tests", "key": made["id"]})

    (row,) = listed
    assert (row["id"], row["key_id"], row["team_id"]) == (made["id"], "ABC123DEFG", TEAM)
    assert row["pass_type_id"] == world.brand.pass_type_id
    assert removed == {
        "id": made["id"],
        "pass_type_id": world.brand.pass_type_id,
        "removed": True,
    }
    assert perform(world.context, "push-keys list", {"brand": "Tests"}) == []


def test_what_cannot_be_a_key_is_refused_with_the_reason(world: World, key_file: Path) -> None:
    wanted = arguments(world, key_file)

    with pytest.raises(SetupError, match="cannot be read: No such file"):
        perform(world.context, "push-keys import", wanted | {"key_file": "/nowhere.p8"})
    with pytest.raises(SetupError, match="10 letters and digits"):
        perform(world.context, "push-keys import", wanted | {"key_id": "abc"})
    for unknown in ("no id", "01a20132-514e-749e-a059-ea101d4a909a"):
        with pytest.raises(NotFound, match="tessera push-keys list"):
            perform(world.context, "push-keys remove", {"brand": "Tests", "key": unknown})
