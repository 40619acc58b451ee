"""The tessera command: its arguments, and how its results and errors are shown."""

import os
import sys
from typing import Any

import click

from service import __version__
from service.cli import demo, demo_host, logs
from service.cli.certs import certs
from service.cli.commands import brand_option, json_option, perform
from service.cli.conformance import conformance
from service.cli.designs import designs
from service.cli.doctor import doctor
from service.cli.push_keys import push_keys
from service.cli.roll_outs import roll_outs
from service.cli.run import database_held, run, run_worker
from service.cli.serve import serve as serve_processes
from service.cli.story import Story
from service.cli.story_screen import tell, tell_as_json
from service.domain.errors import InvalidInput, ServiceError, SetupError
from service.domain.numbers import CheckDigit
from service.domain.programs import BarcodeFormat
from service.operations.access import SCOPES
from service.operations.expiry import faults
from service.settings import load
from service.wiring import System, migrate

FORMATS = [each.value for each in BarcodeFormat]
CHECKS = [each.value for each in CheckDigit]


def main() -> None:
    """Run the command; a problem is one clear message and exit code 1."""
    try:
        tessera(standalone_mode=False)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ServiceError as error:
        click.echo(f"tessera: {error.detail}", err=True)
        for field, fault in error.faults if isinstance(error, InvalidInput) else ():
            click.echo(f"  {field}: {fault}", err=True)
        sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="tessera-cards")
def tessera() -> None:
    """Tessera issues loyalty cards and keeps them true in every phone wallet."""
    os.umask(0o077)  # the database holds what is nobody else's business
    logs.configure()


@tessera.command("migrate")
def migrate_command() -> None:
    """Create the database, or bring its schema up to date."""
    settings = load()
    with database_held(settings):
        migrate(settings)
    click.echo("The database is up to date.")


@tessera.command("run")
@click.option("--demo", "with_demo", is_flag=True, help="Set up and start the demo in var/.")
def run_command(with_demo: bool) -> None:
    """Run the whole service in one process: web and deliveries."""
    settings = load()
    if with_demo:
        demo.run_demo(settings)
        return
    with database_held(settings):
        run(settings, _announce)


def _announce(system: System) -> None:
    _warn(system)
    click.echo(f"Tessera answers on {system.context.settings.base_url}; stop it with Ctrl-C.")


@tessera.command("demo")
@json_option
def demo_command(as_json: bool) -> None:
    """Tell the story of one card, step by step, on the running demo or one started for it."""
    with demo_host.demo(load()) as told, Story(told) as story:
        (tell_as_json if as_json else tell)(story)


@tessera.command("serve")
@click.option("--processes", default=2, show_default=True, help="Number of web processes.")
def serve_command(processes: int) -> None:
    """Run web processes on PostgreSQL; run `tessera worker` beside them."""
    serve_processes(load(), processes)


@tessera.command("worker")
def worker_command() -> None:
    """Run deliveries on PostgreSQL, beside `tessera serve`."""
    settings = load()
    if settings.is_sqlite:
        raise SetupError("`tessera worker` needs PostgreSQL: on SQLite `tessera run` delivers.")
    run_worker(settings, _announce_worker)


def _announce_worker(system: System) -> None:
    _warn(system)
    click.echo("The worker is ready; stop it with Ctrl-C.")


def _warn(system: System) -> None:
    for fault in faults(system.context):
        click.echo(f"Attention: {fault}", err=True)


@tessera.group()
def brands() -> None:
    """Brands: the owners of programs, keys and certificates."""


@brands.command("create")
@click.argument("name")
@click.option("--mode", type=click.Choice(["live", "test"]), default="live", show_default=True)
@json_option
def create_brand(name: str, mode: str, as_json: bool) -> None:
    """Create a brand."""
    perform("brands create", {"name": name, "mode": mode}, as_json)


@brands.command("list")
@json_option
def list_brands(as_json: bool) -> None:
    """List the brands."""
    perform("brands list", {}, as_json)


@tessera.group()
def programs() -> None:
    """Programs: how a kind of loyalty is presented."""


@programs.command("create")
@brand_option
@click.option("--kind", required=True, help="Kind of program, e.g. points or cashback.")
@click.option("--name", help="Name shown to customers; the kind's own if left out.")
@click.option("--barcode", type=click.Choice(FORMATS), help="Barcode format.")
@click.option("--number-prefix", help="Digits that every card number begins with.")
@click.option("--number-length", type=int, help="Digits of a card number, all counted.")
@click.option("--number-check", type=click.Choice(CHECKS), help="Its check digit.")
@click.option("--region", help="Country of phone numbers without a country code, e.g. DE.")
@json_option
def create_program(
    brand: str,
    kind: str,
    name: str | None,
    barcode: str | None,
    number_prefix: str | None,
    number_length: int | None,
    number_check: str | None,
    region: str | None,
    as_json: bool,
) -> None:
    """Create a program of a kind, with the kind's design."""
    scheme = {"prefix": number_prefix, "length": number_length, "check": number_check}
    changes = {
        "barcode_format": barcode,
        "phone_region": region,
        "number_scheme": _given(scheme) or None,
    }
    given = _given(changes)
    arguments = {"brand": brand, "kind": kind, "name": name, "changes": given}
    perform("programs create", arguments, as_json)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


@programs.command("list")
@brand_option
@json_option
def list_programs(brand: str, as_json: bool) -> None:
    """List a brand's programs."""
    perform("programs list", {"brand": brand}, as_json)


@tessera.group()
def sources() -> None:
    """Sources: senders of events."""


@sources.command("create")
@brand_option
@click.option("--name", required=True, help="Name of the sender.")
@json_option
def create_source(brand: str, name: str, as_json: bool) -> None:
    """Create a Standard Webhooks source; its secret is shown once."""
    perform("sources create", {"brand": brand, "name": name}, as_json)


@tessera.group()
def keys() -> None:
    """API keys of loyalty systems and tills."""


@keys.command("create")
@brand_option
@click.option("--name", required=True, help="Who will use the key.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(sorted(SCOPES)), help="Repeatable."
)
@click.option("--all-scopes", is_flag=True, help="Give the key every scope.")
@json_option
def create_key(
    brand: str, name: str, scopes: tuple[str, ...], all_scopes: bool, as_json: bool
) -> None:
    """Create an API key; its secret is shown once."""
    if all_scopes == bool(scopes):
        raise click.UsageError("Give --scope (once or more), or --all-scopes.")
    wanted = sorted(SCOPES) if all_scopes else list(scopes)
    perform("keys create", {"brand": brand, "name": name, "scopes": wanted}, as_json)


@keys.command("list")
@brand_option
@json_option
def list_keys(brand: str, as_json: bool) -> None:
    """List a brand's API keys; secrets are not kept and cannot be shown."""
    perform("keys list", {"brand": brand}, as_json)


@keys.command("revoke")
@brand_option
@click.argument("key")
@json_option
def revoke_key(brand: str, key: str, as_json: bool) -> None:
    """Make an API key, named by its id, useless from now on."""
    perform("keys revoke", {"brand": brand, "key": key}, as_json)


@tessera.group()
def google() -> None:
    """Google Wallet: the service account that writes a brand's passes."""


@google.command("import")
@brand_option
@click.option("--issuer", required=True, help="Issuer id of the Google Pay & Wallet Console.")
@click.option(
    "--key-file",
    required=True,
    type=click.Path(resolve_path=True),
    help="The service account's key, JSON.",
)
@json_option
def import_google_key(brand: str, issuer: str, key_file: str, as_json: bool) -> None:
    """Import a brand's Google service account, after checking its key file."""
    arguments = {"brand": brand, "issuer": issuer, "key_file": key_file}
    perform("google import", arguments, as_json)


@google.command("resend")
@brand_option
@json_option
def resend_to_google(brand: str, as_json: bool) -> None:
    """Send every pass of a brand to Google once more, as after a restored backup."""
    perform("google resend", {"brand": brand}, as_json)


tessera.add_command(certs)
tessera.add_command(designs)
tessera.add_command(doctor)
tessera.add_command(push_keys)
tessera.add_command(roll_outs)
tessera.add_command(conformance)
