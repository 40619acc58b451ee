"""`tessera certs`: the certificates that sign a brand's passes."""

import sys
from pathlib import Path

import click

from service.cli.commands import (
    brand_option,
    done,
    json_option,
    perform,
    show_json,
    show_names,
)
from service.domain.errors import SetupError

FILE = click.Path(resolve_path=True)  # a running service, which may read it, has another folder


@click.group()
def certs() -> None:
    """Certificates that sign passes."""


@certs.command("csr")
@brand_option
@click.option("--email", required=True, help="Your address; Apple's portal asks for one.")
@click.option("--common-name", default="Pass signing", show_default=True, help="Name in it.")
@click.option("--out", type=click.Path(path_type=Path), help="File for it; else it is printed.")
@json_option
def request_certificate(
    brand: str, email: str, common_name: str, out: Path | None, as_json: bool
) -> None:
    """Make a key, which stays in the database, and a signing request for Apple's portal."""
    if out is not None and out.exists():
        raise SetupError(f"{out} is there already: choose another name.")
    made = done("certs csr", {"brand": brand, "email": email, "common_name": common_name})
    if out is not None:
        out.write_text(made["csr"])
        made["file"] = str(out)
    if as_json:
        show_json(made)
        return
    if out is None:
        click.echo(made["csr"], nl=False)
    click.echo(f"The request is in {out}." if out else "The request is above.", err=True)
    for number, step in enumerate(made["next"], 1):
        click.echo(f"{number}. {step}", err=True)


@certs.command("import")
@brand_option
@click.option("--certificate", required=True, type=FILE, help="Apple's .cer, PEM, or a .p12.")
@click.option("--key", type=FILE, help="Its key, if neither the .p12 nor a request here has it.")
@click.option("--wwdr", multiple=True, type=FILE, help="Apple's intermediate. Repeatable.")
@click.option("--password-file", type=FILE, help="File with the password of .p12 or key.")
@click.option("--from", "active_from", help="Day or time (UTC) from which it signs; else now.")
@click.option("--nfc", "is_nfc", is_flag=True, help="It may sign NFC passes, marked so or not.")
@json_option
def import_certificate(
    brand: str,
    certificate: str,
    key: str | None,
    wwdr: tuple[str, ...],
    password_file: str | None,
    active_from: str | None,
    is_nfc: bool,
    as_json: bool,
) -> None:
    """Import a brand's Apple certificate, after checking that all parts fit."""
    arguments = {
        "brand": brand,
        "certificate": certificate,
        "key": key,
        "wwdr": list(wwdr),
        "password_file": password_file,
        "active_from": active_from,
        "is_nfc": is_nfc,
    }
    perform("certs import", arguments, as_json)


@certs.command("check")
@click.option("--brand", help="Name of the brand; all, if left out.")
@json_option
def check_certificates(brand: str | None, as_json: bool) -> None:
    """Show how every certificate stands; exit code 1 if something needs doing now."""
    rows = done("certs check", {"brand": brand})
    if as_json:
        show_json(rows)
    elif not rows:
        click.echo("There are no certificates yet.")
    else:
        for number, row in enumerate(rows):
            click.echo("" if number else None, nl=bool(number))
            show_names(row)
    if any(row["must_act"] for row in rows):
        sys.exit(1)
