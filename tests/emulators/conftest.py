"""One test authority for all tests of the emulators: making its keys takes a while."""

from datetime import UTC, datetime

import pytest

from service.emulators.certificates import Authority, Issued

from .passes import PASS_TYPE_ID, TEAM_ID


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create(datetime.now(UTC))


@pytest.fixture(scope="session")
def issued(authority: Authority) -> Issued:
    return authority.pass_certificate(PASS_TYPE_ID, TEAM_ID, now=datetime.now(UTC))
