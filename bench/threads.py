"""What a second thread brings, by the clock on the wall: it needs a second core."""

import threading
import time

from bench.sample import a_credential, a_design, figures, now, table
from bench.signing import ROUND_S, ROUNDS, Passes, openssl_rate, ratio
from bench.targets import Target
from service.emulators.certificates import Authority

ONE, TWO = "one thread", "two threads"


def main() -> list[Target]:
    """Measure in turns, print the medians, and return what was promised."""
    passes = Passes(a_credential(Authority.create(now())), a_design())
    rounds = [
        {
            ONE: threaded_rate(passes, 1),
            TWO: threaded_rate(passes, 2),
            "openssl speed -multi 2": openssl_rate("-multi", "2"),
        }
        for _ in range(ROUNDS)
    ]
    rows = [
        (name, *figures([each[name] for each in rounds]), f"{ratio(rounds, name, ONE):.2f}")
        for name in rounds[0]
    ]
    head = ("what", "per second", "least - most", "of one thread")
    table(f"Passes built and signed in threads, median of {ROUNDS} rounds", head, rows)
    return [Target("two threads, of one", ratio(rounds, TWO, ONE), 1.7)]


def threaded_rate(passes: Passes, threads: int) -> float:
    """Return how many passes per second so many threads build together."""
    end = time.perf_counter() + ROUND_S
    counts = [0] * threads

    def work(place: int) -> None:
        build = passes.builder(f"bench-{place}")
        while time.perf_counter() < end:
            build()
            counts[place] += 1

    workers = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - start)
