"""A world whose pushes go to the APNs emulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority
from service.settings import Settings
from tests.world import World, built


@pytest.fixture
def apns(authority: Authority) -> Iterator[ApnsEmulator]:
    with ApnsEmulator(authority) as emulator:
        yield emulator


@pytest.fixture
def apns_settings(
    settings: Settings, authority: Authority, apns: ApnsEmulator, tmp_path: Path
) -> Settings:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.root_pem)
    return settings.model_copy(update={"apns_url": apns.push_url, "apns_ca_file": ca_file})


@pytest.fixture
def pushing_world(apns_settings: Settings, authority: Authority) -> Iterator[World]:
    with built(apns_settings, authority) as made:
        yield made
