"""`tessera certs`: the certificates that sign a brand's passes."""

import click

from service.cli.commands import brand_option, json_option, perform


@click.group()
def certs() -> None:
    """Certificates that sign passes."""


@certs.command("import")
@brand_option
@click.option(
    "--certificate", required=True, type=click.Path(resolve_path=True), help="Pass Type ID, PEM."
)
@click.option(
    "--key", required=True, type=click.Path(resolve_path=True), help="Its private key, PEM."
)
@click.option(
    "--wwdr", required=True, type=click.Path(resolve_path=True), help="Apple's intermediate, PEM."
)
@json_option
def import_certificate(brand: str, certificate: str, key: str, wwdr: str, as_json: bool) -> None:
    """Import a brand's Apple certificate, after checking that all parts fit."""
    arguments = {"brand": brand, "certificate": certificate, "key": key, "wwdr": wwdr}
    perform("certs import", arguments, as_json)
