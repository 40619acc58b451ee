"""Apple's wallet and the fake one behave alike."""

from datetime import datetime

import pytest

from service.emulators.apns import ApnsEmulator
from service.wallets.apple.wallet import AppleWallet
from service.wallets.fake import FakeWallet
from service.wallets.interface import PushOutcome

from .contract import Vendor, WalletContract


class Apns(Vendor):
    def __init__(self, wallet: AppleWallet, emulator: ApnsEmulator) -> None:
        self.wallet = wallet
        self.emulator = emulator

    def let_go(self, push_token: str, since: datetime) -> None:
        gone = {"status": 410, "timestamp": int(since.timestamp() * 1000)}
        self.emulator.control({"respond": {push_token: gone}})

    def be_busy(self, push_token: str) -> None:
        self.emulator.control({"respond": {push_token: 503}})

    def count(self, push_token: str) -> int:
        return len(self.emulator.pushes(push_token))


class Nobody(Vendor):
    def __init__(self) -> None:
        self.wallet = self.fake = FakeWallet()

    def let_go(self, push_token: str, since: datetime) -> None:
        self.fake.answer(push_token, PushOutcome.GONE, gone_since=since)

    def be_busy(self, push_token: str) -> None:
        self.fake.answer(push_token, PushOutcome.TRY_LATER)

    def count(self, push_token: str) -> int:
        return sum(delivery.push_token == push_token for delivery in self.fake.pushed)


class TestAppleWallet(WalletContract):
    @pytest.fixture
    def vendor(self, wallet: AppleWallet, apns: ApnsEmulator) -> Vendor:
        return Apns(wallet, apns)


class TestFakeWallet(WalletContract):
    @pytest.fixture
    def vendor(self) -> Vendor:
        return Nobody()
