"""What an operator sets up: commands by name, the same here as inside a running service."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service.cli import certificate_acts, design_acts, push_key_acts, roll_out_acts
from service.cli.certificate_acts import content
from service.cli.results import Command, Result
from service.context import Context
from service.domain.brands import Brand, Mode
from service.domain.errors import NotFound
from service.domain.passes import WalletName
from service.operations import access, credentials, deliveries, programs


def create_brand(context: Context, name: str, mode: str) -> Result:
    return _shown(programs.create_brand(context, name, Mode(mode)))


def list_brands(context: Context) -> Result:
    return [_shown(brand) for brand in programs.brands_of(context)]


def _shown(brand: Brand) -> dict[str, Any]:
    return {"id": str(brand.id), "name": brand.name, "mode": brand.mode}


def create_program(
    context: Context, brand: str, kind: str, name: str | None, changes: dict[str, Any]
) -> Result:
    brand_id = programs.brand_called(context, brand)
    made = programs.create_program(context, brand_id, kind, name, **changes)
    return {"id": str(made.id), "name": made.name, "kind": made.kind}


def list_programs(context: Context, brand: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    return [
        {"id": str(each.id), "name": each.name, "kind": each.kind}
        for each in programs.programs_of(context, brand_id)
    ]


def create_source(context: Context, brand: str, name: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    source_id, secret = programs.create_source(context, brand_id, name)
    url = f"{context.settings.base_url}/in/{source_id}"
    return {"id": str(source_id), "name": name, "url": url, "secret": secret}


def create_key(context: Context, brand: str, name: str, scopes: list[str]) -> Result:
    brand_id = programs.brand_called(context, brand)
    secret = access.create_key(context, brand_id, name, scopes)
    return {"name": name, "scopes": sorted(scopes), "api_key": secret}


def list_keys(context: Context, brand: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    return [
        {
            "id": str(key.id),
            "name": key.name,
            "scopes": " ".join(sorted(key.scopes)),
            "revoked_at": revoked_at.isoformat() if revoked_at else None,
        }
        for key, revoked_at in access.keys_of(context, brand_id)
    ]


def revoke_key(context: Context, brand: str, key: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    try:
        access.revoke_key(context, brand_id, UUID(key))
    except ValueError as error:
        raise NotFound(f"{key} is not the id of a key: see `tessera keys list`.") from error
    return {"id": key, "revoked": True}


def import_google_key(context: Context, brand: str, issuer: str, key_file: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    imported = credentials.import_google_key(context, brand_id, content(key_file), issuer)
    return {"issuer": imported.type_id, "service_account": imported.email}


def resend_to_google(context: Context, brand: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    passes = deliveries.owe_again(context, brand_id, WalletName.GOOGLE)
    return {"passes": passes, "seconds": passes // context.settings.google_calls_per_s + 1}


COMMANDS: Mapping[str, Command] = {
    "brands create": create_brand,
    "brands list": list_brands,
    "programs create": create_program,
    "programs list": list_programs,
    "sources create": create_source,
    "keys create": create_key,
    "keys list": list_keys,
    "keys revoke": revoke_key,
    "google import": import_google_key,
    "google resend": resend_to_google,
    **certificate_acts.COMMANDS,
    **design_acts.COMMANDS,
    **push_key_acts.COMMANDS,
    **roll_out_acts.COMMANDS,
}


def perform(context: Context, command: str, arguments: Mapping[str, Any]) -> Result:
    """Do what a command says and return what to show."""
    if command not in COMMANDS:
        raise NotFound(f"There is no command {command}.")
    return COMMANDS[command](context, **arguments)
