"""How the fields of a pass are written: formats, parts of balances, links, meanings."""

import json
from dataclasses import replace
from typing import Any

import pytest

from service.domain.accounts import Balance
from service.domain.designs import DesignField, Section
from service.domain.passes import PassContent
from service.wallets.apple.content import PreparedContent

from .builders import NOON, TEAM_ID, a_balance, a_content, a_design, with_strings

ENDS = ({"amount": 30, "at": "2027-03-01T00:00:00+03:00"}, {"amount": 5, "at": "2027-03-02T00:00Z"})


def drawn(
    shows: str, content: PassContent, section: Section = Section.BACK, **said: Any
) -> dict[str, Any] | None:
    """Return the one field of a pass that shows this, or None if it is left out."""
    url = {"url.terms": dict.fromkeys(("en", "ru"), "https://example.com/?a=1&b=2")}
    design = with_strings(a_design(fields=(DesignField(section, "it", shows, apple=said),)), url)
    made = json.loads(PreparedContent(design, TEAM_ID).pass_json(content))
    sections: dict[str, list[dict[str, Any]]] = made["storeCard"]
    return sections[f"{section}Fields"][0] if sections else None


def holding(**parts: Any) -> PassContent:
    return a_content(balances=(replace(a_balance(120), balance=a_points(**parts)),))


def a_points(**parts: Any) -> Balance:
    return replace(a_balance(120).balance, **parts)


@pytest.mark.parametrize("style", ["decimal", "percent", "scientific", "spellOut"])
def test_an_amount_is_written_in_the_style_that_the_design_names(style: str) -> None:
    field = drawn("balance:points", a_content(), number_style=style)

    assert field is not None
    assert field["numberStyle"] == f"PKNumberStyle{style[0].upper()}{style[1:]}"


def test_money_keeps_its_currency_whatever_style_is_named() -> None:
    money = a_balance(550, "cashback", decimals=2, currency="EUR")
    content = a_content(balances=(money,))

    field = drawn("balance:cashback", content, number_style="percent")

    assert field is not None
    assert (field["value"], field["currencyCode"]) == (5.5, "EUR")
    assert "numberStyle" not in field


def test_a_date_has_both_styles_even_if_the_design_names_one() -> None:
    field = drawn("expires_at", a_content(expires_at=NOON), time_style="short")
    other = drawn("expires_at", a_content(expires_at=NOON), date_style="full", is_relative=True)

    assert field is not None
    assert other is not None
    styles = (field["dateStyle"], field["timeStyle"])
    assert styles == ("PKDateStyleMedium", "PKDateStyleShort")
    assert (other["dateStyle"], other["timeStyle"]) == ("PKDateStyleFull", "PKDateStyleNone")
    assert (other["isRelative"], "isRelative" in field) == (True, False)


def test_a_date_may_be_shown_in_its_own_time_zone() -> None:
    field = drawn("expires_at", a_content(expires_at=NOON), ignores_time_zone=True)

    assert field is not None
    assert field["ignoresTimeZone"] is True


def test_what_is_pending_is_shown_only_while_something_is() -> None:
    field = drawn("pending:points", holding(pending=15))

    assert field is not None
    assert field["value"] == 15
    assert drawn("pending:points", holding(pending=0)) is None


def test_what_ends_next_is_shown_with_its_day_whatever_comes_first_in_the_list() -> None:
    content = holding(expiring=tuple(reversed(ENDS)))

    amount, day = drawn("expiring:points", content), drawn("expiring_at:points", content)

    assert amount is not None
    assert day is not None
    assert amount["value"] == 30
    assert day["value"] == "2027-02-28T21:00:00Z"


def test_parts_that_end_at_the_same_time_are_added_up() -> None:
    twice = ({"amount": 7, "at": "2027-02-28T21:00:00Z"}, *ENDS)

    field = drawn("expiring:points", holding(expiring=twice))

    assert field is not None
    assert field["value"] == 37


@pytest.mark.parametrize("shows", ["expiring:points", "expiring_at:points", "pending:other"])
def test_what_does_not_end_or_is_no_balance_leaves_no_field(shows: str) -> None:
    assert drawn(shows, holding(expiring=(), pending=1)) is None


@pytest.mark.parametrize("section", [Section.HEADER, Section.SECONDARY, Section.AUXILIARY])
def test_a_field_is_aligned_as_the_design_says(section: Section) -> None:
    field = drawn("tier", a_content(), section, text_alignment="center")

    assert field is not None
    assert field["textAlignment"] == "PKTextAlignmentCenter"


def test_a_card_number_is_left_alone_unless_the_design_asks_to_look_for_links() -> None:
    quiet = drawn("card_number", a_content())
    loud = drawn("card_number", a_content(), data_detectors=["phoneNumber", "calendarEvent"])
    text = drawn("text:text.terms", a_content(), data_detectors=[])

    assert quiet is not None
    assert loud is not None
    assert text is not None
    assert quiet["dataDetectorTypes"] == []
    assert loud["dataDetectorTypes"] == [
        "PKDataDetectorTypePhoneNumber",
        "PKDataDetectorTypeCalendarEvent",
    ]
    assert text["dataDetectorTypes"] == []


def test_a_link_stands_beside_the_plain_text_that_watches_show() -> None:
    field = drawn("text:text.terms", a_content(), link="url.terms")

    assert field is not None
    assert (field["value"], field["attributedValue"]) == ("text.terms", "apple-link.it")


def test_the_strings_hold_the_link_with_text_and_address_made_harmless() -> None:
    field = DesignField(Section.BACK, "it", "text:text.terms", apple={"link": "url.terms"})
    texts = {
        "url.terms": {"en": 'https://example.com/?a=1&b="2"', "ru": "https://example.com/ru"},
        "text.terms": {"en": "<b>Terms</b> & more", "ru": "Условия"},
    }
    design = with_strings(a_design(fields=(field,)), texts)

    strings = PreparedContent(design, TEAM_ID).design.strings

    assert strings["ru"]["apple-link.it"] == '<a href="https://example.com/ru">Условия</a>'
    assert strings["en"]["apple-link.it"] == (
        '<a href="https://example.com/?a=1&amp;b=&quot;2&quot;">'
        "&lt;b&gt;Terms&lt;/b&gt; &amp; more</a>"
    )
    assert strings["en"]["text.terms"] == "<b>Terms</b> & more"


def test_money_may_be_said_to_be_the_balance_and_points_may_not() -> None:
    money = a_balance(44059, "cashback", decimals=2, currency="EUR")

    field = drawn("balance:cashback", a_content(balances=(money,)), meaning="balance")
    points = drawn("balance:points", a_content(), meaning="balance")

    assert field is not None
    assert field["semantics"] == {"balance": {"amount": "440.59", "currencyCode": "EUR"}}
    assert points is not None
    assert "semantics" not in points


@pytest.mark.parametrize(
    ("shows", "meaning", "value"),
    [
        ("card_number", "membershipProgramNumber", "9001234567890128"),
        ("text:text.terms", "membershipProgramName", "text.terms"),
    ],
)
def test_number_and_name_may_be_said_to_be_those_of_the_program(
    shows: str, meaning: str, value: str
) -> None:
    field = drawn(shows, a_content(), meaning=meaning)

    assert field is not None
    assert field["semantics"] == {meaning: value}


@pytest.mark.parametrize(("style", "has_balance"), [("storeCard", True), ("coupon", False)])
def test_a_pass_says_what_it_means_where_the_design_asks_for_it(
    style: str, has_balance: bool
) -> None:
    money = a_balance(5, "cashback", decimals=2, currency="EUR")
    content = a_content(balances=(a_balance(), money))
    design = a_design(apple={"semantics": True, "style": style})

    made = json.loads(PreparedContent(design, TEAM_ID).pass_json(content))

    balance = {"balance": {"amount": "0.05", "currencyCode": "EUR"}} if has_balance else {}
    assert made["semantics"] == {
        "membershipProgramName": "Coffee Points",
        "membershipProgramNumber": "9001234567890128",
        **balance,
    }
    assert "semantics" not in json.loads(PreparedContent(a_design(), TEAM_ID).pass_json(content))
