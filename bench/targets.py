"""What was promised, and whether this run kept it."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A ratio that must be `at_least` so large."""

    name: str
    value: float
    at_least: float

    @property
    def is_met(self) -> bool:
        return self.value >= self.at_least

    def __str__(self) -> str:
        verdict = "met" if self.is_met else "MISSED"
        return f"{self.name}: {self.value:,.2f}, wanted {self.at_least:,.2f} - {verdict}"


def tell(targets: Iterable[Target]) -> None:
    """Print a line for each target."""
    sys.stdout.write("\n".join(["", "Targets", *map(str, targets), ""]))
