"""`tessera conformance`: drives any server's Apple web service as phones do, and scores it."""

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from service.conformance.copy import in_hand
from service.conformance.outcomes import ChangeFailed
from service.conformance.pushes import PushService
from service.conformance.server import Server
from service.conformance.suite import CHECKS, Outcome, Result, Score, run, score
from service.conformance.trial import PATIENCE_S, Change, Trial
from service.domain.errors import SetupError

CHANGE_WITHIN_S = 60
FLOOD = 4000
SIGNS = {
    Outcome.PASSED: ("passed    ", "green"),
    Outcome.FAILED: ("FAILED    ", "bold red"),
    Outcome.NOT_TRIED: ("not tried ", "yellow"),
}
file_type = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("conformance")
@click.argument("url", required=False)
@click.option("--pass", "pass_file", required=True, type=file_type, help="A .pkpass it issued.")
@click.option("--second-pass", "second_file", type=file_type, help="Another one, same pass type.")
@click.option("--change", metavar="COMMAND", help="Shell command: changes the pass of serial $1.")
@click.option("--apns", metavar="URL", help="Control address of the APNs emulator it pushes to.")
@click.option("--flood", is_flag=True, help="Also ask thousands of times, to meet its limit.")
@click.option("--ca", "ca_file", type=file_type, help="PEM file of the authority to trust.")
@click.option("--only", multiple=True, metavar="CODE", help="Only this check. Repeatable.")
@click.option(
    "--patience", default=PATIENCE_S, show_default=True, help="Seconds to wait for a change."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
def conformance(
    url: str | None,
    pass_file: Path,
    second_file: Path | None,
    change: str | None,
    apns: str | None,
    flood: bool,
    ca_file: Path | None,
    only: tuple[str, ...],
    patience: float,
    as_json: bool,
) -> None:
    """Drive the Apple web service at URL as phones do, and score it.

    URL is the webServiceURL, without /v1; the pass's own if left out.
    """
    _check_codes(only)
    copy = in_hand(pass_file)
    second = in_hand(second_file) if second_file else None
    if second is not None and (second.type_id != copy.type_id or second.serial == copy.serial):
        raise SetupError("--second-pass must be another pass of the same pass type.")
    with _server(url or copy.web_service_url, ca_file) as server, _pushes(apns, patience) as pushes:
        trial = Trial(
            server=server,
            copy=copy,
            second_copy=second,
            change_pass=_shell(change) if change else None,
            push_service=pushes,
            flood=FLOOD if flood else 0,
            patience_s=patience,
        )
        results = run(trial, only)
        counted = _print_json(server.url, results) if as_json else _print(server.url, results)
    if failed := counted.tried - counted.passed:
        raise SetupError(f"{failed} of {counted.tried} checks failed.")


def _check_codes(only: Iterable[str]) -> None:
    unknown = sorted(set(only) - {check.code for check in CHECKS})
    if unknown:
        raise click.UsageError(f"There is no check {', '.join(unknown)}.")


@contextmanager
def _server(url: str, ca_file: Path | None) -> Iterator[Server]:
    if not url.startswith(("https://", "http://")):
        raise SetupError("The pass names no webServiceURL: give the address as URL.")
    if url.rstrip("/").endswith("/v1"):
        raise SetupError("Leave /v1 out of the address: phones add it themselves.")
    server = Server(url, ca_file)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def _pushes(control_url: str | None, patience_s: float) -> Iterator[PushService | None]:
    if control_url is None:
        yield None
        return
    service = PushService(control_url, patience_s)
    try:
        yield service
    finally:
        service.close()


def _shell(command: str) -> Change:
    """Return what runs the command with a pass's serial number as its $1."""

    def change(serial: str) -> None:
        try:
            done = subprocess.run(  # noqa: S603  # the operator's own command
                ["/bin/sh", "-c", command, "sh", serial],
                capture_output=True,
                timeout=CHANGE_WITHIN_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ChangeFailed(f"--change did not end in {CHANGE_WITHIN_S} s.") from error
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()[-500:]
            raise ChangeFailed(f"--change ended with {done.returncode}: {said}")

    return change


def _print(url: str, results: Iterable[Result]) -> Score:
    console = Console(highlight=False)
    console.print(Text(f"Apple web service at {url}"))
    group, shown = "", []
    for result in results:
        if result.check.group != group:
            group = result.check.group
            console.print(Text(f"\n{group}", style="bold"))
        _print_result(console, result)
        shown.append(result)
    counted = score(shown)
    console.print(Text(f"\n{_in_words(counted)}", style="bold"))
    return counted


def _print_result(console: Console, result: Result) -> None:
    sign, style = SIGNS[result.outcome]
    code = (f" [{result.check.code}]", "dim cyan")
    console.print(Text.assemble((sign, style), result.check.what, code), soft_wrap=True)
    if result.outcome is Outcome.PASSED:
        return
    console.print(Text(f"          {result.detail}"), soft_wrap=True)
    if result.outcome is Outcome.FAILED:
        why = f"          why it matters: {result.check.why} [{result.check.source}]"
        console.print(Text(why, style="dim"), soft_wrap=True)
        for asked in result.evidence:
            console.print(Text(f"            {asked}", style="dim"), soft_wrap=True)


def _in_words(counted: Score) -> str:
    untried = counted.known - counted.tried
    text = f"{counted.passed} of {counted.tried} passed"
    text += f"; {untried} of {counted.known} not tried" if untried else ""
    return f"{text}: full marks." if counted.is_full else f"{text}."


def _print_json(url: str, results: Iterable[Result]) -> Score:
    shown = list(results)
    counted = score(shown)
    body = {
        "url": url,
        "passed": counted.passed,
        "tried": counted.tried,
        "known": counted.known,
        "checks": [_as_json(result) for result in shown],
    }
    click.echo(json.dumps(body, indent=2))
    return counted


def _as_json(result: Result) -> dict[str, object]:
    check = result.check
    return {
        "code": check.code,
        "group": check.group,
        "what": check.what,
        "why": check.why,
        "source": check.source,
        "outcome": result.outcome,
        "detail": result.detail,
        "evidence": list(result.evidence),
    }
