"""The two ways to run Tessera: one process on SQLite, several on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.emulators.certificates import Authority
from tests.e2e.deployment import Deployment
from tests.postgres import Postgres

EMBEDDED = (("run",),)
SCALED = (("serve", "--processes", "2"), ("worker",))


@pytest.fixture(params=["embedded", "scaled"])
def deployment(
    request: pytest.FixtureRequest, tmp_path: Path, authority: Authority
) -> Iterator[Deployment]:
    """A set-up installation, not yet started."""
    if request.param == "embedded":
        made = Deployment(tmp_path, f"sqlite:///{tmp_path}/tessera.db", EMBEDDED, authority)
    else:
        new_database: Callable[[], str] = request.getfixturevalue("empty_postgres_database")
        made = Deployment(tmp_path, new_database(), SCALED, authority)
    try:
        made.set_up()
        yield made
    finally:
        made.close()


@pytest.fixture
def empty_postgres_database(postgres: Postgres, tmp_path: Path) -> Callable[[], str]:
    def create() -> str:
        name = f"e2e_{abs(hash(tmp_path))}"
        postgres.execute(f"CREATE DATABASE {name}")
        return postgres.url(name)

    return create
