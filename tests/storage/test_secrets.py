"""Nothing secret or personal can be read out of the database's files."""

from hashlib import md5, sha1, sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.storage.tables import Base
from tests.http.phone import Phone
from tests.world import World

NAME, PHONE, EMAIL = "Zebulon Quux", "+4915112345678", "zebulon.quux@example.com"
PUSH_TOKEN, DEVICE = "aa11bb22cc33dd44ee55", "device-library-secret-id"


@pytest.fixture
def secrets(world: World) -> dict[str, str]:
    """Everything secret that a brand, a member and a phone brought in, after it was used."""
    member = {"name": NAME, "phone": PHONE, "email": EMAIL, "birthday": "1987-06-05"}
    card = world.card("m-1", member=member)
    phone = Phone(world, DEVICE, PUSH_TOKEN)
    copy = phone.add(card)
    keyed = {"program": str(world.brand.program.id), "member": {"external_id": "m-2", **member}}
    assert world.call("POST", "/v1/cards", keyed, Idempotency_Key="k-1").status_code == 201
    unknown = {"type": "points.changed", "data": {"card_number": "none-such", "message": NAME}}
    assert world.webhook("msg-1", unknown).json["outcome"] == "refused"
    return {
        "name": NAME,
        "phone": PHONE,
        "phone as written": PHONE.removeprefix("+"),
        "email": EMAIL,
        "birthday": "1987-06-05",
        "push token": PUSH_TOKEN,
        "device id": DEVICE,
        "API key": world.brand.api_key,
        "webhook secret": world.brand.source_secret.removeprefix("whsec_"),
        "pass token": copy.authentication_token,
        "link token": card["links"]["apple"].split("/")[-2],
        "private key": "PRIVATE KEY",
    }


def stored_bytes(world: World) -> bytes:
    """Everything in the database: SQLite's files, or every row of PostgreSQL."""
    database = world.context.database
    if not database.is_postgresql:
        file = Path(str(database.url.database))
        return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    rows: list[Any] = []
    with database.engine.connect() as connection:
        for table in Base.metadata.tables:
            rows += connection.execute(text(f"SELECT t.*, t::text FROM {table} t"))
    values = (value for row in rows for value in row)
    return b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in values)


def test_no_secret_and_no_contact_is_stored_as_it_is(world: World, secrets: dict[str, str]) -> None:
    stored = stored_bytes(world)

    readable = [name for name, value in secrets.items() if value.encode() in stored]
    assert readable == []
    assert b"m-1" in stored  # what is no secret is found, so the search does search


def test_a_contact_is_not_stored_under_a_hash_that_anybody_can_make(
    world: World, secrets: dict[str, str]
) -> None:
    stored = stored_bytes(world)

    for name, value in secrets.items():
        for maker in (md5, sha1, sha256):
            made = maker(value.encode())
            assert made.digest() not in stored, name
            assert made.hexdigest().encode() not in stored, name
