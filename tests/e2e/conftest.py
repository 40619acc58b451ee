"""The two ways to run Tessera: one process on SQLite, several on PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from service.emulators.certificates import Authority
from tests.e2e.deployment import Access, Deployment
from tests.postgres import Postgres

EMBEDDED = (("run",),)
SCALED = (("serve", "--processes", "2"), ("worker",), ("worker",))
NUMBERS = count()


@dataclass(frozen=True)
class Installation:
    """What the tessera command has set up once; tests run on copies of it."""

    folder: Path
    access: Access
    copy: Callable[[Path], str]


def _sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder}/tessera.db"


def _set_up(folder: Path, url: str, authority: Authority) -> Access:
    made = Deployment(folder, url, (), authority)
    try:
        return made.set_up()
    finally:
        made.close()


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Installation:
    folder = tmp_path_factory.mktemp("embedded")
    access = _set_up(folder, _sqlite_url(folder), authority)

    def copy(target: Path) -> str:
        shutil.copy(folder / "tessera.db", target)
        return _sqlite_url(target)

    return Installation(folder, access, copy)


@pytest.fixture(scope="session")
def scaled(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, postgres: Postgres
) -> Installation:
    folder = tmp_path_factory.mktemp("scaled")
    postgres.execute("CREATE DATABASE template_e2e")
    access = _set_up(folder, postgres.url("template_e2e"), authority)

    def copy(target: Path) -> str:
        name = f"e2e_{next(NUMBERS)}"
        postgres.execute(f"CREATE DATABASE {name} TEMPLATE template_e2e")
        return postgres.url(name)

    return Installation(folder, access, copy)


@pytest.fixture(params=["embedded", "scaled"])
def deployment(
    request: pytest.FixtureRequest, tmp_path: Path, authority: Authority
) -> Iterator[Deployment]:
    """A set-up installation, not yet started."""
    installation: Installation = request.getfixturevalue(request.param)
    shutil.copy(installation.folder / "master.key", tmp_path)
    url = installation.copy(tmp_path)
    commands = EMBEDDED if request.param == "embedded" else SCALED
    made = Deployment(tmp_path, url, commands, authority, installation.access)
    yield made
    made.close()
