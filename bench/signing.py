"""How fast passes are built and signed on one core, beside openssl's own RSA rate.

The limit is one RSA-2048 signature per pass. The naive build is what libraries do: read the key
and compress every file for every pass.
"""

import hashlib
import io
import json
import re
import statistics
import subprocess
import time
import zipfile
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7SignatureBuilder

from bench.sample import a_content, a_credential, a_design, now, pinned, table
from service.domain.credentials import AppleCredential
from service.domain.designs import Design
from service.emulators.certificates import Authority
from service.wallets.apple.bundle import strings_file
from service.wallets.apple.content import pass_json
from service.wallets.apple.signing import OPTIONS
from service.wallets.apple.wallet import AppleWallet

LIMIT = "openssl speed rsa2048 (the limit)"
NAIVE = "naive: key and deflate each time"
ROUNDS = 5
OURS_S, NAIVE_S, OPENSSL_S = 1.0, 0.5, 1  # seconds of processor time per round


def main() -> None:
    """Measure in turns and print the medians and their ratios."""
    where = pinned()
    credential, design, content = a_credential(Authority.create(now())), a_design(), a_content()
    wallet = AppleWallet(credential, "https://127.0.0.1:1", None, now)
    key = rsa_key(credential)
    size = len(wallet.offer(content, design).file)
    contestants: dict[str, Callable[[], float]] = {
        LIMIT: openssl_rate,
        "RSA alone, by Python's cryptography": lambda: rate(lambda: sign(key), OURS_S),
        "Tessera: build and sign": lambda: rate(lambda: wallet.offer(content, design), OURS_S),
        NAIVE: lambda: rate(lambda: naive_pass(credential, design), NAIVE_S),
    }
    rounds = [{name: run() for name, run in contestants.items()} for _ in range(ROUNDS)]
    title = f"Passes of {size:,} bytes per second of one core ({where}), median of {ROUNDS} rounds"
    head = ("what", "per second", "least - most", "of the limit", "times the naive")
    table(title, head, [row(name, rounds) for name in contestants])


def row(name: str, rounds: list[dict[str, float]]) -> tuple[str, ...]:
    """Return one line; ratios are taken within a round, where both met the same noise."""
    rates = [each[name] for each in rounds]
    to_limit = statistics.median(each[name] / each[LIMIT] for each in rounds)
    to_naive = statistics.median(each[name] / each[NAIVE] for each in rounds)
    return (name, *figures(rates), f"{to_limit:.3f}", f"{to_naive:.0f}")


def figures(rates: list[float]) -> tuple[str, str]:
    return f"{statistics.median(rates):,.0f}", f"{min(rates):,.0f} - {max(rates):,.0f}"


def rate(work: Callable[[], object], seconds: float) -> float:
    """Return how often `work` is done per second of processor time, which openssl counts too."""
    start = time.process_time()
    count = 0
    while (elapsed := time.process_time() - start) < seconds:
        work()
        count += 1
    return count / elapsed


def openssl_rate() -> float:
    """Return how many signatures per second openssl makes on this core."""
    command = ["openssl", "speed", "-seconds", str(OPENSSL_S), "rsa2048"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # "rsa 2048 bits 0.000270s 0.000008s   3700.0 125000.0": the third number is signatures.
    line = next(line for line in said.splitlines() if re.match(r"rsa +2048 bits", line))
    return float(line.split()[5])


def rsa_key(credential: AppleCredential) -> RSAPrivateKey:
    key = load_pem_private_key(credential.private_key_pem, None)
    assert isinstance(key, RSAPrivateKey)
    return key


def sign(key: RSAPrivateKey) -> bytes:
    return key.sign(b"x" * 100, PKCS1v15(), SHA256())


def naive_pass(credential: AppleCredential, design: Design) -> bytes:
    """Build one pass as most libraries do."""
    key = rsa_key(credential)
    files = dict(design.images)
    for language, strings in design.strings.items():
        files[f"{language}.lproj/pass.strings"] = strings_file(strings)
    files["pass.json"] = json.dumps(pass_json(a_content(), design, credential.team_id)).encode()
    hashes = {name: hashlib.sha1(content).hexdigest() for name, content in files.items()}
    files["manifest.json"] = json.dumps(hashes).encode()
    files["signature"] = (
        PKCS7SignatureBuilder()
        .set_data(files["manifest.json"])
        .add_signer(x509.load_pem_x509_certificate(credential.certificate_pem), key, SHA256())
        .add_certificate(x509.load_pem_x509_certificate(credential.wwdr_pem))
        .sign(Encoding.DER, OPTIONS)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return packed.getvalue()


if __name__ == "__main__":
    main()
