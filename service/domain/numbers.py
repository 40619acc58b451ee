"""Card-number schemes and check digits; where the random digits come from is the caller's."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from service.domain.errors import InvalidInput

SHORTEST, LONGEST = 8, 24
FEWEST_RANDOM = 6
EAN_LENGTH = 13
GIVEN_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]{3,31}")


class CheckDigit(StrEnum):
    NONE = "none"
    LUHN = "luhn"  # ISO/IEC 7812-1 annex B, as on payment cards
    EAN = "ean"  # GS1 General Specifications 7.9, as in EAN-13


@dataclass(frozen=True)
class NumberScheme:
    """How a program's card numbers are built: `prefix`, random digits, then the check digit.

    `length` counts all characters, the prefix and the check digit included.
    """

    prefix: str = ""
    length: int = 16
    check: CheckDigit = CheckDigit.LUHN

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]*", self.prefix):
            raise InvalidInput("The number prefix may hold digits only.")
        if not SHORTEST <= self.length <= LONGEST:
            raise InvalidInput("A card number is 8 to 24 digits long.")
        if self.random_length < FEWEST_RANDOM:
            raise InvalidInput(
                "The prefix leaves fewer than 6 random digits: numbers could be guessed."
            )
        if self.check is CheckDigit.EAN and self.length != EAN_LENGTH:
            raise InvalidInput("An EAN check digit needs a length of 13.")

    @property
    def random_length(self) -> int:
        return self.length - len(self.prefix) - (self.check is not CheckDigit.NONE)


def draw(scheme: NumberScheme, random_digits: Callable[[int], str]) -> str:
    """Return a new card number; `random_digits(n)` gives n digits from a CSPRNG."""
    body = scheme.prefix + random_digits(scheme.random_length)
    return body + check_digit(scheme.check, body)


def check_digit(check: CheckDigit, body: str) -> str:
    """Return the digit that completes `body`, or nothing where the scheme has none."""
    match check:
        case CheckDigit.LUHN:
            return luhn_digit(body)
        case CheckDigit.EAN:
            return ean_digit(body)
        case CheckDigit.NONE:
            return ""


def luhn_digit(body: str) -> str:
    doubled = (2 * int(digit) for digit in body[::-2])
    total = sum(d // 10 + d % 10 for d in doubled) + sum(int(digit) for digit in body[-2::-2])
    return str(-total % 10)


def ean_digit(body: str) -> str:
    total = 3 * sum(int(digit) for digit in body[::-2]) + sum(int(digit) for digit in body[-2::-2])
    return str(-total % 10)


def given(number: str) -> str:
    """Return a number that the caller brings (existing plastic), if scanners can carry it.

    It need not follow the program's scheme: that rules only the numbers drawn here.

    Raises:
        InvalidInput: it is not 4 to 32 letters, digits, dots or hyphens.
    """
    if not GIVEN_NUMBER.fullmatch(number):
        raise InvalidInput(
            "The card number does not suit scanners.",
            [("number", "4 to 32 characters, only A-Z a-z 0-9 . -, first a letter or digit")],
        )
    return number
