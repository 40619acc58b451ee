"""Passes of our own designs: nothing in them needs a word, whatever the card's state."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from service.domain.cards import CardStatus
from service.domain.credentials import AppleCredential
from service.domain.programs import BarcodeFormat
from service.emulators.control import utc_now
from service.wallets.apple.lint.finding import Severity
from service.wallets.apple.lint.lint import lint_file
from service.wallets.apple.wallet import AppleWallet
from tests.wallets.builders import TEMPLATES, a_content, a_design

KINDS = sorted(path.parent.name for path in TEMPLATES.glob("*/design.*"))
FITTING = {BarcodeFormat.EAN13: "4006381333931"}
USABLE = (CardStatus.ACTIVE, CardStatus.INACTIVE)


@pytest.fixture(scope="module")
def issuer(credential: AppleCredential) -> Iterator[AppleWallet]:
    """Our wallet, which signs and is never made to push."""
    wallet = AppleWallet(credential, "https://127.0.0.1:9", None, utc_now)
    yield wallet
    wallet.close()


def test_there_are_kinds_to_look_at() -> None:
    assert {"points", "cashback"} <= set(KINDS)


@pytest.mark.parametrize("status", CardStatus)
@pytest.mark.parametrize("kind", KINDS)
def test_a_pass_of_a_shipped_design_has_no_finding(
    issuer: AppleWallet, kind: str, status: CardStatus
) -> None:
    is_over = status not in USABLE
    expires_at = utc_now() + timedelta(days=-1 if is_over else 300)
    content = a_content(status=status, expires_at=expires_at)

    found = lint_file(issuer.offer(content, a_design(kind)).file, utc_now())

    assert found == {"": []}


@pytest.mark.parametrize("barcode_format", BarcodeFormat)
@pytest.mark.parametrize("is_concealed", [False, True])
def test_neither_barcodes_nor_concealment_bring_a_finding(
    issuer: AppleWallet, barcode_format: BarcodeFormat, is_concealed: bool
) -> None:
    status = CardStatus.BLOCKED if is_concealed else CardStatus.ACTIVE
    message = FITTING.get(barcode_format, "40156012")
    content = a_content(
        barcode_format=barcode_format,
        barcode_message=message,
        status=status,
        is_concealed=is_concealed,
    )

    found = lint_file(issuer.offer(content, a_design()).file, utc_now())

    assert found == {"": []}


def test_a_pass_of_the_demo_gets_a_word_about_its_address_and_is_still_opened(
    issuer: AppleWallet,
) -> None:
    content = a_content(base_url="http://127.0.0.1:8080")

    (found,) = lint_file(issuer.offer(content, a_design()).file, utc_now())[""]

    assert (found.code, found.severity) == ("web-service-loopback", Severity.ADVICE)
