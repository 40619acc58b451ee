"""The schema's version: brought up to date by `tessera migrate`, checked at every start."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, exc

from service.domain.errors import SetupError

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to this version's; an up-to-date one is left as it is.

    Raises:
        SetupError: the schema is newer than this version of Tessera.
    """
    with _reached(), engine.connect() as connection, _rebuildable(connection):
        _refuse_newer(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@contextmanager
def _rebuildable(connection: Connection) -> Iterator[None]:
    """Frame a transaction in which SQLite lets tables be rebuilt that others refer to.

    Source: sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes", checked
    2026-11-24. The switch works only outside a transaction.
    """
    if connection.dialect.name != "sqlite":
        with connection.begin():
            # Building an index on a large table takes longer than any request may.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            yield
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if orphans:
                raise SetupError(f"The migration would leave rows alone: {orphans[:3]}.")
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def check(engine: Engine) -> None:
    """Raise SetupError unless the database answers and its schema is exactly this version's."""
    with _reached(), engine.connect() as connection:
        _refuse_newer(connection)
        found = _found(connection)
    if found != _newest():
        state = "is empty" if found is None else f"is at schema {found}"
        raise SetupError(f"The database {state}, this version needs {_newest()}: `tessera migrate`")


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except exc.DBAPIError as error:
        why = str(error.orig).strip().partition("\n")[0]
        raise SetupError(
            f"The database does not answer: {why}. Check TESSERA_DATABASE_URL and what it leads to."
        ) from error


def _refuse_newer(connection: Connection) -> None:
    found = _found(connection)
    known = {revision.revision for revision in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise SetupError(
            f"The database is at schema {found}, which this version of Tessera does not know: "
            "it was migrated by a newer one. Start that version, or restore a backup."
        )


def _found(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _newest() -> str | None:
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
