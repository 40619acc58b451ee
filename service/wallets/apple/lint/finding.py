"""What the linter says: findings, with what the customer sees and the exact fix."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

LONGEST_SHOWN = 80
LONGEST_WANTED = 400


class Severity(StrEnum):
    ERROR = "error"  # the phone refuses the whole pass
    DROPPED = "dropped"  # the phone opens the pass and silently leaves something out
    ADVICE = "advice"  # it works; some phones, or a later day, may bring a surprise


class Hit(NamedTuple):
    """A place where a rule is broken: what was found there, and what was wanted instead."""

    where: str
    found: str | int = ""
    wanted: str | int = ""


@dataclass(frozen=True)
class Finding:
    """One thing to fix. All texts are on one line and safe to print."""

    code: str
    severity: Severity
    where: str
    rule: str
    sees: str
    fix: str


def shown(value: str | int, longest: int = LONGEST_SHOWN) -> str:
    """Return a value out of a pass on one short line, without characters that steer a terminal."""
    text = str(value)
    plain = "".join(each if each.isprintable() else "?" for each in text[:longest])
    return plain if len(text) <= longest else f"{plain}..."
