"""The wake queue: never the same key twice at once, never one run too few."""

import threading
import time
from collections.abc import Iterator

import pytest

from service.emulators.wake_queue import WakeQueue

from .waiting import wait_for


class Recorder:
    """Counts runs and overlaps; fails as often as told."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.failures_left = 0
        self.running: set[str] = set()
        self.overlapped = False
        self.release = threading.Event()
        self.release.set()

    def run(self, key: str) -> bool:
        self.overlapped = self.overlapped or key in self.running
        self.running.add(key)
        self.runs.append(key)
        self.release.wait(5)
        self.running.discard(key)
        if key == "explode":
            raise RuntimeError(key)
        self.failures_left -= 1
        return self.failures_left < 0


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def queue(recorder: Recorder) -> Iterator[WakeQueue[str]]:
    queue = WakeQueue(recorder.run, threads=3, retry_after_s=(0.01, 0.02))
    queue.start()
    yield queue
    recorder.release.set()
    queue.stop()


def test_submits_while_a_key_runs_become_one_more_run(
    queue: WakeQueue[str], recorder: Recorder
) -> None:
    recorder.release.clear()
    queue.submit("a")
    wait_for(lambda: recorder.runs == ["a"])

    for _ in range(10):
        queue.submit("a")
    queue.submit("b")
    wait_for(lambda: "b" in recorder.runs)
    recorder.release.set()

    assert queue.wait_until_idle(5)
    assert sorted(recorder.runs) == ["a", "a", "b"]
    assert not recorder.overlapped


def test_a_failed_run_is_repeated_until_it_succeeds(
    queue: WakeQueue[str], recorder: Recorder
) -> None:
    recorder.failures_left = 2

    queue.submit("a")

    assert queue.wait_until_idle(5)
    assert recorder.runs == ["a", "a", "a"]


def test_a_run_that_always_fails_is_given_up(queue: WakeQueue[str], recorder: Recorder) -> None:
    recorder.failures_left = 100

    queue.submit("a")

    assert queue.wait_until_idle(5)
    assert recorder.runs == ["a", "a", "a"]


def test_a_new_submit_does_not_wait_for_the_pause_of_a_failed_one(recorder: Recorder) -> None:
    recorder.failures_left = 1
    queue = WakeQueue(recorder.run, threads=1, retry_after_s=(60,))
    queue.start()
    queue.submit("a")
    wait_for(lambda: recorder.runs == ["a"] and not recorder.running)
    began = time.monotonic()

    queue.submit("a")

    assert queue.wait_until_idle(5)
    assert time.monotonic() - began < 5
    queue.stop()


def test_an_exception_ends_neither_the_thread_nor_the_queue(
    queue: WakeQueue[str], recorder: Recorder
) -> None:
    for key in ("explode", "explode", "explode", "a"):
        queue.submit(key)
        assert queue.wait_until_idle(5)

    assert recorder.runs[-1] == "a"


def test_a_submit_reaches_a_worker_while_somebody_waits_for_idleness(
    queue: WakeQueue[str], recorder: Recorder
) -> None:
    recorder.release.clear()
    queue.submit("a")
    wait_for(lambda: recorder.runs == ["a"])
    waiters = [threading.Thread(target=queue.wait_until_idle, args=(5,)) for _ in range(5)]
    for waiter in waiters:
        waiter.start()

    queue.submit("b")

    wait_for(lambda: "b" in recorder.runs)
    recorder.release.set()
    for waiter in waiters:
        waiter.join()


def test_many_submits_from_many_threads_never_overlap_and_never_get_lost(
    queue: WakeQueue[str], recorder: Recorder
) -> None:
    keys = [str(number) for number in range(20)]

    def submit_all() -> None:
        for key in keys * 20:
            queue.submit(key)

    threads = [threading.Thread(target=submit_all) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert queue.wait_until_idle(10)
    assert set(recorder.runs) == set(keys)
    assert not recorder.overlapped
