"""One certificate authority for all tests of the linter."""

import pytest

from service.emulators.certificates import Authority
from service.emulators.control import utc_now

from .builders import TEAM_ID, TYPE_ID, Signer


@pytest.fixture(scope="session")
def signer(authority: Authority) -> Signer:
    issued = authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now(), is_nfc=True)
    return Signer(issued, authority)
