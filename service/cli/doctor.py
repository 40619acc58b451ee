"""What `tessera doctor` examines, and how the findings are shown."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import click
from cryptography import x509
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.cli.commands import json_option
from service.domain.errors import SetupError
from service.wallets.apple.lint.finding import Finding, Severity, shown
from service.wallets.apple.lint.lint import lint_file
from service.wallets.apple.lint.package import LARGEST_BYTES
from service.wiring import utc_now

WIDTH = 96
HEADINGS = {
    Severity.ERROR: ("The phone refuses the pass", "bold red"),
    Severity.DROPPED: ("The phone leaves something out, silently", "bold yellow"),
    Severity.ADVICE: ("Advice", "bold cyan"),
}
PLURALS = {Severity.ERROR: "errors"}
Findings = Sequence[Finding]


@click.group()
def doctor() -> None:
    """Doctor: says what is wrong, what the customer sees, and how to fix it."""


@doctor.command("pass")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--root",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Root certificate, PEM, up to which the chain is followed.",
)
@json_option
def examine_pass(file: Path, root: Path | None, as_json: bool) -> None:
    """Examine anybody's .pkpass or .pkpasses; exit code 1 if a phone would refuse it."""
    with file.open("rb") as opened:
        content = opened.read(LARGEST_BYTES + 1)
    roots = _certificates(root) if root else b""
    passes = {
        name or file.name: found for name, found in lint_file(content, utc_now(), roots).items()
    }
    checked_to = "root" if root else "intermediate"
    (_print_json if as_json else _print)(passes, checked_to)
    if any(_is_refused(found) for found in passes.values()):
        sys.exit(1)


def _certificates(root: Path) -> bytes:
    content = root.read_bytes()
    try:
        x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise SetupError(
            f"{root} holds no certificate in PEM. Convert one with "
            "`openssl x509 -inform DER -in file.cer -out file.pem`."
        ) from error
    return content


def _is_refused(found: Findings) -> bool:
    return any(finding.severity is Severity.ERROR for finding in found)


def _print_json(passes: Mapping[str, Findings], checked_to: str) -> None:
    told = [
        {
            "name": name,
            "opens": not _is_refused(found),
            "counts": dict(_counts(found)),
            "findings": [asdict(finding) for finding in found],
        }
        for name, found in passes.items()
    ]
    click.echo(json.dumps({"chain_checked_to": checked_to, "passes": told}, indent=2))


def _counts(found: Findings) -> Iterator[tuple[Severity, int]]:
    for severity in Severity:
        yield severity, sum(finding.severity is severity for finding in found)


def _print(passes: Mapping[str, Findings], checked_to: str) -> None:
    console = Console(width=min(WIDTH, Console().width), highlight=False)
    for name, found in passes.items():
        if len(passes) > 1:
            console.print(Text(f"\n{shown(name)}", style="bold underline"))
        for severity, group in groupby(found, lambda finding: finding.severity):
            heading, style = HEADINGS[severity]
            console.print(Text(f"\n{heading}", style=style))
            for _, same in groupby(group, lambda finding: finding.code):
                console.print(Padding(_rule(list(same)), (1, 0, 0, 2)))
        console.print(_verdict(found))
    console.print(Text(_chain(checked_to), style="dim"))


def _rule(found: Findings) -> Table:
    """Return one rule with every place where it is broken."""
    table = Table.grid(padding=(0, 2), pad_edge=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    first = found[0]
    table.add_row("rule", Text.assemble((first.code, "bold"), f": {first.rule}"))
    table.add_row("customer", Text(first.sees))
    for finding in found:
        table.add_row("where", Text(finding.where, style="bold"))
        table.add_row("fix", Text(finding.fix))
    return table


def _verdict(found: Findings) -> Text:
    counts = [
        f"{count} {PLURALS.get(severity, severity) if count > 1 else severity}"
        for severity, count in _counts(found)
        if count
    ]
    is_refused = _is_refused(found)
    words = f"\nA phone would {'refuse' if is_refused else 'open'} this pass"
    listed = f": {', '.join(counts)}." if counts else "."
    return Text(words + listed, style="bold red" if is_refused else "bold green")


def _chain(checked_to: str) -> str:
    if checked_to == "root":
        return "Certificates were checked up to the root given."
    return (
        "Certificates were checked up to the intermediate that the pass carries, not up to a root: "
        "--root FILE names one."
    )
