"""What `tessera roll-outs` does: commands by name, the same here as inside a running service."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service.cli.results import Command, Result
from service.context import Context
from service.domain.errors import ProgramNotFound, RollOutNotFound
from service.domain.history import Actor
from service.domain.pages import Cut
from service.domain.roll_outs import RollOutAct
from service.operations import programs, roll_outs
from service.operations.roll_outs import Progress, RollOutRequest

LISTED = 50
MINUTE_S, HOUR_S = 60, 3600


def start(
    context: Context,
    brand: str,
    program: str,
    design: str,
    percent: int,
    per_second: int,
    is_dry_run: bool,
) -> Result:
    actor = _actor(context, brand)
    program_id = _program_called(context, actor, program)
    asked = RollOutRequest(roll_outs.design_called(context, actor, design), percent, per_second)
    begin = roll_outs.rehearse if is_dry_run else roll_outs.start
    return _shown(context, begin(context, actor, program_id, asked), is_kept=not is_dry_run)


def list_all(context: Context, brand: str, program: str) -> Result:
    actor = _actor(context, brand)
    program_id = _program_called(context, actor, program)
    page = roll_outs.listed(context, actor, program_id, Cut(LISTED))
    return [_shown(context, each) for each in page.items]


def status(context: Context, brand: str, program: str) -> Result:
    return _shown(context, _newest(context, _actor(context, brand), program))


def widen(context: Context, brand: str, program: str, percent: int) -> Result:
    return _acted(context, brand, program, RollOutAct.WIDEN, percent)


def stop(context: Context, brand: str, program: str) -> Result:
    return _acted(context, brand, program, RollOutAct.STOP)


def resume(context: Context, brand: str, program: str) -> Result:
    return _acted(context, brand, program, RollOutAct.RESUME)


def roll_back(context: Context, brand: str, program: str) -> Result:
    return _acted(context, brand, program, RollOutAct.ROLL_BACK)


def _acted(
    context: Context, brand: str, program: str, act: RollOutAct, percent: int | None = None
) -> Result:
    actor = _actor(context, brand)
    newest = _newest(context, actor, program).roll_out
    return _shown(context, roll_outs.act(context, actor, newest.id, act, percent))


def _actor(context: Context, brand: str) -> Actor:
    return Actor(programs.brand_called(context, brand), "an operator", "tessera", "none")


def _program_called(context: Context, actor: Actor, name: str) -> UUID:
    known = {each.name: each.id for each in programs.programs_of(context, actor.brand_id)}
    if name not in known:
        listed = ", ".join(known) or "none"
        raise ProgramNotFound(f"The brand has no program called {name}. There are: {listed}.")
    return known[name]


def _newest(context: Context, actor: Actor, program: str) -> Progress:
    program_id = _program_called(context, actor, program)
    page = roll_outs.listed(context, actor, program_id, Cut(1))
    if not page.items:
        raise RollOutNotFound(f"The program {program} has had no roll-out.")
    return page.items[0]


def _shown(context: Context, progress: Progress, *, is_kept: bool = True) -> dict[str, Any]:
    found = progress.roll_out
    names = roll_outs.design_names(context, [found.from_design_id, found.to_design_id])
    kept = {"id": str(found.id), "status": found.status} if is_kept else {"status": "dry run"}
    return {
        **kept,
        "from": names[found.from_design_id],
        "to": names[found.to_design_id],
        "percent": found.percent,
        "moved": found.moved,
        "remaining": progress.remaining,
        "forecast_s": progress.forecast_s,
        "forecast": forecast(progress),
    }


def forecast(progress: Progress) -> str:
    """Return in words how many passes are left and how long they take."""
    if not progress.remaining:
        return "no pass is left to be moved"
    passes = "1 pass" if progress.remaining == 1 else f"{progress.remaining:,} passes"
    takes = _duration(progress.forecast_s)
    return f"{passes} will be fetched anew, {takes} at {progress.roll_out.per_second}/s"


def _duration(seconds: int) -> str:
    if seconds < MINUTE_S:
        return f"{seconds} s"
    if seconds < HOUR_S:
        return f"{-(-seconds // MINUTE_S)} min"
    return f"{seconds // HOUR_S} h {seconds % HOUR_S // MINUTE_S} min"


COMMANDS: Mapping[str, Command] = {
    "roll-outs start": start,
    "roll-outs list": list_all,
    "roll-outs status": status,
    "roll-outs widen": widen,
    "roll-outs stop": stop,
    "roll-outs resume": resume,
    "roll-outs roll-back": roll_back,
}
