"""What `tessera push-keys` does: commands by name, the same here as inside a running service."""

from collections.abc import Mapping
from uuid import UUID

from service.cli.certificate_acts import content
from service.cli.results import Command, Result
from service.context import Context
from service.domain.errors import NotFound
from service.operations import programs, push_keys


def import_key(
    context: Context, brand: str, pass_type: str, key_id: str, team_id: str, key_file: str
) -> Result:
    brand_id = programs.brand_called(context, brand)
    file = content(key_file)
    key = push_keys.import_key(context, brand_id, pass_type, file, key_id, team_id)
    return {"id": str(key.id), "pass_type_id": pass_type, "key_id": key_id}


def list_keys(context: Context, brand: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    return [
        {
            "id": str(key.id),
            "pass_type_id": key.type_id,
            "key_id": key.key_id,
            "team_id": key.team_id,
            "since": key.created_at.isoformat(),
        }
        for key in push_keys.keys_of(context, brand_id)
    ]


def remove_key(context: Context, brand: str, key: str) -> Result:
    brand_id = programs.brand_called(context, brand)
    try:
        type_id = push_keys.remove_key(context, brand_id, UUID(key))
    except ValueError as error:
        raise NotFound(f"{key} is no id of a push key: see `tessera push-keys list`.") from error
    return {"id": key, "pass_type_id": type_id, "removed": True}


COMMANDS: Mapping[str, Command] = {
    "push-keys import": import_key,
    "push-keys list": list_keys,
    "push-keys remove": remove_key,
}
