"""Outcomes are recorded together where that is cheaper, and at once where somebody waits."""

import time
from collections.abc import Iterator
from uuid import uuid4

from service.domain.passes import WalletName
from service.operations.deliveries import Batch
from service.wallets.interface import PushOutcome, PushResult
from service.worker.loop import Result, _grouped
from tests.wallets.builders import a_delivery


def results(count: int, pause_s: float = 0) -> Iterator[Result]:
    for _ in range(count):
        time.sleep(pause_s)
        yield a_delivery(), PushResult(uuid4(), PushOutcome.ACCEPTED)


def test_phones_that_were_told_quickly_are_recorded_together() -> None:
    every_s = Batch([a_delivery()], None).record_every_s

    assert [len(group) for group in _grouped(results(20), every_s)] == [20]


def test_no_outcome_waits_long_for_the_next() -> None:
    sizes = [len(group) for group in _grouped(results(3, pause_s=0.03), every_s=0.02)]

    assert sizes == [1, 1, 1]


def test_an_object_is_free_for_a_block_as_soon_as_its_call_has_ended() -> None:
    every_s = Batch([a_delivery(wallet=WalletName.GOOGLE)], None).record_every_s

    assert [len(group) for group in _grouped(results(5), every_s)] == [1] * 5
