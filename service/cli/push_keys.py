"""`tessera push-keys`: `.p8` keys that push in place of a certificate."""

import click

from service.cli.commands import brand_option, json_option, perform


@click.group("push-keys")
def push_keys() -> None:
    """Push keys: what says to APNs who pushes, in place of a certificate."""


@push_keys.command("import")
@brand_option
@click.option("--pass-type", required=True, help="Pass Type ID that it pushes for.")
@click.option("--key-id", required=True, help="Apple's id of the key: 10 letters and digits.")
@click.option("--team-id", required=True, help="Apple's id of the team: 10 letters and digits.")
@click.option(
    "--key-file", required=True, type=click.Path(resolve_path=True), help="AuthKey_....p8."
)
@json_option
def import_key(
    brand: str, pass_type: str, key_id: str, team_id: str, key_file: str, as_json: bool
) -> None:
    """Import a push key of a brand's pass type and use it from now on."""
    arguments = {
        "brand": brand,
        "pass_type": pass_type,
        "key_id": key_id,
        "team_id": team_id,
        "key_file": key_file,
    }
    perform("push-keys import", arguments, as_json)


@push_keys.command("list")
@brand_option
@json_option
def list_keys(brand: str, as_json: bool) -> None:
    """List a brand's push keys; of each pass type the first is the one in use."""
    perform("push-keys list", {"brand": brand}, as_json)


@push_keys.command("remove")
@brand_option
@click.argument("key")
@json_option
def remove_key(brand: str, key: str, as_json: bool) -> None:
    """Forget a push key, named by its id; without any the certificate pushes again."""
    perform("push-keys remove", {"brand": brand, "key": key}, as_json)
