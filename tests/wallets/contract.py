"""What every wallet must do, whatever vendor stands behind it: one suite for all of them.

A wallet's test class inherits `WalletContract` and says how its vendor is made to answer.
"""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from service.emulators.control import utc_now
from service.wallets.interface import PushOutcome, Wallet

from .builders import a_content, a_delivery, a_design


class Vendor(ABC):
    """The other side of a wallet, as far as the suite must steer it."""

    wallet: Wallet

    @abstractmethod
    def let_go(self, push_token: str, since: datetime) -> None:
        """Answer pushes to this token that the pass left the phone at `since`."""

    @abstractmethod
    def be_busy(self, push_token: str) -> None:
        """Answer pushes to this token that it is too early or too much."""

    @abstractmethod
    def count(self, push_token: str) -> int:
        """Return how many pushes arrived for this token."""


class WalletContract:
    def test_every_delivery_gets_exactly_one_result(self, vendor: Vendor) -> None:
        batch = [a_delivery(f"{number:04x}") for number in range(40)]

        results = list(vendor.wallet.push(batch))

        assert Counter(r.delivery_id for r in results) == Counter(d.id for d in batch)
        assert {result.outcome for result in results} == {PushOutcome.ACCEPTED}

    def test_deliveries_to_one_phone_each_get_a_result(self, vendor: Vendor) -> None:
        batch = [a_delivery("aa01"), a_delivery("aa01"), a_delivery("aa02")]

        results = list(vendor.wallet.push(batch))

        assert {r.delivery_id for r in results} == {d.id for d in batch}
        assert len(results) == 3

    def test_an_empty_batch_has_no_results(self, vendor: Vendor) -> None:
        assert list(vendor.wallet.push([])) == []

    def test_a_push_may_be_repeated(self, vendor: Vendor) -> None:
        delivery = a_delivery("aa01")

        outcomes = [r.outcome for _ in range(2) for r in vendor.wallet.push([delivery])]

        assert outcomes == [PushOutcome.ACCEPTED] * 2
        assert vendor.count("aa01") == 2

    def test_refusals_are_values_and_touch_nobody_else(self, vendor: Vendor) -> None:
        since = utc_now().replace(microsecond=0) - timedelta(days=1)
        vendor.let_go("aa01", since)
        vendor.be_busy("aa02")
        batch = [a_delivery("aa01"), a_delivery("aa02"), a_delivery("aa03")]

        results = {result.delivery_id: result for result in vendor.wallet.push(batch)}

        gone, busy, fine = (results[delivery.id] for delivery in batch)
        assert (gone.outcome, gone.gone_since) == (PushOutcome.GONE, since)
        assert busy.outcome is PushOutcome.TRY_LATER
        assert fine.outcome is PushOutcome.ACCEPTED
        assert gone.reason
        assert busy.reason

    def test_an_offer_is_something_to_open(self, vendor: Vendor) -> None:
        assert vendor.wallet.offer(a_content(), a_design())

    def test_an_offer_shows_the_version_asked_for(self, vendor: Vendor) -> None:
        design, content = a_design(), a_content()

        first = vendor.wallet.offer(content, design)
        later = replace(content, version=2, member_name="Boris")

        assert first != vendor.wallet.offer(later, design)

    def test_a_sound_wallet_has_no_faults(self, vendor: Vendor) -> None:
        assert vendor.wallet.check(utc_now()) == []
