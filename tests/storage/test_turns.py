"""The calls to a vendor are spaced over all processes, each with connections of its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from service.domain.passes import WalletName
from service.operations.turns import VendorTurns
from service.settings import Settings
from service.storage.database import Database
from service.storage.opening.vault import load_vault
from service.wallets.interface import Turn
from tests.world import Clock

ISSUER = "3388000000022222222"
PER_SECOND = 15
AT_ONCE = Turn(0.0, is_taken=True)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(frozen_at=NOON)


@pytest.fixture
def processes(settings: Settings, clock: Clock) -> Iterator[list[VendorTurns]]:
    """The turns of three processes; on SQLite there is but one."""
    vault = load_vault(settings.master_key_file)
    count = 1 if settings.is_sqlite else 3
    databases = [Database(settings.database_url, vault, lambda: None) for _ in range(count)]
    yield [VendorTurns(each, WalletName.GOOGLE, PER_SECOND, clock) for each in databases]
    for each in databases:
        each.close()


def test_no_two_calls_of_any_process_start_closer_than_the_rate(
    processes: list[VendorTurns],
) -> None:
    with ThreadPoolExecutor(9) as pool:
        taken = [pool.submit(processes[n % len(processes)].take, ISSUER, 3600) for n in range(90)]
    waits = sorted(turn.result().wait_s for turn in taken)

    gaps = [later - sooner for sooner, later in pairwise(waits)]
    assert waits[0] == 0
    assert min(gaps) >= 1 / PER_SECOND - 0.001
    assert waits[-1] == pytest.approx(89 / PER_SECOND, abs=0.01)


def test_an_idle_account_is_called_at_once(processes: list[VendorTurns], clock: Clock) -> None:
    for _ in range(30):
        processes[0].take(ISSUER, 3600)
    clock.forward(seconds=10)

    assert processes[-1].take(ISSUER, 0) == AT_ONCE


def test_a_turn_that_would_come_too_late_is_not_taken(processes: list[VendorTurns]) -> None:
    for _ in range(15):
        processes[0].take(ISSUER, 3600)

    refused = [processes[-1].take(ISSUER, 0.5) for _ in range(5)]

    assert {turn.is_taken for turn in refused} == {False}
    assert {round(turn.wait_s, 2) for turn in refused} == {1.0}
    later = processes[-1].take(ISSUER, 1.1)
    assert later.is_taken
    assert later.wait_s == pytest.approx(1.0, abs=0.01)


def test_a_hold_keeps_every_process_from_calling(
    processes: list[VendorTurns], clock: Clock
) -> None:
    processes[0].hold(ISSUER, 30)
    processes[0].hold(ISSUER, 5)

    refused = processes[-1].take(ISSUER, 29)
    assert refused == Turn(30.0, is_taken=False)
    clock.forward(seconds=29.5)
    assert processes[-1].take(ISSUER, 1) == Turn(0.5, is_taken=True)


def test_accounts_do_not_wait_for_each_other(processes: list[VendorTurns]) -> None:
    processes[0].hold(ISSUER, 30)

    assert processes[-1].take("3388000000033333333", 0) == AT_ONCE


def test_a_clock_that_was_wrong_holds_up_nobody_for_long(
    processes: list[VendorTurns], clock: Clock
) -> None:
    clock.forward(hours=5)
    processes[0].hold(ISSUER, 30)
    clock.forward(hours=-5)

    assert processes[-1].take(ISSUER, 0) == AT_ONCE


def test_no_hold_is_longer_than_five_minutes(processes: list[VendorTurns], clock: Clock) -> None:
    processes[0].hold(ISSUER, 86_400)

    clock.forward(seconds=299)
    assert not processes[-1].take(ISSUER, 0).is_taken
    clock.forward(seconds=1.1)
    assert processes[-1].take(ISSUER, 0) == AT_ONCE


def test_a_turn_in_the_past_is_never_taken(processes: list[VendorTurns]) -> None:
    assert not processes[0].take(ISSUER, -5).is_taken
    assert processes[0].take(ISSUER, 0) == AT_ONCE


def test_workers_leave_the_next_second_to_who_clicks(processes: list[VendorTurns]) -> None:
    for number in range(200):
        processes[number % len(processes)].take(ISSUER, 1.0)

    click = processes[0].take(ISSUER, 4.5)

    assert click.is_taken
    assert click.wait_s <= 1.1


def test_the_longest_hold_survives_a_clock_that_differs_a_little(
    processes: list[VendorTurns], clock: Clock
) -> None:
    processes[0].hold(ISSUER, 300)
    clock.forward(seconds=-2)

    assert not processes[-1].take(ISSUER, 5).is_taken
