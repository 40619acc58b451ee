"""Google's dates and intervals: ISO 8601, with an offset at both ends or at none."""

import re
from datetime import datetime

from service.emulators.google.checks import Json
from service.emulators.google.errors import invalid

# Python reads microseconds at most; Google writes up to nanoseconds.
BEYOND_MICROSECONDS = re.compile(r"(\.\d{6})\d{1,3}")


def read_date(text: str, where: str) -> datetime:
    """Return the time a text says, aware if it has an offset.

    Raises:
        GoogleRefused: 400, the text is not ISO 8601.
    """
    try:
        return datetime.fromisoformat(BEYOND_MICROSECONDS.sub(r"\1", text))
    except ValueError:
        raise invalid(f"{where}: {text!r:.60} is not an ISO 8601 date.") from None


def check_interval(node: Json, where: str) -> None:
    """Check that an interval's ends go together.

    Raises:
        GoogleRefused: 400, one has an offset and the other not, or it ends before it starts.
    """
    start, end = _end(node, "start", where), _end(node, "end", where)
    if start is None or end is None:
        return
    if (start.tzinfo is None) != (end.tzinfo is None):
        raise invalid(f"{where}: start and end must both have an offset, or neither.")
    if end < start:
        raise invalid(f"{where}: it ends before it starts.")


def _end(node: Json, name: str, where: str) -> datetime | None:
    match node.get(name):
        case {"date": str(text)}:
            return read_date(text, where)
        case _:
            return None
