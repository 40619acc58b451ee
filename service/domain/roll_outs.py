"""A design on its way to a program's passes: paced, to a part first, stopped, taken back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from service.domain.errors import IllegalTransition, InvalidInput
from service.domain.passes import WalletName

ALL = 100  # percent
PER_SECOND, FASTEST = 40, 1000
LARGEST_STEP = 500  # passes of one transaction


class RollOutStatus(StrEnum):
    RUNNING = "running"
    HOLDING = "holding"  # the part that was asked for has the design
    STOPPED = "stopped"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    DONE = "done"


class RollOutAct(StrEnum):
    WIDEN = "widen"
    STOP = "stop"
    RESUME = "resume"
    ROLL_BACK = "roll-back"


@dataclass(frozen=True)
class RollOutRule:
    """From where an act leads where. In the statuses `after` it was done before: no change."""

    sources: frozenset[RollOutStatus]
    target: RollOutStatus
    after: frozenset[RollOutStatus]


SPREADING = frozenset({RollOutStatus.RUNNING, RollOutStatus.HOLDING})
MOVING = frozenset({RollOutStatus.RUNNING, RollOutStatus.ROLLING_BACK})
ROLL_OUT_RULES = {
    RollOutAct.WIDEN: RollOutRule(SPREADING, RollOutStatus.RUNNING, frozenset()),
    RollOutAct.STOP: RollOutRule(
        SPREADING, RollOutStatus.STOPPED, frozenset({RollOutStatus.STOPPED})
    ),
    RollOutAct.RESUME: RollOutRule(
        frozenset({RollOutStatus.STOPPED}), RollOutStatus.RUNNING, SPREADING
    ),
    RollOutAct.ROLL_BACK: RollOutRule(
        SPREADING | {RollOutStatus.STOPPED, RollOutStatus.DONE},
        RollOutStatus.ROLLING_BACK,
        frozenset({RollOutStatus.ROLLING_BACK, RollOutStatus.ROLLED_BACK}),
    ),
}


@dataclass(frozen=True)
class RollOut:
    """One design's way to the passes of one program; at most one per program has not ended.

    `percent`: only passes whose bucket is below it are moved. `moved` counts passes; a roll-back
    counts anew. `due_at` (aware UTC): when the next are moved; None while none are.
    """

    id: UUID
    brand_id: UUID
    program_id: UUID
    from_design_id: UUID
    to_design_id: UUID
    status: RollOutStatus
    percent: int
    per_second: int
    moved: int
    due_at: datetime | None
    created_at: datetime
    ended_at: datetime | None = None

    @property
    def is_back(self) -> bool:
        """Say whether passes go back to the design that they had."""
        return self.status is RollOutStatus.ROLLING_BACK

    @property
    def target_id(self) -> UUID:
        """Return the design that passes are being given."""
        return self.from_design_id if self.is_back else self.to_design_id

    @property
    def below(self) -> int:
        """Return the bound of the buckets that are moved: all of them go back."""
        return ALL if self.is_back else self.percent

    @property
    def step(self) -> int:
        """Return how many passes are moved at once."""
        return min(self.per_second, LARGEST_STEP)

    @property
    def pause(self) -> timedelta:
        """Return how long after one step the next may be, so that the pace is kept."""
        return timedelta(seconds=self.step / self.per_second)


def acted(roll_out: RollOut, act: RollOutAct, now: datetime, percent: int | None = None) -> RollOut:
    """Return the roll-out after the act; the same if the act was done before.

    Raises:
        IllegalTransition: its status does not allow the act.
        InvalidInput: it is to be widened to less than it has.
    """
    rule = ROLL_OUT_RULES[act]
    if roll_out.status in rule.after:
        return roll_out
    if roll_out.status not in rule.sources:
        raise IllegalTransition(f"A roll-out that is {roll_out.status} cannot take {act}.")
    if percent == roll_out.percent:
        return roll_out
    if percent is not None and percent < roll_out.percent:
        has = f"has {roll_out.percent} already; less needs a roll-back"
        raise InvalidInput("A roll-out can only be widened.", [("percent", has)])
    return replace(
        roll_out,
        status=rule.target,
        percent=percent or roll_out.percent,
        moved=0 if act is RollOutAct.ROLL_BACK else roll_out.moved,
        due_at=now if rule.target in MOVING else None,
        ended_at=None,
    )


def moved_on(roll_out: RollOut, passes: int, now: datetime) -> RollOut:
    """Return the roll-out after a step that moved so many passes."""
    return replace(roll_out, moved=roll_out.moved + passes, due_at=now + roll_out.pause)


def settled(roll_out: RollOut, now: datetime) -> RollOut:
    """Return the roll-out when no pass is left to be moved."""
    if roll_out.is_back:
        return replace(roll_out, status=RollOutStatus.ROLLED_BACK, due_at=None, ended_at=now)
    if roll_out.percent < ALL:
        return replace(roll_out, status=RollOutStatus.HOLDING, due_at=None)
    return replace(roll_out, status=RollOutStatus.DONE, due_at=None, ended_at=now)


def shown_by_new(
    published_id: UUID, roll_out: RollOut | None, wallet: WalletName, bucket: int
) -> UUID:
    """Return which design a new pass shows: a part of the new ones takes part in the roll-out.

    A wallet that keeps passes draws them all in the published design, for it has one class.
    """
    if roll_out is None or roll_out.status not in SPREADING or wallet.keeps_passes:
        return published_id
    return roll_out.to_design_id if bucket < roll_out.percent else published_id


def forecast_s(left: Mapping[WalletName, int], per_second: int, kept_per_second: int) -> int:
    """Return in how many seconds so many passes are moved and told.

    `kept_per_second`: how many of the passes that vendors keep can be told.
    """
    paces = {name: per_second for name in left}
    paces |= {name: min(per_second, kept_per_second) for name in left if name.keeps_passes}
    return sum(-(-count // paces[name]) for name, count in left.items())
