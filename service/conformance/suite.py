"""Runs the checks one after the other, and counts."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from service.conformance import (
    changing,
    fetching,
    listing,
    logs,
    pushing,
    registering,
    tokens,
)
from service.conformance.checks import Check, Need
from service.conformance.outcomes import Failed, NotTried, Unreachable
from service.conformance.server import NoAnswer
from service.conformance.trial import Trial

# What floods the server comes last: it may be left out of breath.
GROUPS = (
    registering.GROUP,
    listing.GROUP,
    tokens.GROUP,
    fetching.GROUP,
    changing.GROUP,
    pushing.GROUP,
    logs.GROUP,
    listing.LIMITS,
)
CHECKS: tuple[Check, ...] = tuple(check for group in GROUPS for check in group.checks)


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True)
class Result:
    """How one check ended. `detail` says why, if not well; `evidence` what was asked last."""

    check: Check
    outcome: Outcome
    detail: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """How many checks passed, of how many that could be tried, of how many that were asked for."""

    passed: int
    tried: int
    known: int

    @property
    def is_full(self) -> bool:
        """Say whether every check there is was tried and passed."""
        return self.passed == len(CHECKS)


def run(trial: Trial, only: Collection[str] = ()) -> Iterator[Result]:
    """Yield the result of each check, or of those with the codes in `only`, as it ends.

    The devices that a check registered are unregistered before the next one begins.

    Raises:
        Unreachable: nobody answers at the address, or at that of the push service.
        ChangeFailed: the pass could not be changed.
    """
    _greet(trial)
    for check in CHECKS:
        if not only or check.code in only:
            yield _result(trial, check)


def score(results: Sequence[Result]) -> Score:
    """Return how many of the results are good."""
    passed = sum(result.outcome is Outcome.PASSED for result in results)
    untried = sum(result.outcome is Outcome.NOT_TRIED for result in results)
    return Score(passed, len(results) - untried, len(results))


def _greet(trial: Trial) -> None:
    try:
        trial.device().ask(trial.copy.type_id)
    except NoAnswer as error:
        raise Unreachable(str(error)) from error


def _result(trial: Trial, check: Check) -> Result:
    missing = _missing(trial, check)
    if missing:
        return Result(check, Outcome.NOT_TRIED, f"needs {' and '.join(missing)}")
    trial.server.seen.clear()
    try:
        check.run(trial)
    except NotTried as reason:
        return Result(check, Outcome.NOT_TRIED, str(reason), _evidence(trial))
    except Failed as fault:
        return Result(check, Outcome.FAILED, str(fault), _evidence(trial))
    finally:
        trial.tidy()
    return Result(check, Outcome.PASSED)


def _missing(trial: Trial, check: Check) -> list[Need]:
    has: Mapping[Need, bool] = {
        Need.CHANGE: trial.change_pass is not None,
        Need.SECOND: trial.second_copy is not None,
        Need.APNS: trial.push_service is not None,
        Need.FLOOD: trial.flood > 0,
    }
    return [need for need in check.needs if not has[need]]


def _evidence(trial: Trial) -> tuple[str, ...]:
    counted = ((line, len(list(same))) for line, same in groupby(trial.server.seen))
    return tuple(line if times == 1 else f"{line} ({times} times)" for line, times in counted)
