"""A class or an object as Google keeps it, and how one changes into the next."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from service.emulators.google.checks import Json

NOTES_KEPT = 200

Note = dict[str, object]


@dataclass(frozen=True)
class Kind:
    """Loyalty classes or loyalty objects; `missing` is the reason when one is not there."""

    path: str
    schema: str
    noun: str
    missing: str


CLASS = Kind("loyaltyClass", "LoyaltyClass", "class", "classNotFound")
OBJECT = Kind("loyaltyObject", "LoyaltyObject", "object", "resourceNotFound")
KINDS = {kind.path: kind for kind in (CLASS, OBJECT)}


@dataclass(frozen=True)
class Stored:
    """One class or object. `holders` have saved it; `notes` are what phones were told.

    Nothing in it is ever changed in place, so it may be read without a lock.
    """

    content: Json
    holders: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(saved["content"], tuple(saved["holders"]), tuple(saved["notes"]))

    def to_json(self) -> dict[str, object]:
        """Return it as JSON for the state file."""
        return asdict(self)

    def noted(self, what: str, at: datetime, **details: object) -> "Stored":
        """Return it with one more note; the oldest fall off."""
        note: Note = {"what": what, **details, "at": at.isoformat()}
        return Stored(self.content, self.holders, (*self.notes, note)[-NOTES_KEPT:])


def public(kind: Kind, stored: Stored) -> Json:
    """Return a class or object as Google shows it."""
    if kind is OBJECT:
        return {**stored.content, "hasUsers": bool(stored.holders)}
    return dict(stored.content)


def merged(stored: Mapping[str, object], changes: Mapping[str, object]) -> Json:
    """Return `stored` with `changes` applied as Google's PATCH does.

    What is left out stays, null clears, objects are merged, lists are replaced whole.
    """
    result = dict(stored)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            old = result.get(name)
            result[name] = merged(old if isinstance(old, dict) else {}, value)
        elif isinstance(value, list):
            result[name] = [merged({}, item) if isinstance(item, dict) else item for item in value]
        else:
            result[name] = value
    return result
