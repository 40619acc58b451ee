"""What all tests share: both databases, a system on each, and a brand that is set up."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.emulators.certificates import Authority
from service.settings import Settings
from service.wiring import migrate, utc_now
from tests.discovery import checked
from tests.postgres import Postgres
from tests.world import World, built

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create(utc_now())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def master_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("key") / "master.key"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, master_key_file: Path) -> Path:
    file = tmp_path_factory.mktemp("template") / "template.db"
    migrate(Settings(database_url=f"sqlite:///{file}", master_key_file=master_key_file))
    return file


@pytest.fixture(scope="session")
def new_postgres_database(postgres: Postgres, master_key_file: Path) -> Callable[[], str]:
    """Clones a migrated database; each call gives the address of a new one."""
    postgres.execute("CREATE DATABASE template_tessera")
    migrate(
        Settings(database_url=postgres.url("template_tessera"), master_key_file=master_key_file)
    )
    numbers = itertools.count()

    def clone() -> str:
        name = f"test_{next(numbers)}"
        postgres.execute(f"CREATE DATABASE {name} TEMPLATE template_tessera")
        return postgres.url(name)

    return clone


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> str:
    """The address of a migrated database of this test alone, on each engine in turn."""
    if request.param == "postgresql":
        clone: Callable[[], str] = request.getfixturevalue("new_postgres_database")
        return clone()
    file = tmp_path / "tessera.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def settings(database_url: str, master_key_file: Path) -> Settings:
    return Settings(database_url=database_url, master_key_file=master_key_file)


@pytest.fixture
def world(settings: Settings, authority: Authority) -> Iterator[World]:
    """A brand with a points program, a certificate, a key of all scopes, and a clock to turn."""
    with built(settings, authority) as made:
        yield made


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a worker of a parallel run tell how many bodies it checked."""
    output: dict[str, int] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["google_bodies"] = checked.bodies


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    checked.bodies += getattr(node, "workeroutput", {}).get("google_bodies", 0)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if checked.bodies:
        terminalreporter.write_line(
            f"{checked.bodies} bodies held against Google's discovery document"
        )
