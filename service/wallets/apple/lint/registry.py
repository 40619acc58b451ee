"""Rules as declared data: `rules.toml` says what each means, a function finds what breaks it.

Sources: docs/sources.md, a-1 to a-4, a-6 to a-12 and a-32.
"""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from service.wallets.apple.lint.finding import LONGEST_WANTED, Finding, Hit, Severity, shown
from service.wallets.apple.lint.subject import Subject

MOST_HITS = 25  # of one rule: whoever has more of them needs no longer list
SILENT = "The pass does not open, and the phone does not say why."

Check = Callable[[Subject], Iterator[Hit]]


class Words(NamedTuple):
    """What a rule says. `fix` may name {where}, {found} and {wanted}.

    `source` is an id of docs/sources.md.
    """

    severity: Severity
    says: str
    fix: str
    source: str
    sees: str = SILENT


def _read_words() -> dict[str, Words]:
    tables = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
    return {
        code: Words(**{**words, "severity": Severity(words["severity"])})
        for code, words in tables.items()
    }


WORDS = _read_words()


class Stage(Enum):
    """What a rule looks at; a stage is left out when there is nothing of that kind to look at."""

    ARCHIVE = auto()  # the zip itself
    FILES = auto()  # the files beside pass.json
    CONTENT = auto()  # a readable pass.json
    SIGNED = auto()  # manifest, signature and certificate


@dataclass(frozen=True)
class Rule:
    """One rule: its words, and the function that yields the places which break it."""

    code: str
    words: Words
    stage: Stage
    check: Check

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """Yield where the subject breaks this rule, 25 places at most."""
        words = self.words
        for hit in islice(self.check(subject), MOST_HITS):
            where, wanted = shown(hit.where), shown(hit.wanted, LONGEST_WANTED)
            fix = words.fix.format(where=where, found=shown(hit.found), wanted=wanted)
            yield Finding(self.code, words.severity, where, words.says, words.sees, fix)


class RuleSet:
    """The rules of one stage, in the order in which they are written."""

    def __init__(self, stage: Stage) -> None:
        self.rules: list[Rule] = []
        self._stage = stage

    def rule(self, check: Check) -> Check:
        """Add a rule; its code is the name of the function, with hyphens."""
        code = check.__name__.replace("_", "-")
        self.rules.append(Rule(code, WORDS[code], self._stage, check))
        return check
