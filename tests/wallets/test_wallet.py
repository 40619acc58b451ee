"""Apple's wallet as a whole: real passes, real pushes to the emulator, one key per catalog."""

import json
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from service.domain.credentials import AppleCredential
from service.domain.errors import SetupError
from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority, Issued
from service.emulators.control import utc_now
from service.wallets.apple import issuing
from service.wallets.apple.wallet import AppleWallet
from service.wallets.catalog import WalletCatalog
from service.wallets.google.client import GoogleAddresses
from service.wallets.interface import PushOutcome

from .builders import TEAM_ID, TYPE_ID, a_content, a_credential, a_delivery, a_design, unpacked
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


def test_a_design_is_prepared_once_and_old_ones_are_dropped(
    wallet: AppleWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "DESIGNS_KEPT", 2)
    first, second, third = (a_design() for _ in range(3))

    for design in (first, first, second, first, third):
        wallet.offer(a_content(), design)

    assert list(wallet._issuer._designs._kept) == [first.id, third.id]


def test_deliveries_that_share_a_phone_are_pushed_once(
    wallet: AppleWallet, apns: ApnsEmulator
) -> None:
    batch = [a_delivery("aa01"), a_delivery("aa02"), a_delivery("aa01")]

    results = list(wallet.push(batch))

    assert {result.delivery_id for result in results} == {delivery.id for delivery in batch}
    assert sorted(push.token for push in apns.pushes()) == ["aa01", "aa02"]


def test_one_bad_token_among_good_ones_is_gone(wallet: AppleWallet, apns: ApnsEmulator) -> None:
    apns.control({"respond": {"aa05": 400}})
    batch = [a_delivery(f"aa0{number}") for number in range(8)]

    results = {result.delivery_id: result.outcome for result in wallet.push(batch)}

    assert results[batch[5].id] is PushOutcome.GONE
    assert list(results.values()).count(PushOutcome.ACCEPTED) == 7


def test_many_bad_tokens_beside_one_good_one_are_gone(
    wallet: AppleWallet, apns: ApnsEmulator
) -> None:
    apns.control({"respond": {f"aa0{number}": 400 for number in range(7)}})
    batch = [a_delivery(f"aa0{number}") for number in range(8)]

    outcomes = [result.outcome for result in wallet.push(batch)]

    assert outcomes.count(PushOutcome.GONE) == 7
    assert outcomes.count(PushOutcome.ACCEPTED) == 1


def test_when_every_token_is_bad_it_is_our_set_up_and_no_registration_is_lost(
    wallet: AppleWallet, apns: ApnsEmulator
) -> None:
    apns.control({"respond": {"*": {"status": 400, "reason": "DeviceTokenNotForTopic"}}})

    results = list(wallet.push([a_delivery(f"aa0{number}") for number in range(6)]))

    assert {result.outcome for result in results} == {PushOutcome.REFUSED}
    (fault,) = wallet.check(utc_now())
    assert "DeviceTokenNotForTopic" in fault


def test_a_lone_bad_token_is_not_believed_before_any_push_succeeded(
    wallet: AppleWallet, apns: ApnsEmulator
) -> None:
    apns.control({"respond": {"aa01": 400}})

    (before,) = wallet.push([a_delivery("aa01")])
    list(wallet.push([a_delivery("bb01")]))
    (after,) = wallet.push([a_delivery("aa01")])

    assert before.outcome is PushOutcome.REFUSED
    assert after.outcome is PushOutcome.GONE


def test_a_good_answer_clears_the_doubt_and_the_fault(
    wallet: AppleWallet, apns: ApnsEmulator
) -> None:
    apns.control({"respond": {f"aa0{number}": 400 for number in range(6)}})
    list(wallet.push([a_delivery(f"aa0{number}") for number in range(6)]))

    list(wallet.push([a_delivery("bb01")]))

    (again,) = wallet.push([a_delivery("aa01")])
    assert again.outcome is PushOutcome.GONE
    assert wallet.check(utc_now()) == []


def test_a_refused_certificate_is_told_to_the_operator(
    wallet: AppleWallet, apns: ApnsEmulator
) -> None:
    apns.control({"respond": {"aa01": 403}})

    (result,) = wallet.push([a_delivery("aa01")])

    assert (result.outcome, result.reason) == (PushOutcome.REFUSED, "BadCertificate")
    assert wallet.check(utc_now()) == [f"APNs refuses pushes of {TYPE_ID}: 403 BadCertificate."]


def test_apns_out_of_reach_means_try_later(wallet: AppleWallet, apns: ApnsEmulator) -> None:
    apns.stop()

    results = list(wallet.push([a_delivery("aa01"), a_delivery("aa02")]))

    assert [result.outcome for result in results] == [PushOutcome.TRY_LATER] * 2
    assert all(result.reason for result in results)
    (fault,) = wallet.check(utc_now())
    assert "did not answer" in fault


def test_passes_are_signed_in_parallel(wallet: AppleWallet) -> None:
    design = a_design()
    made: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: made.extend(wallet.offer(a_content(), design).file for _ in range(20))
        )
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(made) == 80
    assert len(wallet._issuer._designs._kept) == 1


def a_catalog() -> WalletCatalog:
    nowhere = "https://127.0.0.1:1"
    google = GoogleAddresses(nowhere, nowhere, nowhere)
    return WalletCatalog(nowhere, None, google, NoTurns(), utc_now)


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
