"""A database of an earlier version is brought up to date with everything that is in it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import IntegrityError

from service.settings import Settings
from service.storage.database import Database
from service.storage.opening import schema
from service.storage.opening.vault import create_master_key, load_vault
from tests.postgres import Postgres

NOW = datetime(2026, 11, 1, tzinfo=UTC)
IMPORTED = datetime(2026, 10, 2, 12, tzinfo=UTC)
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


def fill(connection: Connection) -> dict[UUID, UUID]:
    """Put a brand with two programs into the first version's tables, one card on a phone.

    Return every pass with the design of its program.
    """
    add = Filler(connection).add
    brand = add("brands", mode="test")
    owned = {"brand_id": brand}
    pems = {"team_id": "TEAM", "certificate_pem": "LEAF", "wwdr_pem": "WWDR"}
    add("credentials", **owned, wallet="apple", created_at=IMPORTED, **pems)
    passes = {}
    for name, count in (("one", 1), ("many", 200)):
        design = add("designs", **owned, name=name)
        add("design_images", **owned, design_id=design, png=PNG)
        program = add("programs", **owned, name=name, design_id=design, below_zero=False)
        passes |= {_pass(add, brand, program, f"{name} {n}"): design for n in range(count)}
    target = {"pass_id": next(iter(passes)), "device_id": add("devices", brand_id=brand)}
    account = connection.scalar(text("SELECT account_id FROM passes WHERE serial = 'one 0'"))
    owned |= {"account_id": UUID(str(account))}
    installed = add("installations", **owned, **target)
    add("deliveries", **owned, **target, installation_id=installed, wallet="apple")
    return passes


def _pass(add: Callable[..., UUID], brand: UUID, program: UUID, name: str) -> UUID:
    owned = {"brand_id": brand}
    owned |= {"account_id": add("accounts", **owned, program_id=program)}
    own = {"number": name, "barcode": name, "link_digest": name.encode()}
    card = add("cards", **owned, **own, program_id=program, status="inactive", slots=1)
    return add("passes", **owned, card_id=card, wallet="apple", serial=name)


def test_a_first_version_database_keeps_everything(database: Database) -> None:
    with database.engine.begin() as connection:
        designs = fill(connection)
        tables = [name for name in Filler(connection).tables.tables if name != "alembic_version"]
        before = {name: _count(connection, name) for name in tables}

    schema.upgrade(database.engine)

    schema.check(database.engine)
    with database.engine.connect() as connection:
        assert {name: _count(connection, name) for name in tables} == before
        facts = connection.scalar(text("SELECT facts FROM credentials"))
        digest = connection.scalar(text("SELECT sha256 FROM design_images"))
        shown = connection.execute(text("SELECT id, design_id, bucket FROM passes")).all()
        since = connection.execute(text("SELECT created_at, active_from FROM credentials")).one()
    assert {UUID(str(row.id)): UUID(str(row.design_id)) for row in shown} == designs
    assert all(0 <= row.bucket < 100 for row in shown)
    assert len({row.bucket for row in shown}) > 10
    assert since.active_from == since.created_at
    assert str(since.active_from).startswith("2026-10-02")
    assert before["deliveries"] == before["installations"] == 1
    assert all(f'"{pem}"' in str(facts).replace("'", '"') for pem in ("TEAM", "LEAF", "WWDR"))
    assert digest == sha256(PNG).hexdigest()


def test_references_are_checked_again_after_a_migration(database: Database) -> None:
    schema.upgrade(database.engine)

    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        Filler(connection).add("sources", brand_id=uuid4())


def _count(connection: Connection, table: str) -> int:
    return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0
