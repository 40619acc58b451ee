"""`tessera designs`: what passes look like."""

from datetime import UTC, datetime
from pathlib import Path

import click

from service.cli.commands import brand_option, json_option, perform
from service.designs.folder import files_at
from service.designs.preparing import prepare
from service.operations.designs import FONT
from service.wallets.catalog import design_faults
from service.wiring import templates_folder

# A running service, which may read it, has another folder.
path_argument = click.argument(
    "path", metavar="FOLDER_OR_ZIP", type=click.Path(exists=True, resolve_path=True)
)


@click.group()
def designs() -> None:
    """Designs: what passes look like, in versions."""


@designs.command("publish")
@path_argument
@brand_option
@json_option
def publish_design(path: str, brand: str, as_json: bool) -> None:
    """Publish a design: the next version of its name. No pass changes by itself."""
    perform("designs publish", {"brand": brand, "path": path}, as_json)


@designs.command("list")
@brand_option
@json_option
def list_designs(brand: str, as_json: bool) -> None:
    """List the versions of a brand's designs, newest first."""
    perform("designs list", {"brand": brand}, as_json)


@designs.command("check")
@path_argument
def check_design(path: str) -> None:
    """Tell all that keeps a design from being published; needs no database."""
    now = datetime.now(UTC)
    font = templates_folder() / FONT
    checked = prepare(files_at(Path(path)), font, lambda design: design_faults(design, now))
    for warning in checked.warnings:
        click.echo(f"Attention: {warning}", err=True)
    click.echo(f"The design {checked.name} can be published.")
