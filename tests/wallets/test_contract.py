"""Apple's wallet, Google's and the fake one behave alike."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import pytest

from service.domain.deliveries import Delivery
from service.domain.passes import PassContent, WalletName
from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority
from service.emulators.control import utc_now
from service.emulators.google.emulator import GoogleEmulator
from service.wallets.apple.wallet import AppleWallet
from service.wallets.fake import FakeWallet
from service.wallets.google.clicks import Clicks
from service.wallets.google.client import GoogleAddresses
from service.wallets.google.credential import read_key_file
from service.wallets.google.wallet import GoogleWallet
from service.wallets.interface import PushOutcome
from tests.google import ISSUER, google_wallet, key_file

from .builders import a_content, a_delivery, a_design
from .contract import KeepingWalletContract, PhoneVendor, PhoneWalletContract, Vendor
from .images import served
from .turns import NoTurns


class Apns(PhoneVendor):
    def __init__(self, wallet: AppleWallet, emulator: ApnsEmulator) -> None:
        self.wallet = wallet
        self.emulator = emulator

    def let_go(self, name: str, since: datetime) -> None:
        gone = {"status": 410, "timestamp": int(since.timestamp() * 1000)}
        self.emulator.control({"respond": {name: gone}})

    def be_busy(self, name: str) -> None:
        self.emulator.control({"respond": {name: 503}})

    def count(self, name: str) -> int:
        return len(self.emulator.pushes(name))


class Nobody(PhoneVendor):
    def __init__(self) -> None:
        self.wallet = self.fake = FakeWallet()

    def let_go(self, name: str, since: datetime) -> None:
        self.fake.answer(name, PushOutcome.GONE, gone_since=since)

    def be_busy(self, name: str) -> None:
        self.fake.answer(name, PushOutcome.TRY_LATER)

    def count(self, name: str) -> int:
        return sum(delivery.push_token == name for delivery in self.fake.pushed)


class TestAppleWallet(PhoneWalletContract):
    @pytest.fixture
    def vendor(self, wallet: AppleWallet, apns: ApnsEmulator) -> Vendor:
        return Apns(wallet, apns)


class TestFakeWallet(PhoneWalletContract):
    @pytest.fixture
    def vendor(self) -> Vendor:
        return Nobody()


class Google(Vendor):
    """Targets are objects that are there already, named by the last part of their id."""

    def __init__(self, wallet: GoogleWallet, emulator: GoogleEmulator, base_url: str) -> None:
        self.wallet = wallet
        self.emulator = emulator
        self.design = a_design()
        self.base = a_content(
            type_id=ISSUER, serial=f"{ISSUER}.offer-g1", authentication_token="", base_url=base_url
        )

    def content(self) -> PassContent:
        return self.base

    def delivery(self, name: str) -> Delivery:
        content = replace(self.base, serial=f"{ISSUER}.{name}")
        return a_delivery(
            "", wallet=WalletName.GOOGLE, type_id=ISSUER, content=content, design=self.design
        )

    def be_busy(self, name: str) -> None:
        self.emulator.control({"respond": {f"{ISSUER}.{name}": {"status": 429}}})

    def count(self, name: str) -> int:
        """Count the calls that changed the object: the first inserts it, later ones patch."""
        sent = self.emulator.requests("/walletobjects/v1/loyaltyObject")
        mine = [each for each in sent if name in each.path or f".{name}" in str(each.body)]
        return sum(each.status == HTTPStatus.OK for each in mine)


class TestGoogleWallet(KeepingWalletContract):
    @pytest.fixture
    def vendor(self, authority: Authority, root_path: Path) -> Iterator[Vendor]:
        with google_wallet(authority) as emulator, served(a_design()) as base_url:
            emulator.control({"rate": 1000})
            addresses = GoogleAddresses(
                emulator.api_url, emulator.token_url, emulator.save_url, str(root_path)
            )
            credential = read_key_file(key_file(emulator), ISSUER)
            wallet = GoogleWallet(credential, addresses, NoTurns(), utc_now, Clicks())
            yield Google(wallet, emulator, base_url)
            wallet.close()
