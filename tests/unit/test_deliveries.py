"""How long to wait before a wallet is told again."""

from datetime import UTC, datetime, timedelta

import pytest

from service.domain.deliveries import LONGEST_WAIT, Priority, not_before, retry_after


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 2), (2, 4), (5, 32), (11, 2048)])
def test_each_failed_attempt_doubles_the_wait(attempts: int, seconds: int) -> None:
    assert retry_after(attempts) == timedelta(seconds=seconds)


@pytest.mark.parametrize("attempts", [12, 13, 1_000_000])
def test_no_wait_is_longer_than_an_hour_of_its_own(attempts: int) -> None:
    assert retry_after(attempts) == LONGEST_WAIT == timedelta(hours=1)


def test_a_wallet_that_asks_for_a_longer_wait_gets_it() -> None:
    assert retry_after(1, timedelta(minutes=3)) == timedelta(minutes=3)
    assert retry_after(8, timedelta(minutes=3)) == timedelta(seconds=256)


def test_a_target_is_told_at_most_every_two_seconds() -> None:
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    assert not_before(now) == now + timedelta(seconds=2)


def test_a_block_outranks_a_balance() -> None:
    assert Priority.URGENT < Priority.NORMAL
