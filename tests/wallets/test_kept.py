"""What was made is kept for a while, made once for all who wait, and never when it failed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from service.wallets.apple.kept import FOR_EVER, LOCKS, Kept

from .builders import NOON

HOUR = timedelta(hours=1)


class Maker:
    """Counts what it makes; fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.made = 0
        self._failures = failures

    def __call__(self) -> str:
        self.made += 1
        if self.made <= self._failures:
            raise OSError("no")
        return f"value {self.made}"


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_value_is_made_once_while_it_is_young_and_anew_after_that(clock: Clock) -> None:
    kept, make = Kept[str, str](9, HOUR, clock), Maker()

    first = kept.get("a", make)
    clock.now += HOUR - timedelta(microseconds=1)
    young = kept.get("a", make)
    clock.now += timedelta(microseconds=1)
    old = kept.get("a", make)

    assert (first, young, old) == ("value 1", "value 1", "value 2")
    assert kept.get("a", make) == "value 2"


def test_nothing_made_before_a_clock_was_set_back_is_given_out(clock: Clock) -> None:
    kept, make = Kept[str, str](9, HOUR, clock), Maker()
    kept.get("a", make)

    clock.now -= timedelta(seconds=1)

    assert kept.get("a", make) == "value 2"


def test_what_is_good_for_ever_is_never_made_again(clock: Clock) -> None:
    kept, make = Kept[str, str](9, FOR_EVER, clock), Maker()
    kept.get("a", make)

    clock.now += timedelta(days=9_999)

    assert kept.get("a", make) == "value 1"


def test_the_oldest_value_makes_room(clock: Clock) -> None:
    kept, make = Kept[str, str](2, HOUR, clock), Maker()

    kept.get("a", make)
    clock.now += HOUR - timedelta(seconds=1)
    kept.get("b", make)
    clock.now += timedelta(seconds=1)
    made = [kept.get(key, make) for key in ("a", "c", "a", "c", "b")]

    assert made == ["value 3", "value 4", "value 3", "value 4", "value 5"]


def test_a_value_that_is_asked_for_again_and_again_never_makes_room(clock: Clock) -> None:
    kept, make = Kept[str, str](2, HOUR, clock), Maker()

    kept.get("wanted", make)
    for number in range(9):
        kept.get(f"once {number}", make)
        assert kept.get("wanted", make) == "value 1"


def test_five_thousand_who_ask_at_once_get_what_was_made_once(clock: Clock) -> None:
    kept, make = Kept[str, str](9, HOUR, clock), Maker()
    gate = threading.Barrier(8)

    def ask(_: int) -> set[str]:
        gate.wait()
        return {kept.get("a", make) for _ in range(625)}

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(ask, range(8)))

    assert got == [{"value 1"}] * 8
    assert make.made == 1


def test_who_asks_for_one_value_does_not_wait_for_another(clock: Clock) -> None:
    kept = Kept[int, str](9, HOUR, clock)
    begun, finish = threading.Event(), threading.Event()
    kept.get(LOCKS, Maker())

    def slow() -> str:
        begun.set()
        finish.wait(30)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(kept.get, 0, slow)
        assert begun.wait(30)
        other, known = kept.get(1, Maker()), kept.get(LOCKS, Maker())
        is_still_making = not making.done()
        finish.set()

    assert (other, known) == ("value 1", "value 1")
    assert (is_still_making, making.result()) == (True, "slow")


def test_a_failure_is_not_kept_and_whoever_waited_for_it_tries_anew(clock: Clock) -> None:
    kept, make = Kept[str, str](9, HOUR, clock), Maker(failures=1)
    begun, fail = threading.Event(), threading.Event()

    def failing() -> str:
        begun.set()
        fail.wait(30)
        return make()

    with ThreadPoolExecutor(8) as pool:
        leader = pool.submit(kept.get, "a", failing)
        assert begun.wait(30)
        others = [pool.submit(kept.get, "a", make) for _ in range(7)]
        fail.set()

    with pytest.raises(OSError, match="no"):
        leader.result()
    assert [other.result() for other in others] == ["value 2"] * 7
    assert make.made == 2


def test_every_caller_is_told_of_its_own_failure(clock: Clock) -> None:
    kept, make = Kept[str, str](9, HOUR, clock), Maker(failures=2)

    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            kept.get("a", make)

    assert kept.get("a", make) == "value 3"
