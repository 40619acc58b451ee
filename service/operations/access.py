"""Who is calling: API keys and sources become actors."""

import secrets
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.errors import InvalidInput, NotFound, Unauthorized
from service.domain.history import Actor
from service.domain.sources import Source
from service.storage import api_keys, brands, sources
from service.storage.api_keys import ApiKey

SCOPES = {
    "cards:read": "read and list cards, their history, delivery and actions",
    "cards:issue": "issue cards",
    "cards:activate": "activate cards",
    "cards:block": "block cards",
    "cards:unblock": "unblock cards",
    "cards:close": "close cards",
    "designs:read": "read and list designs and their roll-outs",
    "designs:write": "upload designs; start, stop and take back their roll-outs",
    "members:write": "upsert member snapshots",
    "accounts:read": "read accounts and their statements",
    "points:write": "record points",
    "lookup": "ask whether a barcode or number is good",
    "lookup:phone": "name cards by phone number",
    "health:read": "read what needs an operator: certificates, refused pushes",
}


def authenticate(context: Context, secret: str, request_id: str) -> Actor:
    """Return who holds this API key.

    Raises:
        Unauthorized: there is no such key, or it was revoked.
    """
    with context.reading() as transaction:
        key = api_keys.find(transaction, secret)
    if key is None:
        raise Unauthorized("The API key is unknown or revoked.")
    return Actor(key.brand_id, f"key {key.name}", "api", request_id, key.scopes, key.id)


def create_key(context: Context, brand_id: UUID, name: str, scopes: list[str]) -> str:
    """Make an API key of a brand and return its secret: it cannot be shown again.

    Raises:
        InvalidInput: a scope does not exist.
    """
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown:
        raise InvalidInput(f"No such scope: {', '.join(unknown)}. There are: {', '.join(SCOPES)}.")
    with context.transaction() as transaction:
        mode = brands.get(transaction, brand_id).mode
        secret = f"tsk_{mode}_{secrets.token_urlsafe(32)}"
        key = ApiKey(uuid7(), brand_id, name, frozenset(scopes))
        api_keys.insert(transaction, key, secret, context.now())
    return secret


def keys_of(context: Context, brand_id: UUID) -> list[tuple[ApiKey, datetime | None]]:
    """Return the brand's API keys, each with the time it was revoked, if it was."""
    with context.reading() as transaction:
        return api_keys.listed(transaction, brand_id)


def revoke_key(context: Context, brand_id: UUID, key_id: UUID) -> None:
    """Make an API key useless from now on.

    Raises:
        NotFound: the brand has no such key in use.
    """
    with context.transaction() as transaction:
        if not api_keys.revoke(transaction, brand_id, key_id, context.now()):
            raise NotFound(f"The brand has no key {key_id} in use.")


def source(context: Context, source_id: UUID) -> Source:
    """Return the sender behind an incoming webhook, its signature yet to be checked.

    Raises:
        SourceNotFound: there is none.
    """
    with context.reading() as transaction:
        return sources.get(transaction, source_id)
