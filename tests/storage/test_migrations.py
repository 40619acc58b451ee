"""A database of an earlier version is brought up to date with everything that is in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import IntegrityError

from service.settings import Settings
from service.storage import schema
from service.storage.database import Database
from service.storage.vault import create_master_key, load_vault
from tests.postgres import Postgres

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PNG = b"\x89PNG not really"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, master_key_file: Path
) -> Iterator[Database]:
    """A database at the schema of the first version."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        name = f"old_{uuid4().hex}"
        postgres.execute(f"CREATE DATABASE {name}")
        url = postgres.url(name)
    create_master_key(master_key_file)
    settings = Settings(database_url=url, master_key_file=master_key_file)
    made = Database(settings.database_url, load_vault(master_key_file), lambda: None)
    schema.upgrade(made.engine, "0001")
    yield made
    made.close()


class Filler:
    """Inserts rows; what is not given is filled in by the column's type."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.tables = MetaData()
        self.tables.reflect(connection)

    def add(self, table: str, **given: Any) -> UUID:
        row_id = uuid4()
        values = {"id": row_id, **given}
        for column in self.tables.tables[table].columns:
            if column.name not in values and not column.nullable:
                values[column.name] = self._filling(str(column.type).partition("(")[0])
        known = {name: self._stored(value) for name, value in values.items()}
        names = ", ".join(known)
        slots = ", ".join(f":{name}" for name in known)
        self.connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({slots})"), known)
        return row_id

    def _filling(self, kind: str) -> Any:
        return {"JSON": "{}", "JSONB": "{}", "BLOB": b"x", "BYTEA": b"x", "VARCHAR": "x"}.get(
            kind, NOW if kind.startswith(("TIMESTAMP", "DATETIME")) else 1
        )

    def _stored(self, value: Any) -> Any:
        if self.connection.dialect.name != "sqlite":
            return bool(value) if value is False else value
        if isinstance(value, UUID):
            return value.hex
        return value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else value


def fill(connection: Connection) -> None:
    """Put a brand with a card on a phone into the first version's tables."""
    add = Filler(connection).add
    brand = add("brands", mode="test")
    owned = {"brand_id": brand}
    pems = {"team_id": "TEAM", "certificate_pem": "LEAF", "wwdr_pem": "WWDR"}
    add("credentials", **owned, wallet="apple", **pems)
    design = add("designs", **owned)
    add("design_images", **owned, design_id=design, png=PNG)
    program = add("programs", **owned, design_id=design, below_zero=False)
    owned |= {"account_id": add("accounts", **owned, program_id=program)}
    inactive = {"status": "inactive", "slots": 1}
    card = add("cards", **owned, program_id=program, **inactive)
    shown = add("passes", **owned, card_id=card, wallet="apple")
    device = add("devices", brand_id=brand)
    installed = add("installations", **owned, pass_id=shown, device_id=device)
    target = {"pass_id": shown, "installation_id": installed, "device_id": device}
    add("deliveries", **owned, **target, wallet="apple")


def test_a_first_version_database_keeps_everything(database: Database) -> None:
    with database.engine.begin() as connection:
        fill(connection)
        tables = [name for name in Filler(connection).tables.tables if name != "alembic_version"]
        before = {name: _count(connection, name) for name in tables}

    schema.upgrade(database.engine)

    schema.check(database.engine)
    with database.engine.connect() as connection:
        assert {name: _count(connection, name) for name in tables} == before
        facts = connection.scalar(text("SELECT facts FROM credentials"))
        digest = connection.scalar(text("SELECT sha256 FROM design_images"))
    assert before["deliveries"] == before["installations"] == 1
    assert all(f'"{pem}"' in str(facts).replace("'", '"') for pem in ("TEAM", "LEAF", "WWDR"))
    assert digest == sha256(PNG).hexdigest()


def test_references_are_checked_again_after_a_migration(database: Database) -> None:
    schema.upgrade(database.engine)

    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        Filler(connection).add("sources", brand_id=uuid4())


def _count(connection: Connection, table: str) -> int:
    return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0
