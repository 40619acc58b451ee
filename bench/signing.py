"""How fast passes are built and signed on one core, beside openssl's own RSA rate.

The limit is one RSA-2048 signature per pass. Everything is measured in turns, in processor time,
which openssl counts too; ratios are taken within a turn, where all met the same noise.
"""

import re
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from bench.sample import a_content, a_credential, a_design, figure, figures, now, pinned, table
from bench.targets import Target
from service.domain.credentials import AppleCredential
from service.domain.designs import Design
from service.emulators.certificates import Authority
from service.wallets.apple.certificates import Identity, identity
from service.wallets.apple.issuing import Issuer

LIMIT = "openssl speed rsa2048 (the limit)"
RSA = "RSA alone, by Python's cryptography"
OURS = "Tessera: build and sign"
LIBRARY = "the same, signed by cryptography's PKCS7SignatureBuilder"
CACHED = "Tessera: an unchanged pass, not signed again"
ROUNDS = 5
ROUND_S = 1.0
OPTIONS = (PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities)
START, HOUR = now(), timedelta(hours=1)
Contestants = dict[str, Callable[[], float]]
Rounds = Sequence[dict[str, float]]


class LibrarySigner:
    """Signs as `service.wallets.apple.signing.Signer`, but by `cryptography`'s builder."""

    def __init__(self, own: Identity) -> None:
        self._own = own

    def sign(self, manifest: bytes) -> bytes:
        builder = PKCS7SignatureBuilder().set_data(manifest)
        builder = builder.add_signer(self._own.certificate, self._own.key, SHA256())
        return builder.add_certificate(self._own.wwdr).sign(Encoding.DER, OPTIONS)


class Passes:
    """Our passes of one design, over and over the same ones, as the other makers build them."""

    def __init__(self, credential: AppleCredential, design: Design) -> None:
        self.identity = identity(credential)
        self._design = design
        # To them every call comes an hour later, so that nothing is fresh enough to be given out.
        hours = count()
        self._issuer = Issuer(credential, self.identity, lambda: START + next(hours) * HOUR)
        self._by_library = Issuer(credential, self.identity, lambda: START + next(hours) * HOUR)
        self._by_library._signer = LibrarySigner(self.identity)  # type: ignore[assignment]
        self._keeping = Issuer(credential, self.identity, now)
        self._content = a_content()

    def build(self) -> bytes:
        return self._issuer.issue(self._content, self._design)

    def build_by_library(self) -> bytes:
        return self._by_library.issue(self._content, self._design)

    def again(self) -> bytes:
        return self._keeping.issue(self._content, self._design)

    def builder(self, serial: str) -> Callable[[], bytes]:
        """Return what builds another pass: only one thread at a time signs the same one."""
        content = replace(self._content, serial=serial)
        return lambda: self._issuer.issue(content, self._design)


def contestants(passes: Passes) -> Contestants:
    """Return what takes part on our side, the limit first."""
    key = passes.identity.key
    assert isinstance(key, RSAPrivateKey)
    return {
        LIMIT: openssl_rate,
        RSA: lambda: rate(lambda: key.sign(b"x" * 100, PKCS1v15(), SHA256())),
        OURS: lambda: rate(passes.build),
        LIBRARY: lambda: rate(passes.build_by_library),
        CACHED: lambda: rate(passes.again),
    }


def main() -> list[Target]:
    """Measure our side alone, print the tables, and return what was promised."""
    passes = Passes(a_credential(Authority.create(now())), a_design())
    with pinned():
        rounds = measure(contestants(passes), "Passes built and signed", {})
    return [promised(rounds)]


def measure(contestants: Contestants, title: str, remarks: dict[str, str]) -> Rounds:
    """Let all run in turns, print the medians with their ratios, and return what was measured."""
    rounds = [{name: run() for name, run in contestants.items()} for _ in range(ROUNDS)]
    head = ("what", "per second", "least - most", "of the limit", "times slower than ours", "")
    rows = [(*row(name, rounds), remarks.get(name, "")) for name in contestants]
    table(f"{title}, per second of one core, median of {ROUNDS} rounds", head, rows)
    return rounds


def promised(rounds: Rounds) -> Target:
    return Target("building a pass, of the RSA limit", ratio(rounds, OURS, LIMIT), 0.85)


def row(name: str, rounds: Rounds) -> tuple[str, ...]:
    faster = figure(ratio(rounds, OURS, name))
    return (
        name,
        *figures([each[name] for each in rounds]),
        f"{ratio(rounds, name, LIMIT):.3f}",
        faster,
    )


def ratio(rounds: Rounds, name: str, to: str) -> float:
    """Return the median ratio of two contestants; both met the same noise within a round."""
    return statistics.median(each[name] / each[to] for each in rounds)


def rate(work: Callable[[], object], seconds: float = ROUND_S) -> float:
    """Return how often `work` is done per second of processor time."""
    start = time.process_time()
    count = 0
    while (elapsed := time.process_time() - start) < seconds:
        work()
        count += 1
    return count / elapsed


def openssl_rate(*options: str) -> float:
    """Return how many signatures per second openssl makes."""
    command = ["openssl", "speed", "-seconds", "1", *options, "rsa2048"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # "rsa 2048 bits 0.000270s 0.000008s   3700.0 125000.0": the third number is signatures.
    line = next(line for line in said.splitlines() if re.match(r"rsa +2048 bits", line))
    return float(line.split()[5])
