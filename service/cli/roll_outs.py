"""`tessera roll-outs`: a design's way to a program's passes, in an operator's hands."""

import click

from service.cli.commands import brand_option, json_option, perform
from service.domain.roll_outs import ALL, FASTEST, PER_SECOND

program_option = click.option("--program", required=True, help="Name of the program.")
PERCENT = click.IntRange(1, ALL)


@click.group("roll-outs")
def roll_outs() -> None:
    """Roll-outs: give a design to installed passes at a pace; stop it, take it back."""


@roll_outs.command("start")
@brand_option
@program_option
@click.option("--design", required=True, metavar="NAME[@VERSION]", help="Newest, if no version.")
@click.option("--percent", type=PERCENT, default=ALL, show_default=True, help="Part of the passes.")
@click.option(
    "--per-second",
    type=click.IntRange(1, FASTEST),
    default=PER_SECOND,
    show_default=True,
    help="Passes per second at most.",
)
@click.option("--dry-run", is_flag=True, help="Only say how many passes, and for how long.")
@json_option
def start(
    brand: str,
    program: str,
    design: str,
    percent: int,
    per_second: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Begin a roll-out."""
    asked = {"design": design, "percent": percent, "per_second": per_second}
    arguments = {"brand": brand, "program": program, **asked, "is_dry_run": dry_run}
    perform("roll-outs start", arguments, as_json)


@roll_outs.command("list")
@brand_option
@program_option
@json_option
def list_all(brand: str, program: str, as_json: bool) -> None:
    """List the last 50 roll-outs of a program, newest first."""
    perform("roll-outs list", {"brand": brand, "program": program}, as_json)


@roll_outs.command("status")
@brand_option
@program_option
@json_option
def status(brand: str, program: str, as_json: bool) -> None:
    """Show how far a program's newest roll-out is."""
    perform("roll-outs status", {"brand": brand, "program": program}, as_json)


@roll_outs.command("widen")
@brand_option
@program_option
@click.option("--percent", required=True, type=PERCENT, help="Part of the passes.")
@json_option
def widen(brand: str, program: str, percent: int, as_json: bool) -> None:
    """Move a larger part of the passes."""
    arguments = {"brand": brand, "program": program, "percent": percent}
    perform("roll-outs widen", arguments, as_json)


@roll_outs.command("stop")
@brand_option
@program_option
@json_option
def stop(brand: str, program: str, as_json: bool) -> None:
    """Move no more passes; those that were moved keep the design."""
    perform("roll-outs stop", {"brand": brand, "program": program}, as_json)


@roll_outs.command("resume")
@brand_option
@program_option
@json_option
def resume(brand: str, program: str, as_json: bool) -> None:
    """Go on where the roll-out was stopped."""
    perform("roll-outs resume", {"brand": brand, "program": program}, as_json)


@roll_outs.command("roll-back")
@brand_option
@program_option
@json_option
def roll_back(brand: str, program: str, as_json: bool) -> None:
    """Give every pass the design back that it had, at the same pace."""
    perform("roll-outs roll-back", {"brand": brand, "program": program}, as_json)
