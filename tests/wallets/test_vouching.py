"""Wallet believes a sign-up was taken when its token comes back signed by the pass's own key."""

import subprocess
from pathlib import Path

import pytest

from service.domain.errors import InvalidInput
from service.emulators.certificates import Authority
from service.emulators.pass_refused import PassRefused
from service.emulators.pass_signature import verify_signature
from service.wallets.apple.wallet import AppleWallet

TOKEN = b"dG9rZW4+b2Yvd2FsbGV0=="


def test_a_token_is_signed_as_a_manifest_is(wallet: AppleWallet, authority: Authority) -> None:
    signature = wallet.vouch(TOKEN)

    assert verify_signature(signature, TOKEN, authority.root_pem).signed_at.tzinfo is not None
    with pytest.raises(PassRefused):
        verify_signature(signature, TOKEN + b"!", authority.root_pem)
    assert TOKEN not in signature


@pytest.mark.parametrize(
    "forged",
    [
        b'{"pass.json": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}',
        b"{}",
        b'"',
        b"a b",
        b"token\n",
        b"",
        b"t" * 513,
        "token-\N{SNOWMAN}".encode(),
        b"\xff",
    ],
)
def test_nothing_is_signed_that_could_be_a_manifest(wallet: AppleWallet, forged: bytes) -> None:
    with pytest.raises(InvalidInput, match="no token of a sign-up"):
        wallet.vouch(forged)


def test_a_signature_is_good_for_openssl_too(
    wallet: AppleWallet, authority: Authority, tmp_path: Path
) -> None:
    files = {"sig": wallet.vouch(TOKEN), "token": TOKEN, "root.pem": authority.root_pem}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    verified = subprocess.run(
        [
            *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "sig"),
            *("-content", "token", "-CAfile", "root.pem", "-purpose", "any", "-out", "out"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert verified.returncode == 0, verified.stderr
