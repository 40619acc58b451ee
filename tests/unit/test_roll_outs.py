"""The rules of roll-outs: which act leads where, the pace, what new passes show."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from service.domain.errors import IllegalTransition, InvalidInput
from service.domain.passes import WalletName
from service.domain.roll_outs import (
    LARGEST_STEP,
    RollOut,
    RollOutAct,
    RollOutStatus,
    acted,
    forecast_s,
    settled,
    shown_by_new,
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OLD, NEW = UUID(int=1), UUID(int=2)
A_ROLL_OUT = RollOut(
    id=UUID(int=3),
    brand_id=UUID(int=4),
    program_id=UUID(int=5),
    from_design_id=OLD,
    to_design_id=NEW,
    status=RollOutStatus.RUNNING,
    percent=30,
    per_second=40,
    moved=7,
    due_at=NOON,
    created_at=NOON,
)
# Where each act leads from each status; "=" changes nothing, "-" is refused.
TABLE = {
    "running": {"widen": "running", "stop": "stopped", "resume": "=", "roll-back": "rolling_back"},
    "holding": {"widen": "running", "stop": "stopped", "resume": "=", "roll-back": "rolling_back"},
    "stopped": {"widen": "-", "stop": "=", "resume": "running", "roll-back": "rolling_back"},
    "rolling_back": {"widen": "-", "stop": "-", "resume": "-", "roll-back": "="},
    "rolled_back": {"widen": "-", "stop": "-", "resume": "-", "roll-back": "="},
    "done": {"widen": "-", "stop": "-", "resume": "-", "roll-back": "rolling_back"},
}


def a_roll_out(status: str) -> RollOut:
    is_over = status in ("done", "rolled_back")
    return replace(
        A_ROLL_OUT, status=RollOutStatus(status), due_at=None, ended_at=NOON if is_over else None
    )


@pytest.mark.parametrize("status", RollOutStatus)
@pytest.mark.parametrize("act", RollOutAct)
def test_every_act_leads_from_every_status_where_the_table_says(
    status: RollOutStatus, act: RollOutAct
) -> None:
    before, percent = a_roll_out(status), 60 if act is RollOutAct.WIDEN else None
    leads_to = TABLE[status][act]

    if leads_to == "-":
        with pytest.raises(IllegalTransition):
            acted(before, act, NOON, percent)
        return
    after = acted(before, act, NOON, percent)

    assert (after == before) == (leads_to == "=")
    if leads_to != "=":
        assert after.status == leads_to
        assert after.ended_at is None
        assert after.due_at == (None if leads_to == "stopped" else NOON)
        assert after.moved == (0 if leads_to == "rolling_back" else 7)
        assert after.percent == (percent or 30)


def test_the_same_part_again_changes_nothing_and_a_smaller_one_is_refused() -> None:
    holding = a_roll_out("holding")

    assert acted(holding, RollOutAct.WIDEN, NOON, 30) == holding
    with pytest.raises(InvalidInput) as refused:
        acted(holding, RollOutAct.WIDEN, NOON, 29)
    assert refused.value.faults[0][0] == "percent"


@pytest.mark.parametrize(
    ("status", "percent", "becomes"),
    [
        ("running", 30, "holding"),
        ("running", 99, "holding"),
        ("running", 100, "done"),
        ("rolling_back", 30, "rolled_back"),
    ],
)
def test_when_nothing_is_left_a_part_holds_and_all_else_ends(
    status: str, percent: int, becomes: str
) -> None:
    after = settled(replace(a_roll_out(status), percent=percent), NOON)

    assert (after.status, after.due_at) == (becomes, None)
    assert after.ended_at == (None if becomes == "holding" else NOON)


@pytest.mark.parametrize("per_second", [1, 3, 40, 499, 500, 501, 1000])
def test_steps_are_bounded_and_the_pauses_between_them_keep_the_pace(per_second: int) -> None:
    plan = replace(A_ROLL_OUT, per_second=per_second)

    assert 1 <= plan.step <= LARGEST_STEP
    assert plan.step / plan.pause.total_seconds() == pytest.approx(per_second)
    assert plan.pause <= timedelta(seconds=1)


def test_all_passes_go_back_whatever_part_was_moved() -> None:
    assert (A_ROLL_OUT.below, A_ROLL_OUT.target_id) == (30, NEW)
    back = replace(A_ROLL_OUT, status=RollOutStatus.ROLLING_BACK)
    assert (back.below, back.target_id) == (100, OLD)


@pytest.mark.parametrize("status", RollOutStatus)
def test_only_while_it_spreads_a_part_of_the_new_passes_shows_the_new_design(
    status: RollOutStatus,
) -> None:
    found = a_roll_out(status)
    spreads = status in ("running", "holding")

    assert shown_by_new(OLD, found, WalletName.APPLE, 29) == (NEW if spreads else OLD)
    assert shown_by_new(OLD, found, WalletName.APPLE, 30) == OLD
    assert shown_by_new(OLD, found, WalletName.GOOGLE, 0) == OLD
    assert shown_by_new(OLD, None, WalletName.APPLE, 0) == OLD


def test_the_forecast_of_41203_passes_at_40_a_second() -> None:
    assert forecast_s({WalletName.APPLE: 41203}, 40, 15) == 1031  # 17.2 minutes


@pytest.mark.parametrize(
    ("apple", "google", "per_second", "expected"),
    [(0, 0, 40, 0), (1, 0, 40, 1), (40, 0, 40, 1), (41, 0, 40, 2), (40, 30, 40, 3), (0, 30, 5, 6)],
)
def test_the_forecast_knows_that_google_takes_its_time(
    apple: int, google: int, per_second: int, expected: int
) -> None:
    left = {WalletName.APPLE: apple, WalletName.GOOGLE: google}

    assert forecast_s(left, per_second, 15) == expected
