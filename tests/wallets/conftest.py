"""One certificate authority and one APNs emulator for all wallet tests: keys are slow to make."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

import pytest

from service.domain.credentials import AppleCredential
from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority, Issued
from service.emulators.control import utc_now
from service.wallets.apple.certificates import identity
from service.wallets.apple.client import ApnsClient
from service.wallets.apple.pushing import Pusher
from service.wallets.apple.wallet import AppleWallet

from .builders import TEAM_ID, TYPE_ID, a_credential


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create(utc_now())


@pytest.fixture(scope="session")
def issued(authority: Authority) -> Issued:
    return authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now())


@pytest.fixture(scope="session")
def credential(authority: Authority, issued: Issued) -> AppleCredential:
    return a_credential(authority, issued)


@pytest.fixture(scope="session")
def root_path(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "root.pem"
    path.write_bytes(authority.root_pem)
    return path


@pytest.fixture
def apns(authority: Authority) -> Iterator[ApnsEmulator]:
    with ApnsEmulator(authority) as emulator:
        yield emulator


@pytest.fixture
def client(
    apns: ApnsEmulator, credential: AppleCredential, root_path: Path
) -> Iterator[ApnsClient]:
    client = a_client(apns.push_url, credential, str(root_path))
    yield client
    client.close()


@pytest.fixture
def wallet(
    apns: ApnsEmulator, credential: AppleCredential, root_path: Path
) -> Iterator[AppleWallet]:
    wallet = AppleWallet(credential, apns.push_url, str(root_path), utc_now)
    yield wallet
    wallet.close()


NewPusher = Callable[..., Pusher]


@pytest.fixture
def new_pusher(
    apns: ApnsEmulator, credential: AppleCredential, root_path: Path
) -> Iterator[NewPusher]:
    """Makes pushers as other processes would have them: each with a connection of its own."""
    known = identity(credential)
    with ExitStack() as opened:

        def make(now: Callable[[], datetime] = utc_now) -> Pusher:
            made = Pusher(credential, known, apns.push_url, str(root_path), now)
            return opened.enter_context(closing(made))

        yield make


def a_client(
    url: str,
    credential: AppleCredential,
    ca_path: str | None,
    now: Callable[[], datetime] = utc_now,
) -> ApnsClient:
    return ApnsClient(
        url,
        credential.certificate_pem + credential.wwdr_pem,
        credential.private_key_pem,
        topic=TYPE_ID,
        ca_path=ca_path,
        now=now,
    )
