"""Opens the database and frames transactions; knows both engines, and nothing of cards."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, create_engine, event, exc, make_url, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from service.domain.errors import SetupError, StorageBusy, Unavailable
from service.storage.opening.vault import Vault

WRITE_WAIT_S = 10
RETRYABLE = {"40001", "40P01"}  # serialization_failure, deadlock_detected
LOCK_NOT_AVAILABLE = "55P03"
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {WRITE_WAIT_S * 1000}",
)
OLDEST_SQLITE = (3, 35, 0)  # RETURNING


class TransactionConflict(Exception):
    """The database gave this transaction up in favor of another; run it again from the start."""


@dataclass
class Transaction:
    """One open transaction. `owes_push` is set when the commit makes a delivery due.

    `afterwards` is called in order once it has committed, and never if it has not.
    """

    session: Session
    vault: Vault
    is_postgresql: bool
    owes_push: bool = False
    afterwards: list[Callable[[], None]] = field(default_factory=list)


class Database:
    """Transactions on SQLite (one writing connection) or PostgreSQL.

    `on_debt` is called after each commit that made a delivery due.
    """

    def __init__(self, url: str, vault: Vault, on_debt: Callable[[], None]) -> None:
        self.url = make_url(url)
        self.is_postgresql = self.url.get_backend_name() == "postgresql"
        self._vault = vault
        self._on_debt = on_debt
        self.engine, self._reader = _engines(url) if self.is_postgresql else _sqlite_engines(url)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Yield a writing transaction; commits at the end, rolls back on any error.

        Raises:
            TransactionConflict: run the whole operation again.
            StorageBusy: no writing turn came within 10 s.
        """
        with (
            _translated(),
            Session(self.engine, expire_on_commit=False, autoflush=False) as session,
        ):
            transaction = Transaction(session, self._vault, self.is_postgresql)
            with session.begin():
                yield transaction
        if transaction.owes_push:
            self._on_debt()
        for act in transaction.afterwards:
            act()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Yield a read-only transaction that sees one snapshot of what is committed."""
        with (
            _translated(),
            Session(self._reader, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            yield Transaction(session, self._vault, self.is_postgresql)

    def check(self) -> None:
        """Raise Unavailable unless the database answers."""
        with self.reading() as transaction:
            transaction.session.execute(text("SELECT 1"))

    def close(self) -> None:
        self._reader.dispose()
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exc.TimeoutError as error:
        raise StorageBusy("Other writers kept the database busy; try again.") from error
    except exc.DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state in RETRYABLE:
            raise TransactionConflict from error
        if state == LOCK_NOT_AVAILABLE or "database is locked" in str(error.orig):
            raise StorageBusy("Another call holds what this one needs; try again.") from error
        if isinstance(error, exc.OperationalError):
            raise Unavailable("The database does not answer; try again.") from error
        raise


def _engines(url: str) -> tuple[Engine, Engine]:
    options = "-c lock_timeout=10s -c statement_timeout=30s"
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_timeout=WRITE_WAIT_S,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": options, "connect_timeout": 5, "application_name": "tessera"},
    )
    snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return engine, engine.execution_options(**snapshot)


def _sqlite_engines(url: str) -> tuple[Engine, Engine]:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise SetupError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed.")
    writer = _sqlite_engine(url, pool_size=1, begin="BEGIN IMMEDIATE")
    reader = _sqlite_engine(url, pool_size=8, begin="BEGIN", pragmas=("PRAGMA query_only = ON",))
    return writer, reader


def _sqlite_engine(
    url: str, *, pool_size: int, begin: str, pragmas: tuple[str, ...] = ()
) -> Engine:
    # Debian 12's SQLite can corrupt a WAL that two connections write (WAL-reset bug, fixed in
    # 3.51.3), hence one writing connection; readers are query_only.
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=WRITE_WAIT_S,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": WRITE_WAIT_S},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin by itself
        for pragma in (*PRAGMAS, *pragmas):
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
