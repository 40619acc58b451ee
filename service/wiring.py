"""The one place that builds things: from settings to a context that can work."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from service.context import Context
from service.domain.errors import SetupError
from service.domain.passes import WalletName
from service.operations.turns import VendorTurns
from service.settings import Settings
from service.storage import brands
from service.storage.database import Database
from service.storage.opening import schema
from service.storage.opening.vault import create_master_key, load_vault
from service.wallets.catalog import WalletCatalog
from service.wallets.google.client import GoogleAddresses

PACKAGED_TEMPLATES = Path(__file__).parent / "templates"
REPOSITORY_TEMPLATES = Path(__file__).parent.parent / "templates"


@dataclass(frozen=True)
class System:
    """A context, and the doorbell that rings when a delivery becomes due in this process."""

    context: Context
    doorbell: threading.Event


@contextmanager
def opened(settings: Settings) -> Iterator[System]:
    """Yield a working system on an existing database, and close it at the end.

    Raises:
        SetupError: database or master key cannot be used; says what to fix.
    """
    system = _build(settings)
    try:
        _check(system.context)
        yield system
    finally:
        system.context.wallets.close()
        system.context.database.close()


def keep_open(settings: Settings) -> System:
    """Return a working system for as long as the process lives.

    Raises:
        SetupError: database or master key cannot be used; says what to fix.
    """
    system = _build(settings)
    _check(system.context)
    return system


def _check(context: Context) -> None:
    schema.check(context.database.engine)
    with context.reading() as transaction:
        brands.check_master_key(transaction)


def migrate(settings: Settings) -> None:
    """Bring the database's schema up to date; a new database gets a master key.

    Raises:
        SetupError: the database or master key cannot be used; says what to fix.
    """
    is_new = create_master_key(settings.master_key_file)
    system = _build(settings)
    try:
        schema.upgrade(system.context.database.engine)
        with system.context.transaction() as transaction:
            brands.prove_master_key(transaction)
    except SetupError:
        if is_new:  # it opens nothing: the right one is to be put here
            settings.master_key_file.unlink()
        raise
    finally:
        system.context.database.close()


def _build(settings: Settings) -> System:
    doorbell = threading.Event()
    vault = load_vault(settings.master_key_file)
    database = Database(settings.database_url, vault, doorbell.set)
    context = Context(
        settings=settings,
        database=database,
        wallets=_wallets(settings, database),
        templates=templates_folder(),
        now=utc_now,
    )
    return System(context, doorbell)


def _wallets(settings: Settings, database: Database) -> WalletCatalog:
    google = GoogleAddresses(
        api_url=settings.google_api_url,
        token_url=settings.google_token_url,
        save_url=settings.google_save_url,
        ca_path=_path(settings.google_ca_file),
    )
    turns = VendorTurns(database, WalletName.GOOGLE, settings.google_calls_per_s, utc_now)
    return WalletCatalog(settings.apns_url, _path(settings.apns_ca_file), google, turns, utc_now)


def _path(file: Path | None) -> str | None:
    return str(file) if file else None


def utc_now() -> datetime:
    return datetime.now(UTC)


def templates_folder() -> Path:
    """Return the folder of templates: the packaged copy, else the repository's.

    Raises:
        SetupError: neither is there.
    """
    for folder in (PACKAGED_TEMPLATES, REPOSITORY_TEMPLATES):
        if (folder / "passes").is_dir():
            return folder
    raise SetupError("The templates are missing: this installation is incomplete.")
