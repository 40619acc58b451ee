"""NFC and enrollment: only with a certificate that carries NFC, only on cards that may be used."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.domain.cards import CardStatus
from service.domain.credentials import AppleCredential
from service.domain.errors import SetupError
from service.domain.passes import PassContent
from service.emulators.apns import ApnsEmulator
from service.emulators.control import utc_now
from service.wallets.apple.wallet import AppleWallet
from service.wallets.catalog import design_faults

from .builders import NOON, a_content, a_design, unpacked, with_strings
from .test_options import ENROLL, KEY, NFC

ENROLLMENT = "personalization.json"
LOGO = {"personalizationLogo@2x.png": b"png"}
NFC_DESIGN = a_design(apple={"nfc": NFC})
ENROLLING = a_design(
    images={**a_design().images, **LOGO},
    apple={"nfc": NFC, "personalization": {**ENROLL, "terms": "text.terms"}},
)
ANONYMOUS = a_content(member_name=None, is_anonymous=True)


@pytest.fixture
def nfc_wallet(
    apns: ApnsEmulator, credential: AppleCredential, root_path: Path
) -> Iterator[AppleWallet]:
    able = replace(credential, is_nfc=True)
    wallet = AppleWallet(able, apns.push_url, str(root_path), utc_now)
    yield wallet
    wallet.close()


def drawn(wallet: AppleWallet, content: PassContent) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(unpacked(wallet.offer(content, NFC_DESIGN).file)["pass.json"])
    return made


def test_a_pass_with_nfc_says_what_a_terminal_reads(nfc_wallet: AppleWallet) -> None:
    made = drawn(nfc_wallet, a_content())

    assert made["nfc"] == {
        "message": "9001234567890128",
        "encryptionPublicKey": KEY,
        "requiresAuthentication": False,
    }


def test_a_terminal_may_be_given_what_the_barcode_holds(nfc_wallet: AppleWallet) -> None:
    design = a_design(apple={"nfc": {**NFC, "message": "barcode", "requires_authentication": True}})

    offer = nfc_wallet.offer(a_content(barcode_message="A123B"), design)

    nfc = json.loads(unpacked(offer.file)["pass.json"])["nfc"]
    assert (nfc["message"], nfc["requiresAuthentication"]) == ("A123B", True)


@pytest.mark.parametrize("status", [CardStatus.BLOCKED, CardStatus.REPLACED, CardStatus.EXPIRED])
def test_a_card_that_may_not_be_used_gives_terminals_nothing(
    nfc_wallet: AppleWallet, status: CardStatus
) -> None:
    assert "nfc" not in drawn(nfc_wallet, a_content(status=status))


@pytest.mark.parametrize("design", [NFC_DESIGN, ENROLLING])
def test_nothing_is_signed_that_a_certificate_without_nfc_would_spoil(
    wallet: AppleWallet, design: Any
) -> None:
    with pytest.raises(SetupError, match="Ask Apple for a certificate with NFC and import it"):
        wallet.offer(a_content(), design)


def test_a_pass_of_nobody_asks_its_holder_to_sign_up(nfc_wallet: AppleWallet) -> None:
    files = unpacked(nfc_wallet.offer(ANONYMOUS, ENROLLING).file)

    english = ENROLLING.strings["en"]
    assert json.loads(files[ENROLLMENT]) == {
        "requiredPersonalizationFields": [
            "PKPassPersonalizationFieldName",
            "PKPassPersonalizationFieldEmailAddress",
        ],
        "description": english["text.how"],
        "termsAndConditions": english["text.terms"],
    }
    assert ENROLLMENT in json.loads(files["manifest.json"])
    assert files["personalizationLogo@2x.png"] == b"png"


def test_the_pass_that_follows_the_sign_up_does_not_ask_again(nfc_wallet: AppleWallet) -> None:
    # Who signed up without a name changes nothing in pass.json: the files alone tell the two apart.
    signed_up = replace(ANONYMOUS, is_anonymous=False)

    before = unpacked(nfc_wallet.offer(ANONYMOUS, ENROLLING).file)
    after = unpacked(nfc_wallet.offer(signed_up, ENROLLING).file)
    again = unpacked(nfc_wallet.offer(ANONYMOUS, ENROLLING).file)

    assert before["pass.json"] == after["pass.json"]
    assert (ENROLLMENT in before, ENROLLMENT in after, ENROLLMENT in again) == (True, False, True)
    assert ENROLLMENT not in json.loads(after["manifest.json"])


def test_a_blocked_card_of_nobody_asks_for_nothing(nfc_wallet: AppleWallet) -> None:
    blocked = replace(ANONYMOUS, status=CardStatus.BLOCKED)

    assert ENROLLMENT not in unpacked(nfc_wallet.offer(blocked, ENROLLING).file)
    assert ENROLLMENT not in unpacked(nfc_wallet.offer(ANONYMOUS, NFC_DESIGN).file)


def test_the_file_that_asks_is_judged_with_the_design_before_it_is_published() -> None:
    asking = with_strings(ENROLLING, {"text.how": {"en": "", "ru": ""}})

    places = {place for place, text in design_faults(asking, NOON) if "enrollment" in text}

    assert places == {"Apple pass: description"}
    assert not [text for _, text in design_faults(ENROLLING, NOON) if "enrollment" in text]
