"""What a pass says: every rule of the wallet and of our cards that pass.json must hold."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.cards import CardStatus
from service.domain.passes import PassContent
from service.domain.programs import BarcodeFormat
from service.wallets.apple.content import pass_json

from .builders import TEAM_ID, a_balance, a_content, a_design

GOLDEN = Path(__file__).parent / "golden"
DESIGN = a_design()
UNUSABLE = sorted(set(CardStatus) - {CardStatus.ACTIVE, CardStatus.INACTIVE})


def drawn(content: PassContent, design: str = "points") -> dict[str, Any]:
    return pass_json(content, DESIGN if design == "points" else a_design(design), TEAM_ID)


def fields(drawn: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {field["key"]: field for section in drawn["storeCard"].values() for field in section}


@pytest.mark.parametrize("design", ["points", "cashback"])
def test_the_whole_pass_is_as_agreed(design: str) -> None:
    content = a_content(expires_at=datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC))
    if design == "cashback":
        balance = a_balance(1240567, "cashback", decimals=2, currency="EUR")
        content = a_content(balances=(balance,), program_name="Cashback", tier=None)

    written = json.dumps(drawn(content, design), ensure_ascii=False, indent=2) + "\n"

    assert written == (GOLDEN / f"{design}.json").read_text("utf-8")


@pytest.mark.parametrize("status", UNUSABLE)
def test_a_card_that_may_not_be_used_is_void_and_has_no_barcode(status: CardStatus) -> None:
    made = drawn(a_content(status=status))

    assert made["voided"] is True
    assert "barcodes" not in made
    assert "barcode" not in made
    assert fields(made)["status"]["value"] == f"status.{status}"


@pytest.mark.parametrize("status", [CardStatus.ACTIVE, CardStatus.INACTIVE])
def test_a_card_that_may_be_used_has_a_barcode_and_is_not_void(status: CardStatus) -> None:
    made = drawn(a_content(status=status))

    assert "voided" not in made
    assert made["barcodes"][0]["message"] == "9001234567890128"


def test_a_concealed_pass_tells_its_holder_nothing() -> None:
    content = a_content(status=CardStatus.BLOCKED, is_concealed=True, balances=(a_balance(98765),))

    made = drawn(content)

    written = json.dumps(made)
    for secret in ("Anna", "Petrova", "98765", "Gold", content.card_number, "blocked"):
        assert secret not in written
    assert fields(made)["status"]["value"] == "status.concealed"
    assert not [field for field in fields(made).values() if "changeMessage" in field]
    assert made["voided"] is True


def test_code_128_is_followed_by_a_qr_of_the_same_digits_for_the_watch() -> None:
    made = drawn(a_content(barcode_format=BarcodeFormat.CODE128))

    first, second = made["barcodes"]
    assert first["format"] == "PKBarcodeFormatCode128"
    assert second == {**first, "format": "PKBarcodeFormatQR"}


@pytest.mark.parametrize("barcode_format", sorted(set(BarcodeFormat) - {BarcodeFormat.CODE128}))
def test_other_barcodes_stand_alone_with_the_number_beneath(barcode_format: BarcodeFormat) -> None:
    (barcode,) = drawn(a_content(barcode_format=barcode_format))["barcodes"]

    assert barcode["altText"] == "9001234567890128"
    assert barcode["messageEncoding"] == "iso-8859-1"


def test_a_barcode_beyond_latin_1_says_that_it_is_utf_8() -> None:
    (barcode,) = drawn(a_content(barcode_message="карта-1"))["barcodes"]

    assert barcode["messageEncoding"] == "utf-8"


def test_what_is_not_known_leaves_no_field_behind() -> None:
    made = drawn(a_content(member_name=None, tier=None, balances=()))

    assert not {"member", "tier", "points", "expires_at"} & set(fields(made))
    assert "headerFields" not in made["storeCard"]


@pytest.mark.parametrize("name", ["", "   ", "\u202e", "\x00\n", "\ufeff", "\ud83d"])
def test_a_name_of_nothing_visible_leaves_no_field_behind(name: str) -> None:
    assert "member" not in fields(drawn(a_content(member_name=name)))


def test_a_right_to_left_override_in_a_name_is_dropped() -> None:
    made = drawn(a_content(member_name="Anna \u202eavorteP\x07"))

    assert fields(made)["member"]["value"] == "Anna avorteP"


def test_a_placeholder_in_a_name_is_shown_as_it_is() -> None:
    assert fields(drawn(a_content(member_name="%@ & <b>")))["member"]["value"] == "%@ & <b>"


def test_a_family_emoji_and_a_persian_joiner_are_kept() -> None:
    name = "👨‍👩‍👧 می‌خواهم"

    assert fields(drawn(a_content(member_name=name)))["member"]["value"] == name


@given(st.text(alphabet=st.characters(), max_size=60))
def test_no_name_breaks_a_pass(name: str) -> None:
    made = drawn(a_content(member_name=name))

    read = json.loads(json.dumps(made, ensure_ascii=False).encode())
    shown = fields(read).get("member", {"value": ""})["value"]
    assert read == made
    assert not any(ord(character) < 32 or "\u202a" <= character <= "\u202e" for character in shown)
    assert shown.strip() == shown


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 4))
def test_a_balance_is_an_exact_number(amount: int, decimals: int) -> None:
    made = drawn(a_content(balances=(a_balance(amount, decimals=decimals),)))

    written = json.dumps(fields(made)["points"]["value"])
    assert Decimal(written) == Decimal(amount).scaleb(-decimals)


def test_points_are_written_as_numbers_and_money_in_its_currency() -> None:
    points = fields(drawn(a_content()))["points"]
    money = a_balance(44059, "cashback", decimals=2, currency="EUR")
    cashback = fields(drawn(a_content(balances=(money,)), "cashback"))["cashback"]

    assert (points["value"], points["numberStyle"]) == (120, "PKNumberStyleDecimal")
    assert (cashback["value"], cashback["currencyCode"]) == (440.59, "EUR")
    assert "numberStyle" not in cashback
    assert "currencyCode" not in points


def test_the_card_number_is_no_telephone_link_and_texts_may_link() -> None:
    made = fields(drawn(a_content()))

    assert made["card_number"]["dataDetectorTypes"] == []
    assert "dataDetectorTypes" not in made["terms"]


def test_the_end_of_a_card_is_told_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    made = drawn(a_content(expires_at=datetime(2027, 1, 1, 8, 59, 59, 999, tzinfo=tokyo)))

    assert made["expirationDate"] == "2026-12-31T23:59:59Z"
    assert fields(made)["expires_at"]["value"] == "2026-12-31T23:59:59Z"


def test_a_design_without_words_for_a_status_shows_a_plain_word() -> None:
    strings = {"en": {"label.points": "Points"}}
    made = pass_json(a_content(), a_design(strings=strings), TEAM_ID)

    assert fields(made)["status"]["value"] == "Active"


def test_the_same_content_makes_the_same_pass() -> None:
    assert json.dumps(drawn(a_content())) == json.dumps(drawn(a_content()))
