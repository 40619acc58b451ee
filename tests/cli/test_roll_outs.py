"""`tessera roll-outs`: by the names that an operator knows, on the program's newest roll-out."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli.administration import perform
from service.cli.roll_out_acts import forecast
from service.cli.roll_outs import roll_outs
from service.domain.errors import (
    AlreadyPublished,
    DesignNotFound,
    ProgramNotFound,
    RollOutNotFound,
)
from service.operations.roll_outs import Progress
from tests.roll_outs import KIND, a_design, a_fleet, moved, run
from tests.unit.test_roll_outs import A_ROLL_OUT
from tests.world import World


def told(world: World, command: str, **arguments: Any) -> Any:
    named = {"brand": "Tests", "program": world.brand.program.name, **arguments}
    return perform(world.context, f"roll-outs {command}", named)


def started(world: World, design: str = KIND, **asked: Any) -> Any:
    usual = {"percent": 100, "per_second": 40, "is_dry_run": False}
    return told(world, "start", **{"design": design, **usual, **asked})


def test_an_operator_rehearses_begins_widens_stops_and_takes_back(world: World) -> None:
    world.clock.freeze()
    cards = a_fleet(world, [1, 2, 50])
    new = a_design(world)

    rehearsed = started(world, percent=10, per_second=1, is_dry_run=True)
    begun = started(world, percent=10)
    run(world, 2)
    holding = told(world, "status")
    widened = told(world, "widen", percent=60)
    stopped = told(world, "stop")
    resumed = told(world, "resume")
    run(world, 2)
    at_sixty = moved(world, cards, new)
    back = told(world, "roll-back")
    run(world, 2)

    assert rehearsed == {
        "status": "dry run",
        "from": "points@1",
        "to": "points@2",
        "percent": 10,
        "moved": 0,
        "remaining": 2,
        "forecast_s": 2,
        "forecast": "2 passes will be fetched anew, 2 s at 1/s",
    }
    assert [each["status"] for each in (begun, holding, widened, stopped, resumed, back)] == [
        "running",
        "holding",
        "running",
        "stopped",
        "running",
        "rolling_back",
    ]
    assert holding["forecast"] == "no pass is left to be moved"
    assert at_sixty == [0, 1, 2]
    assert [each["status"] for each in told(world, "list")] == ["rolled_back"]


def test_a_design_is_named_with_its_version_or_is_the_newest(world: World) -> None:
    a_design(world)
    a_design(world)

    assert started(world, "points", is_dry_run=True)["to"] == "points@3"
    assert started(world, "points@2", is_dry_run=True)["to"] == "points@2"


@pytest.mark.parametrize("name", ["points@9", "points@", "points@two", "coffee", "points@-1", ""])
def test_a_design_that_is_not_there_is_not_found(world: World, name: str) -> None:
    with pytest.raises(DesignNotFound):
        started(world, name)


def test_a_program_that_is_not_there_or_had_no_roll_out_is_told(world: World) -> None:
    with pytest.raises(ProgramNotFound, match="There are: "):
        told(world, "status", program="Nothing")
    with pytest.raises(RollOutNotFound):
        told(world, "status")


@pytest.mark.parametrize(
    ("remaining", "seconds", "said"),
    [
        (1, 1, "1 pass will be fetched anew, 1 s at 40/s"),
        (2400, 60, "2,400 passes will be fetched anew, 1 min at 40/s"),
        (41203, 1031, "41,203 passes will be fetched anew, 18 min at 40/s"),
        (200000, 5000, "200,000 passes will be fetched anew, 1 h 23 min at 40/s"),
    ],
)
def test_the_forecast_is_told_in_words(remaining: int, seconds: int, said: str) -> None:
    assert forecast(Progress(A_ROLL_OUT, remaining, seconds)) == said


def test_the_commands_take_what_the_page_shows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSERA_DATABASE_URL", world.context.settings.database_url)
    monkeypatch.setenv("TESSERA_MASTER_KEY_FILE", str(world.context.settings.master_key_file))
    a_design(world)

    def say(act: str, *options: str) -> Result:
        brand = ("--brand", "Tests", "--program", world.brand.program.name)
        return CliRunner().invoke(roll_outs, [act, *brand, *options])

    dry = say("start", "--design", "points@2", "--dry-run")
    begun = say("start", "--design", "points", "--percent", "5", "--per-second", "7", "--json")
    again = say("start", "--design", "points@1")
    too_much = say("widen", "--percent", "101")
    listed = say("list", "--json")
    acts = [say("widen", "--percent", "50"), say("stop"), say("resume"), say("roll-back")]

    assert "status:        dry run" in dry.output
    assert json.loads(begun.output)["to"] == "points@2"
    assert isinstance(again.exception, AlreadyPublished)
    assert too_much.exit_code == 2
    assert [each["percent"] for each in json.loads(listed.output)] == [5]
    assert [each.output.split()[3] for each in acts] == [
        "running",
        "stopped",
        "running",
        "rolling_back",
    ]
    assert json.loads(say("status", "--json").output)["percent"] == 50
