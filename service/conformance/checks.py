"""What a check is: declared once with its reason and its source, carried out by one function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.conformance.trial import Trial

Run = Callable[[Trial], None]


class Need(StrEnum):
    """What a check cannot do without, by the option that gives it."""

    CHANGE = "--change"
    SECOND = "--second-pass"
    APNS = "--apns"
    FLOOD = "--flood"


@dataclass(frozen=True)
class Check:
    """One thing a server must do. `why`: what a phone does otherwise.

    `source` is an id of docs/sources.md, or a defect of docs/conformance.md (D1 ...).
    """

    code: str
    group: str
    what: str
    why: str
    source: str
    needs: tuple[Need, ...]
    run: Run


class Group:
    """Checks about one subject, in the order they are declared."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.checks: list[Check] = []

    def check(
        self, code: str, what: str, *, why: str, source: str = "a-4", needs: Sequence[Need] = ()
    ) -> Callable[[Run], Run]:
        """Declare the decorated function: it returns if all is well, and raises if not.

        It raises Failed for what the server did wrong, NotTried where it could not tell.
        """

        def declare(run: Run) -> Run:
            self.checks.append(Check(code, self.name, what, why, source, tuple(needs), run))
            return run

        return declare
