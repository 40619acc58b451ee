"""Roll-outs of designs: how a new version reaches the passes that are installed."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from service.domain.errors import (
    AlreadyPublished,
    DesignNotFound,
    IllegalTransition,
    ProgramNotFound,
    RollOutNotFound,
    RollOutRunning,
)
from service.domain.roll_outs import ALL, FASTEST, PER_SECOND, RollOutAct
from service.http.contract import Call, answer, api
from service.http.models import Sent, Shown
from service.http.query import Listing, cursor
from service.operations import roll_outs
from service.operations.roll_outs import Progress, RollOutRequest
from service.operations.runner import Answer

OF_PROGRAM = "/v1/programs/{program_id}/roll-outs"
ONE = "/v1/roll-outs/{roll_out_id}"

Percent = Annotated[int, Field(ge=1, le=ALL)]


class RollOutIn(Sent):
    design: UUID
    percent: Percent = ALL
    per_second: Annotated[int, Field(ge=1, le=FASTEST)] = PER_SECOND
    dry_run: bool = False


class WidenIn(Sent):
    percent: Percent


class RollOutOut(Shown):
    """The roll-out; a dry run has no id, no status and no times, for nothing is kept."""

    model_config = ConfigDict(serialize_by_alias=True)

    id: UUID | None = None
    program: UUID
    from_: UUID = Field(validation_alias="from", serialization_alias="from")
    to: UUID
    status: str | None = None
    percent: int
    per_second: int
    moved: int
    remaining: int
    forecast_s: int
    created_at: datetime | None = None
    ended_at: datetime | None = None


class RollOutsOut(Shown):
    """The program's roll-outs, newest first."""

    roll_outs: list[RollOutOut]
    next_cursor: str | None


@api.operation(
    "POST",
    OF_PROGRAM,
    scope="designs:write",
    body=RollOutIn,
    answers={201: RollOutOut, 200: RollOutOut},
    problems=(ProgramNotFound, DesignNotFound, AlreadyPublished, RollOutRunning),
)
def start_roll_out(call: Call) -> Answer:
    """Give a design to the program's passes, at a pace; or say only how long that would take."""
    body: RollOutIn = call.body
    asked = RollOutRequest(body.design, body.percent, body.per_second)
    program_id = call.uuid("program_id")
    if body.dry_run:
        return answer(_rehearsed(roll_outs.rehearse(call.context, call.actor, program_id, asked)))
    return answer(_shown(roll_outs.start(call.context, call.actor, program_id, asked)), 201)


@api.operation(
    "GET",
    OF_PROGRAM,
    scope="designs:read",
    query=Listing,
    answers={200: RollOutsOut},
    problems=(ProgramNotFound,),
)
def list_roll_outs(call: Call) -> Answer:
    """List the program's roll-outs, newest first."""
    asked: Listing = call.query
    program_id = call.uuid("program_id")
    name = f"roll-outs of {program_id}"
    page = roll_outs.listed(call.context, call.actor, program_id, asked.cut(name))
    shown = [_shown(each) for each in page.items]
    return answer(RollOutsOut(roll_outs=shown, next_cursor=cursor(name, page.last)))


@api.operation(
    "GET", ONE, scope="designs:read", answers={200: RollOutOut}, problems=(RollOutNotFound,)
)
def read_roll_out(call: Call) -> Answer:
    """Read a roll-out: how far it is, and how long it will take."""
    return answer(_shown(roll_outs.details(call.context, call.actor, call.uuid("roll_out_id"))))


acting = partial(
    api.operation,
    "POST",
    scope="designs:write",
    answers={200: RollOutOut},
    problems=(RollOutNotFound, IllegalTransition),
)


@acting(f"{ONE}/widen", body=WidenIn)
def widen_roll_out(call: Call) -> Answer:
    """Move a larger part of the passes."""
    body: WidenIn = call.body
    return _acted(call, RollOutAct.WIDEN, body.percent)


@acting(f"{ONE}/stop")
def stop_roll_out(call: Call) -> Answer:
    """Move no more passes; those that were moved keep the design."""
    return _acted(call, RollOutAct.STOP)


@acting(f"{ONE}/resume")
def resume_roll_out(call: Call) -> Answer:
    """Go on where the roll-out was stopped."""
    return _acted(call, RollOutAct.RESUME)


@acting(f"{ONE}/roll-back")
def roll_back(call: Call) -> Answer:
    """Give every pass the design back that it had, at the same pace."""
    return _acted(call, RollOutAct.ROLL_BACK)


def _acted(call: Call, act: RollOutAct, percent: int | None = None) -> Answer:
    roll_out_id = call.uuid("roll_out_id")
    return answer(_shown(roll_outs.act(call.context, call.actor, roll_out_id, act, percent)))


def _rehearsed(progress: Progress) -> RollOutOut:
    return RollOutOut(**_plan(progress))


def _shown(progress: Progress) -> RollOutOut:
    found = progress.roll_out
    return RollOutOut(
        id=found.id,
        status=found.status,
        created_at=found.created_at,
        ended_at=found.ended_at,
        **_plan(progress),
    )


def _plan(progress: Progress) -> dict[str, Any]:
    begun = progress.roll_out
    return {
        "program": begun.program_id,
        "from": begun.from_design_id,
        "to": begun.to_design_id,
        "percent": begun.percent,
        "per_second": begun.per_second,
        "moved": begun.moved,
        "remaining": progress.remaining,
        "forecast_s": progress.forecast_s,
    }
