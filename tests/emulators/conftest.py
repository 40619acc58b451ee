"""What the tests of the emulators share: an authority, whose keys take a while, and a Google."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from service.emulators.certificates import Authority, Issued
from service.emulators.google.emulator import GoogleEmulator

from .google_support import Issuer
from .passes import PASS_TYPE_ID, TEAM_ID


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create(datetime.now(UTC))


@pytest.fixture(scope="session")
def issued(authority: Authority) -> Issued:
    return authority.pass_certificate(PASS_TYPE_ID, TEAM_ID, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def emulator(authority: Authority) -> Iterator[GoogleEmulator]:
    with GoogleEmulator(authority) as running:
        yield running


@pytest.fixture(scope="module")
def client(emulator: GoogleEmulator, authority: Authority) -> Iterator[Issuer]:
    issuer = Issuer(emulator, authority)
    yield issuer
    issuer.close()


@pytest.fixture
def wallet(emulator: GoogleEmulator) -> Iterator[GoogleEmulator]:
    emulator.control({"rate": 10_000})
    yield emulator
    emulator.control({"reset": True})


@pytest.fixture
def issuer(wallet: GoogleEmulator, client: Issuer) -> Issuer:
    return client
