"""Phones that were told of a change and have not come for it: when to look, when to push again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain.installations import Proof

STALE_AFTER = timedelta(hours=4)
MOST_REPUSHES = 3
PER = timedelta(hours=24)


@dataclass(frozen=True)
class Watch:
    """A phone's debt as it is looked at (times aware UTC).

    `is_owed`: it is to be pushed anyway. `is_heard`: it has asked for the version, or fetched it.
    Since `repushes_since` it was pushed `repushes` times more than the version needed.
    """

    is_owed: bool
    is_heard: bool
    is_halted: bool
    repushes: int
    repushes_since: datetime | None


@dataclass(frozen=True)
class Step:
    """What a look makes of the debt: when to look again, if at all, and whether to push at once."""

    look_at: datetime | None
    repushes: int = 0
    repushes_since: datetime | None = None
    is_repushed: bool = False


SETTLED = Step(None)


def step(watch: Watch, now: datetime) -> Step:
    """Return what is to be done about a phone that was told 4 hours ago.

    It is pushed again at most 3 times in 24 hours, whatever versions it was told meanwhile. A push
    that Apple accepts makes for another look by itself.
    """
    if watch.is_heard:
        return SETTLED
    repushes, since = _in_this_day(watch, now)
    if watch.is_owed:
        return Step(None, repushes, since)
    if watch.is_halted:
        return Step(now + STALE_AFTER, repushes, since)
    if since is not None and repushes >= MOST_REPUSHES:
        return Step(since + PER, repushes, since)
    return Step(None, repushes + 1, since or now, is_repushed=True)


def _in_this_day(watch: Watch, now: datetime) -> tuple[int, datetime | None]:
    since = watch.repushes_since
    if since is None or not since <= now < since + PER:
        return 0, None
    return watch.repushes, since


def is_stale(proof: Proof, now: datetime) -> bool:
    """Say whether Apple took the newest version hours ago and the phone has not come for it."""
    if proof.pushed_at is None or proof.pushed_version < proof.wanted_version:
        return False
    came_for = max(proof.asked_version or 0, proof.fetched_version or 0)
    return came_for < proof.wanted_version and proof.pushed_at <= now - STALE_AFTER
