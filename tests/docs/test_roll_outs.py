"""The page of roll-outs says what the rules say, and its commands are those of `tessera`."""

import re
import shlex

import click
import pytest

from service.cli.main import tessera
from service.domain.roll_outs import (
    FASTEST,
    PER_SECOND,
    ROLL_OUT_RULES,
    RollOutAct,
    RollOutStatus,
)

from .test_documented import quoted, section_of, text_of

PAGE = "docs/roll-outs.md"
WORDS = {
    RollOutAct.WIDEN: "widen",
    RollOutAct.STOP: "stop",
    RollOutAct.RESUME: "resume",
    RollOutAct.ROLL_BACK: "roll back",
}


@pytest.mark.parametrize("status", RollOutStatus)
def test_what_each_status_allows_is_what_the_rules_say(status: RollOutStatus) -> None:
    table = section_of(PAGE, "## What each status allows")
    (row,) = [line for line in table.splitlines() if line.startswith(f"| `{status}` |")]
    allowed = row.strip("|").split("|")[2]

    assert {act for act in RollOutAct if WORDS[act] in allowed} == {
        act for act, rule in ROLL_OUT_RULES.items() if status in rule.sources
    }


def test_the_table_names_every_status_and_no_other() -> None:
    table = section_of(PAGE, "## What each status allows")
    rows = [line for line in table.splitlines() if line.startswith("| `")]

    assert {word for row in rows for word in quoted(row)} == set(RollOutStatus)


def test_every_command_of_the_page_is_one_that_tessera_takes() -> None:
    blocks = re.findall(r"```bash\n(.*?)```", text_of(PAGE), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]

    for line in lines:
        program, *arguments = shlex.split(line)
        command: click.Command = tessera
        context = click.Context(command)
        while isinstance(command, click.Group):
            name, command, arguments = command.resolve_command(context, arguments)
            assert name is not None
        assert command.make_context(program, arguments).params["brand"] == "Corner Coffee"
    assert len(lines) >= 6


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    row = next(line for line in text_of("docs/cli.md").splitlines() if "roll-outs start" in line)

    assert f"({PER_SECOND})" in row
    assert f"at {PER_SECOND}/s" in text_of(PAGE)
    assert FASTEST == 1000
