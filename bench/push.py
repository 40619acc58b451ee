"""How fast pushes go out, and what one costs us, against our APNs emulator.

The emulator is Python in a process of its own and is the slower side: pushes per second are
its rate, not ours. Processor time per push is ours alone, and is what to compare.
"""

import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from bench.sample import TYPE_ID, a_credential, figures, now, table
from bench.targets import Target
from service.domain.credentials import AppleCredential
from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority
from service.wallets.apple.client import ApnsClient

ROUNDS = 3
PUSHES = 15_000
WARM_UP = 2_000
START_WITHIN_S = 30


def main() -> list[Target]:
    """Measure and print the medians; nothing is promised here."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        Authority.create(now()).save(Path(folder))
        emulator = context.Process(target=serve, args=(folder, theirs), daemon=True)
        emulator.start()
        try:
            if not ours.poll(START_WITHIN_S):
                raise RuntimeError("the emulator did not start")
            measure(ours.recv(), Path(folder))
            ours.send("stop")
            connections, count = ours.recv()
        finally:
            emulator.join(5)
            emulator.kill()
    table("", ("connections", "pushes counted by the emulator"), [(f"{connections}", f"{count:,}")])
    return []


def serve(folder: str, parent: Connection) -> None:
    """Run the emulator until the parent says something; then tell what it counted."""
    with ApnsEmulator(Authority.load(Path(folder))) as emulator:
        parent.send(emulator.push_url)
        parent.recv()
        parent.send((emulator.connections, emulator.count))


def measure(url: str, folder: Path) -> None:
    client = a_client(url, a_credential(Authority.load(folder)), folder / "root.pem")
    push(client, WARM_UP)
    rounds = [push(client, PUSHES) for _ in range(ROUNDS)]
    client.close()
    rates, costs = zip(*rounds, strict=True)
    rows = [
        ("pushes per second (the emulator's limit)", *figures(rates)),
        ("our processor time per push, microseconds", *figures(costs)),
    ]
    title = f"{PUSHES:,} pushes over one HTTP/2 connection, median of {ROUNDS}"
    table(title, ("what", "median", "least - most"), rows)


def push(client: ApnsClient, count: int) -> tuple[float, float]:
    """Push to `count` phones; return pushes per second and our microseconds per push."""
    tokens = [f"{number:064x}" for number in range(count)]
    start, busy = time.perf_counter(), time.process_time()
    accepted = sum(answer.status == 200 for answer in client.push(tokens))
    elapsed, busy = time.perf_counter() - start, time.process_time() - busy
    if accepted != count:
        raise RuntimeError(f"only {accepted} of {count} pushes were accepted")
    return count / elapsed, busy / count * 1e6


def a_client(url: str, credential: AppleCredential, root: Path) -> ApnsClient:
    chain = credential.certificate_pem + credential.wwdr_pem
    key = credential.private_key_pem
    return ApnsClient(url, chain, key, topic=TYPE_ID, ca_path=str(root), now=now)
