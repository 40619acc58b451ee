"""A barcode carries a number only if a scanner reads just that number back."""

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.barcodes import check_number, check_scheme, drawn_as, fault, symbol
from service.domain.errors import InvalidInput
from service.domain.numbers import CheckDigit, NumberScheme, draw, ean_digit
from service.domain.programs import BarcodeFormat

QR, PDF417, AZTEC = BarcodeFormat.QR, BarcodeFormat.PDF417, BarcodeFormat.AZTEC
CODE128, EAN13, CODE39 = BarcodeFormat.CODE128, BarcodeFormat.EAN13, BarcodeFormat.CODE39
CODABAR, ITF = BarcodeFormat.CODABAR, BarcodeFormat.ITF
SYMBOLS = {
    QR: zxingcpp.BarcodeFormat.QRCode,
    PDF417: zxingcpp.BarcodeFormat.PDF417,
    AZTEC: zxingcpp.BarcodeFormat.Aztec,
    CODE128: zxingcpp.BarcodeFormat.Code128,
    EAN13: zxingcpp.BarcodeFormat.EAN13,
    CODE39: zxingcpp.BarcodeFormat.Code39Std,  # not Code 32, which some numbers are as well
    CODABAR: zxingcpp.BarcodeFormat.Codabar,
    ITF: zxingcpp.BarcodeFormat.ITF,
}
# Card numbers of each kind; what they may be made of at all is told by `numbers.given`.
ANY_NUMBER = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z.\-]{3,31}", fullmatch=True)
NUMBERS = {
    **dict.fromkeys(BarcodeFormat, ANY_NUMBER),
    EAN13: st.from_regex(r"[1-9][0-9]{11}", fullmatch=True).map(
        lambda body: body + ean_digit(body)
    ),
    CODE39: st.from_regex(r"[0-9A-Z][0-9A-Z.\-]{3,31}", fullmatch=True),
    CODABAR: st.from_regex(r"[0-9][0-9.\-]{3,31}", fullmatch=True),
    ITF: st.from_regex(r"([0-9]{2}){4,16}", fullmatch=True),
}


def read_back(barcode_format: BarcodeFormat, message: str) -> str:
    """Draw a message as wallets do, and return what a scanner reads; empty: nothing."""
    drawn = symbol(barcode_format, message)
    try:
        barcode = zxingcpp.create_barcode(drawn, SYMBOLS[barcode_format])
    except ValueError:
        return ""
    image = zxingcpp.write_barcode_to_image(barcode, scale=3, add_quiet_zones=True)
    found = zxingcpp.read_barcode(image, formats=SYMBOLS[barcode_format])
    text = "" if found is None else found.text
    return text.strip("ABCD") if drawn != message else text


@pytest.mark.parametrize("barcode_format", BarcodeFormat)
@pytest.mark.parametrize(
    "message", ["9001234567890128", "4006381333931", "2912345678906", "1234-5678", "AB.12-3"]
)
def test_what_a_format_can_carry_is_read_back_as_it_is(
    barcode_format: BarcodeFormat, message: str
) -> None:
    is_carried = fault(barcode_format, message) is None

    assert is_carried == (read_back(barcode_format, message) == message)


@settings(deadline=None, max_examples=20)
@given(data=st.data())
@pytest.mark.parametrize("barcode_format", BarcodeFormat)
def test_every_number_that_a_format_carries_is_read_back(
    barcode_format: BarcodeFormat, data: st.DataObject
) -> None:
    message = data.draw(NUMBERS[barcode_format])

    assert fault(barcode_format, message) is None
    assert read_back(barcode_format, message) == message


@pytest.mark.parametrize(
    ("barcode_format", "message"),
    [
        (EAN13, "4006381333932"),  # another check digit
        (EAN13, "400638133393"),  # read with its check digit: 13 digits
        (EAN13, "0400638133390"),  # read as a UPC: 12 digits
        (EAN13, "40063813339310"),
        (EAN13, "400638133393A"),
        (EAN13, "\u0664006381333931"),  # a digit, but no ASCII one
        (ITF, "1234567"),  # read with a nought before it
        (ITF, "12345A"),
        (CODE39, "abc1"),  # read in capitals
        (CODE39, "A_1"),
        (CODABAR, "A1234"),
        (CODABAR, "1234B"),
        (CODABAR, "E1234E"),
        (CODABAR, "12A34"),
        (CODABAR, "AB"),
        (CODE128, "карта"),
        (CODE128, "1" * 49),
        (ITF, "1" * 50),
        (QR, "1" * 2954),
        (PDF417, "1" * 1109),
        (AZTEC, "ж" * 958),
        (QR, ""),
        (EAN13, ""),
    ],
)
def test_what_a_format_cannot_carry_is_told(barcode_format: BarcodeFormat, message: str) -> None:
    assert fault(barcode_format, message)


@pytest.mark.parametrize(
    ("barcode_format", "message"),
    [
        (CODABAR, "A1234D"),
        (CODABAR, "12-34$:/.+"),
        (CODE39, "AB-12 $/+%."),
        (CODE128, "1" * 48),
        (QR, "карта-1"),
        (QR, "1" * 2953),
    ],
)
def test_what_a_format_carries_besides_digits_is_taken(
    barcode_format: BarcodeFormat, message: str
) -> None:
    assert fault(barcode_format, message) is None


def test_a_wrong_check_digit_is_told_with_the_right_one() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_number(EAN13, "4006381333932")

    assert refused.value.faults == (("number", "has to end with the check digit 1"),)


def test_an_ean_that_begins_with_0_is_refused_because_tills_read_a_upc_of_12_digits() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_number(EAN13, "0400638133390")
    assert "begins with 1 to 9" in refused.value.faults[0][1]


@pytest.mark.parametrize(
    ("barcode_format", "message", "drawn"),
    [
        (CODABAR, "1234-5", "A1234-5A"),
        (CODABAR, "D1234B", "D1234B"),
        (CODE39, "1234-5", "1234-5"),
        (CODE128, "1234-5", "1234-5"),
    ],
)
def test_a_codabar_alone_is_drawn_between_letters(
    barcode_format: BarcodeFormat, message: str, drawn: str
) -> None:
    assert symbol(barcode_format, message) == drawn


def test_a_number_that_fits_is_taken() -> None:
    check_number(EAN13, "4006381333931")


@pytest.mark.parametrize(
    ("barcode_format", "scheme", "word"),
    [
        (EAN13, NumberScheme("29", 13, CheckDigit.LUHN), "check digit ean"),
        (EAN13, NumberScheme("29", 16, CheckDigit.LUHN), "length of 13"),
        (EAN13, NumberScheme("29", 13, CheckDigit.NONE), "check digit ean"),
        (EAN13, NumberScheme("", 13, CheckDigit.EAN), "prefix"),
        (EAN13, NumberScheme("04", 13, CheckDigit.EAN), "prefix"),
        (ITF, NumberScheme("", 13, CheckDigit.LUHN), "even length"),
    ],
)
def test_a_scheme_whose_numbers_could_not_be_scanned_is_refused_with_what_it_needs(
    barcode_format: BarcodeFormat, scheme: NumberScheme, word: str
) -> None:
    with pytest.raises(InvalidInput, match=word) as refused:
        check_scheme(barcode_format, scheme)

    assert refused.value.faults[0][0] == "number_scheme"


@given(
    prefix=st.from_regex(r"[0-9]{0,4}", fullmatch=True),
    length=st.integers(12, 24),
    check=st.sampled_from(CheckDigit),
    random=st.from_regex(r"[0-9]{24}", fullmatch=True),
)
@pytest.mark.parametrize("barcode_format", BarcodeFormat)
def test_a_scheme_that_is_taken_draws_numbers_that_can_be_scanned(
    barcode_format: BarcodeFormat, prefix: str, length: int, check: CheckDigit, random: str
) -> None:
    is_ean = check is CheckDigit.EAN
    scheme = NumberScheme(prefix, 13 if is_ean else length, check)
    try:
        check_scheme(barcode_format, scheme)
    except InvalidInput:
        return

    number = draw(scheme, lambda count: random[:count])

    assert fault(barcode_format, number) is None


@pytest.mark.parametrize("barcode_format", BarcodeFormat)
def test_what_stands_in_begins_with_the_format_itself_and_ends_with_one_known_everywhere(
    barcode_format: BarcodeFormat,
) -> None:
    first, *_, last = (*drawn_as(barcode_format), drawn_as(barcode_format)[-1])

    assert first is barcode_format
    assert last in (QR, PDF417, AZTEC)
    assert len(set(drawn_as(barcode_format))) == len(drawn_as(barcode_format))


@pytest.mark.parametrize("barcode_format", [EAN13, CODE39, CODABAR, ITF])
def test_lines_are_tried_again_as_code_128_before_a_square_is(
    barcode_format: BarcodeFormat,
) -> None:
    assert drawn_as(barcode_format) == (barcode_format, CODE128, QR)


@pytest.mark.parametrize("barcode_format", BarcodeFormat)
def test_what_stands_in_can_carry_whatever_the_format_can(barcode_format: BarcodeFormat) -> None:
    for message in ("4006381333931", "123456789012", "A1234D", "AB-12 $/+%."):
        if fault(barcode_format, message) is None:
            assert [fault(each, message) for each in drawn_as(barcode_format)[1:]] == [None] * (
                len(drawn_as(barcode_format)) - 1
            )
