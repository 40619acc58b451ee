"""A brand's `.p8` push keys: in use at once, in every process, in place of the certificate."""

from uuid import UUID

from service.context import Context
from service.domain.credentials import PushKey
from service.domain.errors import NotFound, SetupError
from service.domain.passes import WalletName
from service.operations import certificates
from service.storage import halts, push_keys
from service.storage.database import Transaction
from service.storage.push_keys import KeptKey


def import_key(
    context: Context, brand_id: UUID, type_id: str, key_file: bytes, key_id: str, team_id: str
) -> PushKey:
    """Check a push key and use it for the pass type; the newest one imported is the one in use.

    Raises:
        SetupError: file, key id or team id cannot be used; says what to fix.
        NotFound: the brand has no certificate of the pass type, which still signs its passes.
    """
    key = context.wallets.read_push_key(key_file, key_id, team_id)
    with context.transaction() as transaction:
        _check_team(context, transaction, brand_id, type_id, team_id)
        push_keys.insert(transaction, brand_id, type_id, key, context.now())
        halts.hurry(transaction, (WalletName.APPLE, type_id), context.now())
    return key


def _check_team(
    context: Context, transaction: Transaction, brand_id: UUID, type_id: str, team_id: str
) -> None:
    known = certificates.of_brand(context, transaction, brand_id)
    teams = {each.facts.type_id: each.facts.team_id for each in known}
    if type_id not in teams:
        listed = ", ".join(sorted(teams)) or "none"
        raise NotFound(f"The brand has no certificate of {type_id}. It has: {listed}.")
    if teams[type_id] != team_id:
        raise SetupError(
            f"The push key is of team {team_id}, but {type_id} belongs to team {teams[type_id]}: "
            "APNs would refuse it."
        )


def keys_of(context: Context, brand_id: UUID) -> list[KeptKey]:
    """Return a brand's push keys by pass type, the one in use first."""
    with context.reading() as transaction:
        return push_keys.listed(transaction, brand_id)


def remove_key(context: Context, brand_id: UUID, key_id: UUID) -> str:
    """Forget a push key and return its pass type; the one before it is used again, if any.

    Raises:
        NotFound: the brand has no such key.
    """
    with context.transaction() as transaction:
        type_id = push_keys.remove(transaction, brand_id, key_id)
        if type_id is None:
            raise NotFound(f"The brand has no push key {key_id}: see `tessera push-keys list`.")
        halts.hurry(transaction, (WalletName.APPLE, type_id), context.now())
        return type_id
