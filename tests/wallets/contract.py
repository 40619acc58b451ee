"""What every wallet must do, whatever vendor stands behind it: one suite for all of them.

A wallet's test class inherits `WalletContract` and says how its vendor is made to answer.
"""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from service.domain.deliveries import Delivery
from service.domain.passes import PassContent
from service.emulators.control import utc_now
from service.wallets.interface import PushOutcome, Wallet

from .builders import a_content, a_delivery, a_design


class Vendor(ABC):
    """The other side of a wallet, as far as the suite must steer it."""

    wallet: Wallet

    def content(self) -> PassContent:
        """Return a pass that the vendor takes."""
        return a_content()

    def delivery(self, name: str) -> Delivery:
        """Return a delivery to the target of that name; the same name is the same target."""
        return a_delivery(name)

    @abstractmethod
    def be_busy(self, name: str) -> None:
        """Answer pushes to this target that it is too early or too much."""

    @abstractmethod
    def count(self, name: str) -> int:
        """Return how many pushes arrived for this target."""


class PhoneVendor(Vendor):
    """The other side of a wallet that tells every phone."""

    @abstractmethod
    def let_go(self, name: str, since: datetime) -> None:
        """Answer pushes to this phone that the pass left it at `since`."""


class WalletContract:
    def test_every_delivery_gets_exactly_one_result(self, vendor: Vendor) -> None:
        batch = [vendor.delivery(f"{number:04x}") for number in range(40)]

        results = list(vendor.wallet.push(batch))

        assert Counter(r.delivery_id for r in results) == Counter(d.id for d in batch)
        assert {result.outcome for result in results} == {PushOutcome.ACCEPTED}

    def test_deliveries_to_one_target_each_get_a_result(self, vendor: Vendor) -> None:
        batch = [vendor.delivery("aa01"), vendor.delivery("aa01"), vendor.delivery("aa02")]

        results = list(vendor.wallet.push(batch))

        assert {r.delivery_id for r in results} == {d.id for d in batch}
        assert len(results) == 3

    def test_an_empty_batch_has_no_results(self, vendor: Vendor) -> None:
        assert list(vendor.wallet.push([])) == []

    def test_a_push_may_be_repeated(self, vendor: Vendor) -> None:
        delivery = vendor.delivery("aa01")

        outcomes = [r.outcome for _ in range(2) for r in vendor.wallet.push([delivery])]

        assert outcomes == [PushOutcome.ACCEPTED] * 2
        assert vendor.count("aa01") == 2

    def test_a_refusal_is_a_value_and_touches_nobody_else(self, vendor: Vendor) -> None:
        vendor.be_busy("aa02")
        batch = [vendor.delivery("aa02"), vendor.delivery("aa03")]

        results = {result.delivery_id: result for result in vendor.wallet.push(batch)}

        busy, fine = (results[delivery.id] for delivery in batch)
        assert busy.outcome is PushOutcome.TRY_LATER
        assert busy.reason
        assert fine.outcome is PushOutcome.ACCEPTED

    def test_an_offer_is_something_to_open(self, vendor: Vendor) -> None:
        offer = vendor.wallet.offer(vendor.content(), a_design())

        assert bool(offer.file) != bool(offer.link)

    def test_a_sound_wallet_has_no_faults(self, vendor: Vendor) -> None:
        assert vendor.wallet.check(utc_now()) == []


class PhoneWalletContract(WalletContract):
    """What a wallet must do besides whose passes are on the phones alone."""

    def test_a_phone_that_let_the_pass_go_is_told_and_touches_nobody_else(
        self, vendor: PhoneVendor
    ) -> None:
        since = utc_now().replace(microsecond=0) - timedelta(days=1)
        vendor.let_go("aa01", since)
        batch = [vendor.delivery("aa01"), vendor.delivery("aa03")]

        results = {result.delivery_id: result for result in vendor.wallet.push(batch)}

        gone, fine = (results[delivery.id] for delivery in batch)
        assert (gone.outcome, gone.gone_since) == (PushOutcome.GONE, since)
        assert gone.reason
        assert fine.outcome is PushOutcome.ACCEPTED

    def test_an_offer_shows_the_version_asked_for(self, vendor: PhoneVendor) -> None:
        design, content = a_design(), vendor.content()

        first = vendor.wallet.offer(content, design)
        later = replace(content, version=2, member_name="Boris")

        assert first != vendor.wallet.offer(later, design)


class KeepingWalletContract(WalletContract):
    """What a wallet must do besides whose vendor keeps the pass."""

    def test_the_first_offer_tells_the_vendor_and_a_later_one_does_not(
        self, vendor: Vendor
    ) -> None:
        first = vendor.wallet.offer(vendor.content(), a_design())
        later = vendor.wallet.offer(vendor.content(), a_design(), is_kept=True)

        assert first.is_told
        assert not later.is_told
        assert later.link
