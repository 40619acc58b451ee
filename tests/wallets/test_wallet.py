"""Apple's wallet as a whole: real passes, real pushes to the emulator, one key per catalog."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from service.domain.credentials import AppleCredential
from service.domain.errors import SetupError
from service.emulators.certificates import Authority, Issued
from service.emulators.control import utc_now
from service.wallets.apple import issuing
from service.wallets.apple.wallet import AppleWallet
from service.wallets.catalog import WalletCatalog
from service.wallets.google.client import GoogleAddresses

from .builders import TEAM_ID, TYPE_ID, a_content, a_credential, a_design, unpacked
from .certified import elliptic_credential
from .test_signing import openssl_verify
from .turns import NoTurns


def test_an_offer_is_a_pass_that_independent_tools_accept(
    wallet: AppleWallet, root_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.pkpass"
    path.write_bytes(wallet.offer(a_content(), a_design()).file)

    files = unpacked(path.read_bytes())
    tested = subprocess.run(["unzip", "-tq", str(path)], check=False, capture_output=True)
    drawn = json.loads(files["pass.json"])
    assert tested.returncode == 0
    assert openssl_verify(tmp_path, files["manifest.json"], files["signature"], root_path)
    assert (drawn["passTypeIdentifier"], drawn["teamIdentifier"]) == (TYPE_ID, TEAM_ID)


def test_a_pass_of_another_type_is_not_signed(wallet: AppleWallet) -> None:
    with pytest.raises(SetupError, match=r"signs pass\.com\.example\.loyalty"):
        wallet.offer(a_content(type_id="pass.com.example.other"), a_design())


def test_passes_signed_in_parallel_are_not_mixed_up(wallet: AppleWallet) -> None:
    design = a_design()
    serials = [f"s-{number:04}" for number in range(80)]

    with ThreadPoolExecutor(4) as pool:
        offers = pool.map(lambda serial: wallet.offer(a_content(serial=serial), design), serials)
        files = [unpacked(offer.file) for offer in offers]

    assert [json.loads(each["pass.json"])["serialNumber"] for each in files] == serials
    assert len({each["signature"] for each in files}) == len(serials)


def a_catalog() -> WalletCatalog:
    nowhere = "https://127.0.0.1:1"
    google = GoogleAddresses(nowhere, nowhere, nowhere)
    return WalletCatalog(nowhere, None, google, NoTurns(), utc_now)


def test_what_all_wallets_of_a_catalog_keep_is_bounded_together(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "PASSES_KEPT", 1)
    catalog, design = a_catalog(), a_design()
    one, other = (catalog.of(elliptic_credential(authority)) for _ in range(2))

    first = one.offer(a_content(), design).file
    is_kept = one.offer(a_content(), design).file == first
    other.offer(a_content(), design)

    assert is_kept
    assert one.offer(a_content(), design).file != first


def test_the_catalog_keeps_a_wallet_until_its_credential_changes(
    authority: Authority, credential: AppleCredential
) -> None:
    catalog = a_catalog()
    renewed = authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now())

    first = catalog.of(credential)
    same = catalog.of(replace(credential))
    after = catalog.of(a_credential(authority, renewed, id=credential.id))

    assert first is same
    assert after is not first


def test_the_catalog_says_what_is_wrong_with_a_credential(
    authority: Authority, issued: Issued
) -> None:
    catalog = a_catalog()

    with pytest.raises(SetupError, match="team id"):
        catalog.of(a_credential(authority, issued, team_id="WRONG"))
