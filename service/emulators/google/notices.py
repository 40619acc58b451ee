"""What a change makes a phone show, and Google's daily limit on that.

Source: docs/sources.md, g-6.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from service.emulators.google.checks import Json
from service.emulators.google.errors import GoogleRefused
from service.emulators.google.stored import CLASS, OBJECT, Kind, Note

MOST_A_DAY = 3
DAY = timedelta(hours=24)
TOLD_FIELDS = {
    OBJECT: ("loyaltyPoints.balance", "secondaryLoyaltyPoints.balance"),
    CLASS: ("rewardsTier", "secondaryRewardsTier", "programName"),
}
MICROS = 1_000_000


def told_changes(kind: Kind, before: Json, after: Json) -> list[Note]:
    """Return the changes between two contents that a phone would show: field, old, new."""
    changes: list[Note] = []
    for path in TOLD_FIELDS[kind]:
        old, new = at_path(before, path), at_path(after, path)
        if old != new:
            changes.append({"field": path, "old": in_words(old), "new": in_words(new)})
    return changes


def check_budget(notes: Iterable[Note], what: str, now: datetime, subject: str) -> None:
    """Check that one more notification is allowed.

    Raises:
        GoogleRefused: 403 quotaExceeded, there were three of this sort in 24 hours.
    """
    since = now - DAY
    recent = [
        note
        for note in notes
        if note["what"] == what and datetime.fromisoformat(str(note["at"])) > since
    ]
    if len(recent) >= MOST_A_DAY:
        raise GoogleRefused(
            HTTPStatus.FORBIDDEN, "quotaExceeded", f"Quota exceeded for issuer when {subject}."
        )


def at_path(content: Mapping[str, object], path: str) -> object:
    """Return what stands at a dotted path, or None."""
    found: object = content
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def in_words(value: object) -> str | None:
    """Return a value or balance as a person reads it; None for none."""
    match value:
        case None:
            return None
        case {"money": {"micros": micros, "currencyCode": currency}}:
            return f"{int(str(micros)) / MICROS:.2f} {currency}"
        case {"int": figure} | {"string": figure} | {"double": figure}:
            return str(figure)
        case {}:
            return None
        case _:
            return str(value)
