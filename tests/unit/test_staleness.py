"""When a phone that was told is looked at, and what is done if it has not come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from service.domain.installations import Proof, Provider
from service.domain.staleness import (
    MOST_REPUSHES,
    PER,
    SETTLED,
    STALE_AFTER,
    Step,
    Watch,
    is_stale,
    step,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
UNHEARD = Watch(is_owed=False, is_heard=False, is_halted=False, repushes=0, repushes_since=None)


def pushed(hours_ago: float, **more: int | None) -> Proof:
    proof = Proof(
        installation_id=UUID(int=1),
        wallet="apple",
        provider=Provider.APNS,
        registered_at=NOW,
        wanted_version=5,
        pushed_version=5,
        pushed_at=NOW - timedelta(hours=hours_ago),
        asked_version=None,
        asked_at=None,
        fetched_version=None,
        fetched_at=None,
        fetched_by_one_of=1,
        attempts=0,
        last_error=None,
    )
    return replace(proof, **more)


def test_a_phone_that_has_come_is_settled_whatever_was_done_before() -> None:
    come = replace(UNHEARD, is_heard=True, repushes=2, repushes_since=NOW)

    assert step(come, NOW) == SETTLED == Step(None)


def test_a_phone_that_has_not_come_is_pushed_again() -> None:
    assert step(UNHEARD, NOW) == Step(None, 1, NOW, is_repushed=True)


def test_a_phone_is_pushed_again_three_times_within_a_day_and_then_on_the_next() -> None:
    since = NOW - timedelta(hours=12)
    tired = replace(UNHEARD, repushes=MOST_REPUSHES, repushes_since=since)

    assert step(tired, NOW) == Step(since + PER, MOST_REPUSHES, since)
    next_day = since + PER
    assert step(tired, next_day) == Step(None, 1, next_day, is_repushed=True)


def test_the_day_begins_with_the_first_of_its_pushes() -> None:
    since = NOW - timedelta(hours=4)
    again = step(replace(UNHEARD, repushes=1, repushes_since=since), NOW)

    assert again == Step(None, 2, since, is_repushed=True)


def test_a_phone_that_is_owed_a_push_anyway_keeps_its_count() -> None:
    since = NOW - timedelta(hours=4)
    owed = replace(UNHEARD, is_owed=True, repushes=3, repushes_since=since)

    assert step(owed, NOW) == Step(None, 3, since)


def test_nothing_is_pushed_again_while_its_type_is_halted() -> None:
    assert step(replace(UNHEARD, is_halted=True), NOW) == Step(NOW + STALE_AFTER)


def test_a_day_that_a_wrong_clock_began_is_none() -> None:
    ahead = replace(UNHEARD, repushes=3, repushes_since=NOW + timedelta(days=30))

    assert step(ahead, NOW).is_repushed


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        (pushed(4), True),
        (pushed(3.99), False),
        (pushed(30, asked_version=5), False),
        (pushed(30, asked_version=4), True),
        (pushed(30, fetched_version=5), False),
        (pushed(30, fetched_version=4), True),
        (pushed(30, pushed_version=4), False),
        (replace(pushed(30), pushed_at=None), False),
    ],
)
def test_stale_is_what_was_pushed_hours_ago_and_neither_asked_for_nor_fetched(
    proof: Proof, expected: bool
) -> None:
    assert is_stale(proof, NOW) is expected
