"""What the documents must say: everything that the code offers, and nothing that is not there."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import click
import pytest
from pydantic_core import PydanticUndefined

from service.app import create_app
from service.cli.main import tessera
from service.domain import errors
from service.domain.attention import Attention
from service.domain.cards import (
    AMBIGUOUS_PHONE,
    NEEDS_COMMENT,
    RULES,
    UNKNOWN_CARD,
    VERDICTS,
    Card,
    CardAction,
    CardStatus,
    Reason,
    allowed_actions,
)
from service.http import json_body
from service.http.contract import Operation, api
from service.http.problems import FRAMEWORK_CODES, status_of
from service.operations.access import SCOPES
from service.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
SKIPPED = {"var", "dist", "build", "__pycache__", "node_modules"}
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
AN_ID = "01a20132-514e-749e-a059-ea101d4a909a"


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def row_of(page: str, first_cell: str, heading: str | None = None) -> list[str]:
    """Return the cells after the first one of the table row that begins with `first_cell`."""
    text = text_of(page) if heading is None else section_of(page, heading)
    rows = [line for line in text.splitlines() if line.startswith(f"| {first_cell} |")]
    assert rows, f"{page} has no row for {first_cell}"
    assert len(rows) == 1, f"{page} has more than one row for {first_cell}"
    return [cell.strip() for cell in rows[0].strip("|").split("|")][1:]


def quoted(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def section_of(page: str, heading: str) -> str:
    """Return what stands below a heading, down to the next one of its own rank or above."""
    rank = len(heading.partition(" ")[0])
    after = text_of(page).split(f"\n{heading}\n", 1)[1].splitlines()
    return "\n".join(after[: _end(after, rank)]) + "\n"


def _end(lines: list[str], rank: int) -> int:
    is_code = False
    for number, line in enumerate(lines):
        is_code ^= line.lstrip().startswith("```")
        if not is_code and re.match(rf"#{{1,{rank}}} ", line):
            return number
    return len(lines)


def service_errors(base: type[errors.ServiceError]) -> Iterator[type[errors.ServiceError]]:
    for error in base.__subclasses__():
        yield error
        yield from service_errors(error)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_a_row_with_its_default(name: str) -> None:
    default, meaning = row_of("docs/settings.md", f"`{PREFIX}{name.upper()}`")

    known = Settings.model_fields[name].default
    if known is not None and known is not PydanticUndefined:
        assert f"`{known}`" in default
    assert len(meaning) > 10


def test_no_setting_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `TESSERA_(\w+)`", text_of("docs/settings.md"), re.MULTILINE)

    assert {name.lower() for name in documented} == set(Settings.model_fields)


@pytest.mark.parametrize(
    ("code", "status"),
    sorted({(error.code, status_of(error)) for error in service_errors(errors.ServiceError)}),
)
def test_every_error_code_has_a_row_with_its_status(code: str, status: int) -> None:
    shown_status, meaning, cure = row_of("docs/errors.md", f"`{code}`", "## Codes")

    assert shown_status == str(status)
    assert meaning
    assert cure


@pytest.mark.parametrize(("status", "code"), FRAMEWORK_CODES.items())
def test_every_code_of_the_framework_has_a_row_with_its_status(status: int, code: str) -> None:
    assert row_of("docs/errors.md", f"`{code}`", "## Codes")[0] == str(status)


def test_the_last_resort_and_the_unnamed_refusal_are_documented() -> None:
    assert row_of("docs/errors.md", "`internal_error`", "## Codes")[0] == "500"
    assert row_of("docs/errors.md", "`invalid_request`", "## Codes")


def test_every_reason_to_refuse_a_points_event_is_documented() -> None:
    rules = text_of("service/domain/accounts.py")
    reasons = set(re.findall(r'Decision\(Outcome\.REFUSED, \w+, "(\w+)"\)', rules))
    documented = quoted(section_of("docs/errors.md", "## Refused points events"))

    assert reasons, "the rules do not look as this test expects"
    assert reasons <= documented
    assert {"invalid_input", "card_not_found", "event_conflict"} <= documented


def routes() -> set[tuple[str, str]]:
    declared = {(operation.method, operation.path) for operation in api.operations}
    unserved = SimpleNamespace(settings=Settings())
    app = create_app(unserved)  # type: ignore[arg-type]  # only the routes are read
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    return declared | served


@pytest.mark.parametrize(("method", "path"), sorted(routes()))
def test_every_route_is_in_the_api_page(method: str, path: str) -> None:
    assert f"`{method} {path}`" in text_of("docs/api.md")


def test_no_route_is_documented_that_is_not_served() -> None:
    page = text_of("docs/api.md")
    documented = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^` ]*)`", page)

    assert set(documented) <= routes()


@pytest.mark.parametrize("operation", api.operations, ids=lambda o: o.name)
def test_every_operation_is_documented_with_its_scope(operation: Operation) -> None:
    page = text_of("docs/api.md")
    heading = f"### `{operation.method} {operation.path}`"

    if heading in page:
        assert f"`{operation.scope}`" in section_of("docs/api.md", heading)
    else:
        assert operation.scope in quoted(
            row_of("docs/api.md", f"`{operation.method} {operation.path}`")[0]
        )


@pytest.mark.parametrize("code", Attention)
def test_every_code_of_attention_is_documented(code: Attention) -> None:
    assert row_of("docs/api.md", f"`{code}`", "### `GET /v1/health`")


def test_the_table_of_scopes_is_that_of_the_code() -> None:
    table = section_of("docs/api.md", "### Scopes")

    assert set(re.findall(r"^\| `([\w:]+)`", table, re.MULTILINE)) == set(SCOPES)


def examples(markdown: str) -> list[Any]:
    found = re.findall(r"```json\n(.*?)```", markdown, re.DOTALL)
    return [json.loads(each.replace("01a2...", AN_ID)) for each in found]


@pytest.mark.parametrize("operation", api.operations, ids=lambda o: o.name)
def test_every_example_fits_what_the_operation_takes_and_answers(operation: Operation) -> None:
    heading = f"### `{operation.method} {operation.path}`"
    if heading not in text_of("docs/api.md"):
        heading = "### Acts on a card"
    shown = examples(section_of("docs/api.md", heading))

    assert shown
    if operation.body is not None:
        json_body.validated(operation.body, shown.pop(0))
    for body in shown:
        next(iter(operation.answers.values())).model_validate(body)


def commands(
    group: click.Command = tessera, path: tuple[str, ...] = ("tessera",)
) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(group, click.Group):
        yield " ".join(path), group
        return
    for name, command in group.commands.items():
        yield from commands(command, (*path, name))


COMMANDS = dict(commands())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_row_with_all_its_options(name: str) -> None:
    command = COMMANDS[name]
    arguments = [p.human_readable_name for p in command.params if isinstance(p, click.Argument)]
    options = {p.opts[0] for p in command.params if isinstance(p, click.Option)}

    cells = row_of("docs/cli.md", f"`{' '.join([name, *arguments])}`")

    assert set(re.findall(r"--[a-z-]+", cells[-1])) == options


def test_the_options_of_the_command_itself_are_documented() -> None:
    page = text_of("docs/cli.md")

    assert all(f"`{option}`" in page for option in ("-h", "--help", "--version"))


@pytest.mark.parametrize("action", CardAction)
def test_the_row_of_an_action_is_what_the_rules_say(action: CardAction) -> None:
    sources, target, reasons = row_of("docs/card-states.md", f"`{action}`")

    assert quoted(sources) == RULES[action].sources
    assert RULES[action].target in quoted(target)
    assert quoted(reasons) == RULES[action].reasons


@pytest.mark.parametrize("word", [*CardStatus, *Reason])
def test_every_status_and_reason_is_in_the_page_of_card_states(word: str) -> None:
    assert f"`{word}`" in text_of("docs/card-states.md")


def test_the_reasons_that_need_a_comment_are_named() -> None:
    line = next(
        line for line in text_of("docs/card-states.md").splitlines() if "need a `comment`" in line
    )

    assert quoted(line) - {"comment"} == NEEDS_COMMENT


@pytest.mark.parametrize("status", CardStatus)
def test_allowed_actions_are_documented_for_every_status(status: CardStatus) -> None:
    nobody = UUID(AN_ID)
    card = Card(nobody, nobody, nobody, nobody, "1", status, datetime(2026, 1, 1, tzinfo=UTC))
    table = section_of("docs/card-states.md", "## allowed_actions")
    rows = [line.strip("|").split("|") for line in table.splitlines() if f"`{status}`" in line]

    assert quoted(rows[0][1]) == set(allowed_actions(card))


@pytest.mark.parametrize("status", CardStatus)
def test_what_a_till_may_do_is_documented_for_every_status(status: CardStatus) -> None:
    table = section_of("docs/card-states.md", "## What a till may do")
    row = next(line for line in table.splitlines() if line.startswith(f"| `{status}`"))
    _, earn, redeem, code = (cell.strip() for cell in row.strip("|").split("|"))

    verdict = VERDICTS[status]
    assert (earn == "yes", redeem == "yes") == (verdict.can_earn, verdict.can_redeem)
    assert quoted(code) == {verdict.decline_code or "null"}


@pytest.mark.parametrize("verdict", [UNKNOWN_CARD, AMBIGUOUS_PHONE], ids=lambda v: v.decline_code)
def test_refusals_without_a_card_are_documented(verdict: Any) -> None:
    table = section_of("docs/card-states.md", "## What a till may do")

    assert f"| no | no | `{verdict.decline_code}`" in table


def test_the_command_that_shows_program_ids_is_told_with_the_brand_that_it_needs() -> None:
    for page in ("docs/api.md", "docs/errors.md", "service/http/wording.py"):
        told = re.findall(r"`(tessera programs list[^`]*)`", text_of(page))
        assert set(told) == {"tessera programs list --brand NAME"}, page


def folders_of_the_service() -> list[str]:
    return sorted(init.parent.name for init in (ROOT / "service").glob("*/__init__.py"))


@pytest.mark.parametrize("folder", folders_of_the_service())
def test_every_folder_of_the_service_is_on_the_map(folder: str) -> None:
    assert f"(service/{folder})" in section_of("README.md", "## Map of the code")


def test_the_first_card_is_valid_bash() -> None:
    section = section_of("README.md", "## A first card")
    script = "\n".join(re.findall(r"```bash\n(.*?)```", section, re.DOTALL))

    checked = subprocess.run(
        ["bash", "-n"], input=script, text=True, capture_output=True, check=False
    )

    assert script.count("\n") > 40
    assert (checked.returncode, checked.stderr) == (0, "")


def pages() -> list[str]:
    found = (page.relative_to(ROOT) for page in ROOT.rglob("*.md"))
    return sorted(str(page) for page in found if not _is_skipped(page))


def _is_skipped(page: Path) -> bool:
    return any(part in SKIPPED or part.startswith(".") for part in page.parts[:-1])


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", pages())
def test_every_relative_link_leads_somewhere(page: str) -> None:
    here = ROOT / page
    links = LINK.findall(FENCED.sub("", here.read_text(encoding="utf-8")))

    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = here.parent / path if path else here
        assert target.exists(), f"{page} links to {path}, which is not there"
        assert not anchor or anchor in anchors(target), f"{page}: {link} has no such heading"


DECISIONS = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("decision", DECISIONS)
def test_every_decision_has_its_parts_and_is_listed(decision: str) -> None:
    text = text_of(f"docs/decisions/{decision}")

    assert text.startswith(f"# {decision[:4]}: ")
    assert "\nStatus: accepted" in text
    assert [h for h in ("## Context", "## Choice", "## Cost") if h not in text] == []
    assert f"({decision})" in text_of("docs/decisions/README.md")


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(name[:4]) for name in DECISIONS]

    assert numbers == list(range(1, len(numbers) + 1))


def test_every_decision_that_the_code_cites_exists() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "service").rglob("*.py")]
    cited = {number for source in sources for number in re.findall(r"decisions/(\d{4})", source)}

    assert cited
    assert cited <= {name[:4] for name in DECISIONS}


CITED = re.compile(r"docs/sources\.md, ((?:[ag]-\d+(?: to | and |, )?)+)")


def cited_facts(text: str) -> Iterator[str]:
    """Yield the ids of facts that a file cites; `g-2 to g-4` is three of them."""
    for found in CITED.findall(text):
        kind = found[0]
        for first, last in re.findall(r"[ag]-(\d+)(?: to [ag]-(\d+))?", found):
            yield from (f"{kind}-{n}" for n in range(int(first), int(last or first) + 1))


def test_every_cited_fact_has_its_source_and_every_source_is_cited() -> None:
    files = [*(ROOT / "service").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    cited = {fact for file in files for fact in cited_facts(file.read_text(encoding="utf-8"))}
    known = re.findall(r"^\| ([ag]-\d+) \|", text_of("docs/sources.md"), re.MULTILINE)

    assert set(known) == cited
    assert len(known) == len(set(known))


def test_the_table_of_libraries_is_that_of_the_package() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    direct = {re.split(r"[\[<>=~! ;]", each)[0] for each in project["dependencies"]}
    table = text_of("docs/decisions/0013-libraries.md").split("| Library |")[1].splitlines()[2:]
    rows = takewhile(lambda line: line.startswith("|"), table)

    assert {row.split("|")[1].strip() for row in rows} == direct
