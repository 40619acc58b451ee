"""Card numbers: check digits against an independent library, and the limits of a scheme."""

import pytest
from hypothesis import given, strategies
from stdnum import ean, luhn

from service.domain.errors import InvalidInput
from service.domain.numbers import (
    LONGEST,
    SHORTEST,
    CheckDigit,
    NumberScheme,
    draw,
    ean_digit,
    luhn_digit,
)
from service.domain.numbers import given as given_number

DIGITS = strategies.text("0123456789", min_size=1, max_size=30)


def nines(count: int) -> str:
    return "9" * count


@given(body=DIGITS)
def test_the_luhn_digit_is_that_of_an_independent_library(body: str) -> None:
    digit = luhn_digit(body)

    assert digit == luhn.calc_check_digit(body)
    assert luhn.is_valid(body + digit)


@given(body=strategies.text("0123456789", min_size=12, max_size=12))
def test_the_ean_digit_is_that_of_an_independent_library(body: str) -> None:
    digit = ean_digit(body)

    assert digit == ean.calc_check_digit(body)
    assert ean.is_valid(body + digit)


@given(
    prefix=strategies.text("0123456789", max_size=18),
    length=strategies.integers(0, 40),
    check=strategies.sampled_from(CheckDigit),
)
def test_a_scheme_is_made_only_within_its_limits(
    prefix: str, length: int, check: CheckDigit
) -> None:
    fits = SHORTEST <= length <= LONGEST
    guessable = length - len(prefix) - (check is not CheckDigit.NONE) < 6
    wrong_ean = check is CheckDigit.EAN and length != 13

    if fits and not guessable and not wrong_ean:
        number = draw(NumberScheme(prefix, length, check), nines)
        assert number.startswith(prefix)
        assert len(number) == length
    else:
        with pytest.raises(InvalidInput):
            NumberScheme(prefix, length, check)


@pytest.mark.parametrize("prefix", ["A1", "-1", " 1", "\uff11\uff12", "٣", "12\n"])
def test_a_prefix_of_anything_but_ascii_digits_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidInput, match="digits only"):
        NumberScheme(prefix)


@given(random=strategies.text("0123456789", min_size=12, max_size=12))
def test_a_drawn_number_is_the_prefix_the_random_digits_and_a_right_check_digit(
    random: str,
) -> None:
    asked = []

    def digits(count: int) -> str:
        asked.append(count)
        return random

    number = draw(NumberScheme("900", 16, CheckDigit.LUHN), digits)

    assert asked == [12]
    assert number[:-1] == "900" + random
    assert luhn.is_valid(number)


def test_an_ean_number_is_valid_and_one_without_check_digit_is_all_random() -> None:
    drawn = draw(NumberScheme("29", 13, CheckDigit.EAN), nines)
    plain = draw(NumberScheme("", 8, CheckDigit.NONE), nines)

    assert ean.is_valid(drawn)
    assert plain == "99999999"


@pytest.mark.parametrize("number", ["1234", "A.b-9", "z" * 32, "0000"])
def test_a_given_number_that_scanners_can_carry_is_kept_as_it_is(number: str) -> None:
    assert given_number(number) == number


@pytest.mark.parametrize(
    "number",
    [
        "",
        "123",
        "z" * 33,
        "-123",
        ".123",
        "12 34",
        "12/34",
        "1234\n",
        "\uff11\uff12\uff13\uff14",
        "é123",
    ],
)
def test_a_given_number_that_scanners_cannot_carry_is_refused(number: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        given_number(number)

    assert refused.value.faults[0][0] == "number"
