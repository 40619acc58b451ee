"""What Google is told, held against Google's own discovery document."""

import itertools
import json
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from service.domain.accounts import Tier
from service.domain.cards import CardStatus
from service.domain.errors import InvalidInput
from service.domain.passes import PassContent
from service.domain.programs import BarcodeFormat
from service.wallets.google.content import (
    STATES,
    balance,
    class_id,
    for_a_link,
    loyalty_class,
    loyalty_object,
    without_empty,
)
from tests.discovery import faults

from .builders import TEMPLATES, a_balance, a_content, a_design

KINDS = sorted(path.parent.name for path in TEMPLATES.glob("*/program.toml"))
ISSUER = "3388000000022222222"


def a_google_content(**changes: Any) -> PassContent:
    serial = f"{ISSUER}.0193a2b4-0000-7000-8000-000000000001-g1"
    return a_content(type_id=ISSUER, serial=serial, authentication_token="", **changes)


def balances_of(kind: str) -> tuple[Any, ...]:
    said = tomllib.loads((TEMPLATES / kind / "program.toml").read_text())["balances"]
    return tuple(a_balance(1250, **each) for each in said)


VARIANTS = list(itertools.product(CardStatus, (False, True), (None, Tier("gold", "Gold"))))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("status", "is_concealed", "tier"), VARIANTS)
def test_every_body_of_every_kind_is_what_the_discovery_document_takes(
    kind: str, status: CardStatus, is_concealed: bool, tier: Tier | None
) -> None:
    design = a_design(kind)
    for barcode, name, until in itertools.product(
        BarcodeFormat, ("Анна Петрова", None), (datetime(2027, 1, 1, tzinfo=UTC), None)
    ):
        content = a_google_content(
            status=status,
            is_concealed=is_concealed,
            tier=tier,
            balances=balances_of(kind),
            barcode_format=barcode,
            member_name=name,
            expires_at=until,
        )
        body = loyalty_object(content, design)

        assert faults("LoyaltyObject", without_empty(body)) == []
        assert faults("LoyaltyObject", for_a_link(body)) == []
        assert faults("LoyaltyObject", body, is_patch=True) == []
        loud = {**body, "notifyPreference": "NOTIFY_ON_UPDATE"}
        assert faults("LoyaltyObject", loud, is_patch=True) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_is_what_the_discovery_document_takes(kind: str) -> None:
    body = loyalty_class(a_google_content(), a_design(kind))

    assert faults("LoyaltyClass", without_empty(body)) == []
    assert faults("LoyaltyClass", body, is_patch=True) == []
    assert body["reviewStatus"] == "UNDER_REVIEW"
    assert body["programLogo"]["sourceUri"]["uri"].startswith("https://cards.example.com/images/")


def test_the_check_itself_finds_what_is_wrong() -> None:
    body: dict[str, Any] = {
        "id": "no issuer",
        "classId": f"{ISSUER}.c",
        "state": "active",
        "loyaltyPoints": {"balance": {"int": 2**31, "string": "7", "micros": "7"}},
        "validTimeInterval": {"end": {"date": 2027}},
        "hasUsers": True,
        "barcode": {"type": "qrCode", "value": "1"},
    }

    assert len(faults("LoyaltyObject", body)) == 8
    assert faults("LoyaltyObject", {"id": f"{ISSUER}.x", "classId": f"{ISSUER}.c"}) == [
        "LoyaltyObject lacks state"
    ]


@pytest.mark.parametrize("status", CardStatus)
def test_only_a_card_that_may_be_used_has_a_barcode(status: CardStatus) -> None:
    body = loyalty_object(a_google_content(status=status), a_design())

    is_usable = status in (CardStatus.ACTIVE, CardStatus.INACTIVE, CardStatus.UNASSIGNED)
    assert (body["barcode"] is not None) == is_usable
    assert (STATES[status] == "ACTIVE") == is_usable


@pytest.mark.parametrize(
    ("barcode_format", "message", "drawn"),
    [
        (BarcodeFormat.QR, "9001234567890128", "QR_CODE"),
        (BarcodeFormat.PDF417, "9001234567890128", "PDF_417"),
        (BarcodeFormat.AZTEC, "9001234567890128", "AZTEC"),
        (BarcodeFormat.CODE128, "9001234567890128", "CODE_128"),
        (BarcodeFormat.EAN13, "4006381333931", "EAN_13"),
        (BarcodeFormat.CODE39, "ABC-1", "CODE_39"),
        (BarcodeFormat.ITF, "12345678901231", "ITF_14"),
        (BarcodeFormat.ITF, "12345678901232", "CODE_128"),  # no check digit
        (BarcodeFormat.ITF, "123456789012", "CODE_128"),  # Google knows only that of 14 digits
    ],
)
def test_a_barcode_is_drawn_as_the_program_says_or_as_what_stands_in_for_it(
    barcode_format: BarcodeFormat, message: str, drawn: str
) -> None:
    content = a_google_content(barcode_format=barcode_format, barcode_message=message)

    barcode = loyalty_object(content, a_design())["barcode"]

    assert (barcode["type"], barcode["value"]) == (drawn, message)


@pytest.mark.parametrize(("message", "value"), [("123-4", "A123-4A"), ("C123-4D", "C123-4D")])
def test_a_codabar_has_letters_around_it(message: str, value: str) -> None:
    content = a_google_content(barcode_format=BarcodeFormat.CODABAR, barcode_message=message)

    barcode = loyalty_object(content, a_design())["barcode"]

    assert (barcode["type"], barcode["value"]) == ("CODABAR", value)


def test_a_concealed_card_tells_its_holder_nothing() -> None:
    content = a_google_content(status=CardStatus.BLOCKED, is_concealed=True)

    body = loyalty_object(content, a_design())

    told = json.dumps(body, ensure_ascii=False)
    assert body["state"] == "INACTIVE"
    assert not [fact for fact in ("Anna", "9001234", "120", "Gold", "locked") if fact in told]
    assert body["textModulesData"][0]["body"] == "Unavailable"


def test_a_blocked_card_says_so_in_both_languages() -> None:
    (notice,) = loyalty_object(a_google_content(status=CardStatus.BLOCKED), a_design())[
        "textModulesData"
    ]

    assert notice["body"] == "Blocked"
    assert notice["localizedBody"] == {
        "defaultValue": {"language": "en", "value": "Blocked"},
        "translatedValues": [{"language": "ru", "value": "Заблокирована"}],
    }


@pytest.mark.parametrize(
    ("amount", "kind", "expected"),
    [
        (1250, {}, {"int": 1250}),
        (-3, {}, {"int": -3}),
        (2**31 - 1, {}, {"int": 2**31 - 1}),
        (2**31, {}, {"string": "2147483648"}),
        (1240567, {"decimals": 2}, {"string": "12405.67"}),
        (-5, {"decimals": 2}, {"string": "-0.05"}),
        (
            1999,
            {"decimals": 2, "currency": "EUR"},
            {"money": {"micros": "19990000", "currencyCode": "EUR"}},
        ),
        (
            500,
            {"decimals": 0, "currency": "JPY"},
            {"money": {"micros": "500000000", "currencyCode": "JPY"}},
        ),
    ],
)
def test_an_amount_is_shown_exactly(amount: int, kind: dict[str, Any], expected: object) -> None:
    assert balance(a_balance(amount, **kind)) == expected


def test_second_points_are_the_second_balance_or_else_the_tier() -> None:
    two = (a_balance(1), a_balance(7, "stars"))

    with_two = loyalty_object(a_google_content(balances=two), a_design())
    with_one = loyalty_object(a_google_content(), a_design())

    assert with_two["secondaryLoyaltyPoints"]["balance"]["int"] == 7
    assert with_one["secondaryLoyaltyPoints"]["label"] == "LEVEL"
    assert with_one["secondaryLoyaltyPoints"]["balance"]["string"] == "Gold"
    assert with_one["loyaltyPoints"]["localizedLabel"]["translatedValues"] == [
        {"language": "ru", "value": "БАЛЛЫ"}
    ]


def test_an_expiry_is_told_as_utc() -> None:
    moscow = timezone(timedelta(hours=3))
    content = a_google_content(expires_at=datetime(2027, 1, 1, 1, 30, tzinfo=moscow))

    body = loyalty_object(content, a_design())

    assert body["validTimeInterval"] == {"end": {"date": "2026-12-31T22:30:00Z"}}


def test_ids_hold_no_name_and_no_number() -> None:
    content = a_google_content()

    assert class_id(content) == f"{ISSUER}.{content.program_id}"
    assert content.card_number not in json.dumps([content.serial, class_id(content)])


def test_a_design_without_a_logo_for_google_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"google/logo\.png"):
        loyalty_class(a_google_content(), a_design(images={"icon.png": b"png"}))


@pytest.mark.parametrize("kind", KINDS)
def test_every_design_has_images_of_googles_sizes(kind: str) -> None:
    sizes = {"logo": (660, 660), "hero": (1032, 336)}

    for name, size in sizes.items():
        header = a_design(kind).images[f"google/{name}.png"][16:24]
        assert (int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")) == size
