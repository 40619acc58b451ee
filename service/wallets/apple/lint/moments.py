"""Reads dates as Wallet wants them. Sources: docs/sources.md, a-6 and a-7."""

import re
from datetime import datetime

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


def moment(value: object) -> datetime | None:
    """Return the moment (aware) that a W3C date with time and zone names; None if it is none."""
    if not isinstance(value, str) or not DATE.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
