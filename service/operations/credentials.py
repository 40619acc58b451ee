"""What proves to wallets who a brand is: kept once no other brand speaks for the same type."""

from datetime import datetime
from uuid import UUID

from service.context import Context
from service.domain.credentials import Credential, GoogleCredential
from service.domain.errors import AlreadyExists
from service.domain.passes import WalletName
from service.storage import credentials, halts
from service.storage.database import Transaction


def import_google_key(
    context: Context, brand_id: UUID, key_file: bytes, issuer_id: str
) -> GoogleCredential:
    """Check a service account's key file and keep it for the brand's Google passes.

    A newer key of the same issuer takes the place of the one before.

    Raises:
        SetupError: the file or the issuer id cannot be used; says what to fix.
        AlreadyExists: another brand is this issuer.
    """
    credential = context.wallets.read_google(key_file, issuer_id)
    with context.transaction() as transaction:
        lock_for(transaction, brand_id, credential)
        keep(context, transaction, brand_id, credential, context.now())
    return credential


def lock_for(transaction: Transaction, brand_id: UUID, credential: Credential) -> None:
    """Keep others from adding a credential of this type until the commit.

    Raises:
        AlreadyExists: another brand speaks for the type.
    """
    credentials.lock_type(transaction, credential.wallet, credential.type_id)
    owner = credentials.owner_of(transaction, credential.wallet, credential.type_id)
    if owner not in (None, brand_id):
        raise AlreadyExists(f"Another brand issues {credential.type_id}.")


def keep(
    context: Context,
    transaction: Transaction,
    brand_id: UUID,
    credential: Credential,
    active_from: datetime,
) -> None:
    """Add the credential; from the second of `active_from` (aware) on it speaks for its type."""
    since = active_from.replace(microsecond=0)
    credentials.insert(transaction, brand_id, credential, since, context.now())
    halts.hurry(transaction, (credential.wallet, credential.type_id), context.now())


def wallets_of(context: Context, brand_id: UUID) -> frozenset[WalletName]:
    """Return the wallets that the brand has a credential for."""
    with context.reading() as transaction:
        return credentials.wallets_of(transaction, brand_id, context.now())
