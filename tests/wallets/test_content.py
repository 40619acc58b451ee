"""What a pass says: every rule of the wallet and of our cards that pass.json must hold."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.cards import CardStatus
from service.domain.designs import Design
from service.domain.passes import PassContent
from service.domain.programs import BarcodeFormat
from service.wallets.apple.bundle import files_of
from service.wallets.apple.content import PreparedContent
from service.wallets.apple.lint.lint import lint_unsigned
from service.wallets.apple.models.barcodes import NAMES
from tests.unit.test_barcodes import read_back

from . import golden_passes
from .builders import NOON, TEAM_ID, a_balance, a_content, a_design

GOLDEN = golden_passes.passes()
LETTERED = {"Codabar": {"message": "A9001234567890128A"}}
ENDS = {"amount": 777, "at": "2031-01-01T00:00:00Z"}
UNUSABLE = sorted(set(CardStatus) - {CardStatus.ACTIVE, CardStatus.INACTIVE})


@cache
def prepared(design: str) -> PreparedContent:
    return PreparedContent(a_design(design), TEAM_ID)


def drawn(content: PassContent, design: Design | str = "points") -> dict[str, Any]:
    is_shipped = isinstance(design, str)
    made = prepared(design) if is_shipped else PreparedContent(design, TEAM_ID, is_nfc=True)
    read: dict[str, Any] = json.loads(made.pass_json(content))
    return read


def fields(drawn: dict[str, Any], style: str = "storeCard") -> dict[str, dict[str, Any]]:
    return {field["key"]: field for section in drawn[style].values() for field in section}


@pytest.mark.parametrize("name", GOLDEN)
def test_passes_of_every_style_and_status_are_as_agreed(name: str) -> None:
    design, contents = GOLDEN[name]
    agreed = (golden_passes.FOLDER / f"{name}.json").read_text("utf-8")

    assert golden_passes.written(design, contents) == agreed


@pytest.mark.parametrize("name", GOLDEN)
def test_the_linter_finds_nothing_in_passes_of_any_style_and_status(name: str) -> None:
    design, contents = GOLDEN[name]
    made = PreparedContent(design, TEAM_ID)

    found = {
        state: lint_unsigned({**files_of(made.design), "pass.json": made.pass_json(each)}, NOON)
        for state, each in contents.items()
    }

    assert found == {state: [] for state in contents}


@pytest.mark.parametrize("status", UNUSABLE)
def test_a_card_that_may_not_be_used_is_void_and_has_no_barcode(status: CardStatus) -> None:
    made = drawn(a_content(status=status))

    assert made["voided"] is True
    assert not {"barcodes", "barcode", "nfc", "locations", "featuredActions"} & made.keys()
    assert fields(made)["status"]["value"] == f"status.{status}"


@pytest.mark.parametrize("status", [CardStatus.ACTIVE, CardStatus.INACTIVE])
def test_a_card_that_may_be_used_has_a_barcode_and_is_not_void(status: CardStatus) -> None:
    made = drawn(a_content(status=status))

    assert "voided" not in made
    assert made["barcodes"][0]["message"] == "9001234567890128"


@pytest.mark.parametrize("is_poster", [False, True])
@pytest.mark.parametrize("style", golden_passes.STYLES)
def test_a_concealed_pass_tells_its_holder_nothing(style: str, is_poster: bool) -> None:
    shown = a_balance(98765)
    hidden = replace(shown.balance, pending=4321, expiring=(ENDS,))
    content = a_content(
        status=CardStatus.BLOCKED, is_concealed=True, balances=(replace(shown, balance=hidden),)
    )
    design = golden_passes.a_rich_design(style, is_poster=is_poster)

    made = drawn(content, design)

    written = json.dumps(made)
    secrets = ("Anna", "Petrova", "98765", "4321", "777", "2031", "Gold", "blocked")
    assert not [secret for secret in (*secrets, content.card_number) if secret in written]
    for face in {style, "posterGeneric"} & made.keys():
        assert fields(made, face)["status"]["value"] == "status.concealed"
        assert not [field for field in fields(made, face).values() if "changeMessage" in field]
    assert made["voided"] is True


@pytest.mark.parametrize(
    ("barcode_format", "names"),
    [
        (BarcodeFormat.QR, ["QR"]),
        (BarcodeFormat.PDF417, ["PDF417"]),
        (BarcodeFormat.AZTEC, ["Aztec"]),
        (BarcodeFormat.CODE128, ["Code128", "QR"]),
        (BarcodeFormat.EAN13, ["EAN13", "Code128", "QR"]),
        (BarcodeFormat.CODE39, ["Code39", "Code128", "QR"]),
        (BarcodeFormat.CODABAR, ["Codabar", "Code128", "QR"]),
        (BarcodeFormat.ITF, ["I2of5", "Code128", "QR"]),
    ],
)
def test_barcodes_stand_in_order_of_preference_all_with_the_same_digits(
    barcode_format: BarcodeFormat, names: list[str]
) -> None:
    made = drawn(a_content(barcode_format=barcode_format))

    same = {
        "message": "9001234567890128",
        "messageEncoding": "iso-8859-1",
        "altText": "9001234567890128",
    }
    assert made["barcodes"] == [
        {"format": f"PKBarcodeFormat{name}", **same, **LETTERED.get(name, {})} for name in names
    ]


def test_a_codabar_with_letters_of_its_own_keeps_them_everywhere() -> None:
    made = drawn(a_content(barcode_format=BarcodeFormat.CODABAR, barcode_message="C1234D"))

    assert [each["message"] for each in made["barcodes"]] == ["C1234D"] * 3
    assert made["barcode"]["message"] == "C1234D"


@pytest.mark.parametrize("barcode_format", BarcodeFormat)
def test_readers_of_old_are_given_a_format_that_they_know(barcode_format: BarcodeFormat) -> None:
    made = drawn(a_content(barcode_format=barcode_format))

    old = {f"PKBarcodeFormat{name}" for name in ("QR", "PDF417", "Aztec", "Code128")}
    known = [each for each in made["barcodes"] if each["format"] in old]
    assert made["barcode"] == known[0]
    assert known[-1] == made["barcodes"][-1]


@pytest.mark.parametrize("barcode_format", BarcodeFormat)
def test_a_scanner_reads_the_number_whichever_of_the_barcodes_a_phone_draws(
    barcode_format: BarcodeFormat,
) -> None:
    number = "12345678" if barcode_format is BarcodeFormat.ITF else "4006381333931"
    content = a_content(barcode_format=barcode_format, barcode_message=number)

    drawn_by_phones = drawn(content)["barcodes"]

    named = {name: each for each, name in NAMES.items()}
    read = [read_back(named[each["format"]], each["message"]) for each in drawn_by_phones]
    # Scanners are set not to pass on the letters of a Codabar.
    assert [text.strip("ABCD") for text in read] == [number] * len(drawn_by_phones)


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
    made = drawn(a_content(), a_design(strings=strings))

    assert fields(made)["status"]["value"] == "Active"


def test_the_same_content_makes_the_same_pass() -> None:
    assert prepared("points").pass_json(a_content()) == prepared("points").pass_json(a_content())


def test_cards_of_one_design_share_nothing_that_is_their_own() -> None:
    made = PreparedContent(golden_passes.a_rich_design("storeCard", is_poster=True), TEAM_ID)
    first, second = (
        a_content(),
        a_content(
            serial="s-0002",
            member_name=None,
            tier=None,
            balances=(),
            status=CardStatus.BLOCKED,
            is_concealed=True,
            card_number="1",
        ),
    )
    alone = made.pass_json(first), made.pass_json(second)

    interleaved = [made.pass_json(each) for each in (second, first, first, second)]

    assert interleaved == [alone[1], alone[0], alone[0], alone[1]]
    assert b"9001234567890128" not in alone[1]
