"""One case per rule: a change that breaks this rule alone, and one that just does not break it."""

from dataclasses import dataclass, field

from .builders import Change, nothing


@dataclass(frozen=True)
class Case:
    """`beside`: other rules that the same change must break too."""

    code: str
    breaks: Change
    fine: Change = nothing
    base: str = "store_card"
    beside: frozenset[str] = field(default_factory=frozenset)
    beside_fine: frozenset[str] = field(default_factory=frozenset)
