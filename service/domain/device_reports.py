"""What phones report of their troubles: understood, made harmless, and shortened.

The words are Apple's own (docs/sources.md, a-20). Anybody can send them, so nothing is believed.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

LONGEST_TEXT = 500
KEPT_PER_PASS = 20
MOST_NAMES = 20
MASK = "..."
# Long enough to hold any message of Apple's; what follows cannot matter.
READ_CHARACTERS = 4 * LONGEST_TEXT

NAME = re.compile(r"[A-Za-z0-9._-]{4,100}")
CREDENTIAL = re.compile(r"\b(ApplePass|AndroidPass|WalletUnionPass|Bearer)\s+\S+", re.IGNORECASE)
DEVICE = re.compile(r"\b(device(?: =|:)?) +(?!received\b)([^\s,;)]+)", re.IGNORECASE)
LONG_RUN = re.compile(r"[A-Za-z0-9_+=-]{16,}")
PLAIN_WORD = re.compile(r"[A-Za-z]{1,20}(?:-[a-z]{1,20})*")  # passesUpdatedSince, if-modified-since


class Kind(StrEnum):
    """What is wrong, as the phone sees it."""

    SPURIOUS_PUSH = "spurious_push"  # it was pushed, asked, and nothing had changed
    TAG_UNCHANGED = "tag_unchanged"  # serials were listed under the tag that it had
    PASS_UNCHANGED = "pass_unchanged"  # noqa: S105 - it fetched, and had that pass already
    UNAUTHORIZED = "unauthorized"  # a token was refused
    FETCH_FAILED = "fetch_failed"  # the pass did not come, or could not be opened
    OTHER = "other"


# The first that fits counts.
SIGNS = (
    (Kind.SPURIOUS_PUSH, "spurious push"),
    (Kind.TAG_UNCHANGED, "remained the same"),
    (Kind.PASS_UNCHANGED, "pass was unchanged"),
    (Kind.UNAUTHORIZED, "authentication failure"),
    (Kind.UNAUTHORIZED, "code 401"),
    (Kind.FETCH_FAILED, "get pass task"),
)


@dataclass(frozen=True)
class DeviceReport:
    """One report about one pass; `created_at` is aware UTC."""

    pass_id: UUID
    kind: Kind
    text: str
    created_at: datetime


def kind_of(text: str) -> Kind:
    """Return what a report is about."""
    said = text[:READ_CHARACTERS].lower()
    return next((kind for kind, sign in SIGNS if sign in said), Kind.OTHER)


def names_in(text: str) -> list[str]:
    """Return the words of a report that may be a serial number or a pass type, at most 20."""
    words = NAME.findall(text[:READ_CHARACTERS])
    return list(dict.fromkeys(word.strip(".") for word in words if _may_be_name(word)))[:MOST_NAMES]


def _may_be_name(word: str) -> bool:
    return word.startswith("pass.") or any(character.isdigit() for character in word)


def devices_in(text: str) -> list[str]:
    """Return the device library ids that a report names, at most 20."""
    return [name for _, name in DEVICE.findall(text[:READ_CHARACTERS])][:MOST_NAMES]


def harmless(text: str, serials: Collection[str] = ()) -> str:
    """Return a report as one short line of visible characters, without secrets.

    Masked are device ids, credentials, and all long runs of letters and digits but the serials
    given: those are shown to staff anyway.
    """
    visible = (c if c.isprintable() else " " for c in text[:READ_CHARACTERS])
    line = " ".join("".join(visible).split())
    line = CREDENTIAL.sub(rf"\1 {MASK}", line)
    line = DEVICE.sub(rf"\1 {MASK}", line)
    line = LONG_RUN.sub(lambda run: _masked(run.group(), serials), line)
    return line[:LONGEST_TEXT]


def _masked(run: str, serials: Collection[str]) -> str:
    return run if run in serials or PLAIN_WORD.fullmatch(run) else MASK
