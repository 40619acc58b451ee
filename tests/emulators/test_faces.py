"""What phones of different systems draw of one pass: its style, its barcode, its links."""

from typing import cast

import pytest

from service.emulators.certificates import Authority, Issued
from service.emulators.pass_reader import OpenedPass, open_pass
from service.emulators.pass_rendering import (
    changed_fields,
    face_of,
    notification,
    render_fields,
    render_pass,
)

from .passes import a_content, a_pass

CLASSIC = {"primaryFields": [{"key": "tier", "value": "Gold", "changeMessage": "Now %@"}]}
POSTER = {
    "primaryFields": [{"key": "name", "value": "Coffee Points"}],
    "footerFields": [{"key": "tier", "value": "Gold", "changeMessage": "Now %@"}],
}
STYLES = ("storeCard", "coupon", "generic")


class Reader:
    def __init__(self, authority: Authority, issued: Issued) -> None:
        self.authority = authority
        self.issued = issued

    def open(self, **changes: object) -> OpenedPass:
        packed = a_pass(self.authority, self.issued, a_content(**{"storeCard": None, **changes}))
        return open_pass(packed, self.authority.root_pem)


@pytest.fixture
def reader(authority: Authority, issued: Issued) -> Reader:
    return Reader(authority, issued)


def barcodes(*formats: str) -> list[dict[str, str]]:
    return [
        {"format": f"PKBarcodeFormat{name}", "message": "4006381333931", "messageEncoding": "ascii"}
        for name in formats
    ]


@pytest.mark.parametrize("style", STYLES)
def test_a_phone_of_ios_27_draws_the_poster_and_an_older_one_the_classic_style(
    reader: Reader, style: str
) -> None:
    opened = reader.open(**{style: CLASSIC}, posterGeneric=POSTER)

    assert set(render_fields(opened, "en", 27)) == {"name", "tier"}
    assert set(render_fields(opened, "en", 26)) == {"tier"}
    assert render_pass(opened, "en", 27)["style"] == "posterGeneric"
    assert render_pass(opened, "en", 26)["style"] == style
    assert render_pass(opened, "en")["style"] == "posterGeneric"


@pytest.mark.parametrize("style", STYLES)
def test_a_pass_without_a_poster_is_the_same_on_both(reader: Reader, style: str) -> None:
    opened = reader.open(**{style: CLASSIC})

    assert render_pass(opened, "en", 26) == render_pass(opened, "en", 27)


@pytest.mark.parametrize(
    ("style", "notice"),
    [
        ("storeCard", "Store card changed"),
        ("coupon", "Coupon changed"),
        ("generic", "Pass changed"),
        ("posterGeneric", "Pass changed"),
    ],
)
def test_several_changes_are_one_notice_in_the_words_of_what_is_drawn(
    reader: Reader, style: str, notice: str
) -> None:
    face = {"backFields": [{"key": key, "value": "1", "changeMessage": "%@"} for key in ("a", "b")]}
    beside = {"storeCard": {}} if style == "posterGeneric" else {}
    opened = reader.open(**{style: face}, **beside)

    changed = changed_fields({}, render_fields(opened, "en"))

    assert notification(face_of(opened), changed) == notice


@pytest.mark.parametrize("name", ["EAN13", "Code39", "Codabar", "I2of5"])
def test_a_phone_before_ios_27_draws_the_first_barcode_that_it_knows(
    reader: Reader, name: str
) -> None:
    opened = reader.open(coupon=CLASSIC, barcodes=barcodes(name, "Code128", "QR"))

    def drawn(ios: int) -> object:
        return cast(dict[str, object], render_pass(opened, "en", ios)["barcode"])["format"]

    assert drawn(27) == f"PKBarcodeFormat{name}"
    assert drawn(26) == "PKBarcodeFormatCode128"


def test_a_phone_before_ios_27_draws_nothing_of_what_it_does_not_know(reader: Reader) -> None:
    opened = reader.open(coupon=CLASSIC, barcodes=barcodes("EAN13"))

    assert render_pass(opened, "en", 26)["barcode"] is None


def test_a_link_is_shown_as_its_text_with_the_address_to_which_it_leads(reader: Reader) -> None:
    linked = '<a href="https://example.com/?a=1&amp;b=2">Terms &lt;new&gt;</a>'
    field = {"key": "terms", "value": "Terms", "attributedValue": linked}
    opened = reader.open(generic={"backFields": [field, {"key": "plain", "value": "x"}]})

    shown = cast(dict[str, dict[str, str]], render_pass(opened, "en")["fields"])

    assert shown["terms"]["value"] == "Terms <new>"
    assert shown["terms"]["link"] == "https://example.com/?a=1&b=2"
    assert "link" not in shown["plain"]
