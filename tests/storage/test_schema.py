"""The schema: migrations make what the models say, and a start on another schema is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from service.domain.errors import SetupError
from service.settings import Settings
from service.storage.opening.vault import create_master_key
from service.storage.tables import Base
from service.wiring import migrate, opened
from tests.postgres import Postgres

NEWEST = "0002"


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    made = create_engine(settings.database_url)
    yield made
    made.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, master_key_file: Path) -> Settings:
    """A database in which nothing was ever made."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        name = f"empty_{abs(hash(tmp_path))}"
        postgres.execute(f"CREATE DATABASE {name}")
        url = postgres.url(name)
    return Settings(database_url=url, master_key_file=master_key_file)


def start(settings: Settings) -> str:
    """Start on the database and return why that is refused."""
    with pytest.raises(SetupError) as refused, opened(settings):
        raise AssertionError("it started")
    return refused.value.detail


def test_the_migrated_schema_is_the_one_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_the_checks_that_the_models_name_are_in_the_migrated_schema(engine: Engine) -> None:
    for table in Base.metadata.tables.values():
        found = {str(check["name"]) for check in inspect(engine).get_check_constraints(table.name)}
        named = {
            str(check.name) for check in table.constraints if type(check).__name__.startswith("Ch")
        }
        assert found == named, table.name


def test_a_migrated_database_starts_and_migrating_again_changes_nothing(settings: Settings) -> None:
    migrate(settings)

    with opened(settings) as system:
        assert system.context.database.check() is None


def test_a_start_on_an_empty_database_says_to_migrate(
    empty: Settings, master_key_file: Path
) -> None:
    create_master_key(master_key_file)

    why = start(empty)

    assert "is empty" in why
    assert "tessera migrate" in why


def test_a_start_on_a_schema_without_version_says_to_migrate(
    settings: Settings, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))

    why = start(settings)

    assert "tessera migrate" in why


def test_a_start_on_a_newer_schema_is_refused_and_so_is_migrating_it(
    settings: Settings, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    why = start(settings)

    assert "9999" in why
    assert "newer" in why
    with pytest.raises(SetupError, match="newer"):
        migrate(settings)


def test_another_master_key_is_refused_at_start_and_at_migration(
    settings: Settings, tmp_path: Path
) -> None:
    create_master_key(tmp_path / "other.key")
    other = Settings(database_url=settings.database_url, master_key_file=tmp_path / "other.key")

    why = start(other)

    assert "TESSERA_MASTER_KEY_FILE" in why
    with pytest.raises(SetupError, match="TESSERA_MASTER_KEY_FILE"):
        migrate(other)
