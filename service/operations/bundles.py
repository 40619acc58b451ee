"""All cards of a member in one file, behind a link of its own.

The link's token holds all that it needs: whose cards, until when, which card was the newest, and
our keyed hash of it all.
"""

import base64
import hmac
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID

from service.context import Context
from service.domain.cards import FINAL, Card, seen_at
from service.domain.errors import CardNotFound, PassUnavailable
from service.domain.history import Actor
from service.domain.passes import WalletName
from service.operations import offers
from service.storage import accounts, cards, credentials, members
from service.storage.database import Transaction
from service.storage.opening.vault import Vault

LINK_LIFE = timedelta(hours=24)
MOST_PASSES = 10  # no page of Apple's says what a phone takes at once (docs/sources.md, a-40)
# A token has 60 bytes, so base64 fills it up with nothing. Times are counted since 1970, in these:
ID_BYTES, EXPIRES_BYTES, NEWEST_BYTES, DIGEST_BYTES = 16, 5, 7, 32
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOWHERE = "This link leads to no card."
FIRST_OF_1980 = (1980, 1, 1, 0, 0, 0)  # the zip format's earliest moment: the same for every file


@dataclass(frozen=True)
class BundleLink:
    """A right to the cards that a member has, until `expires_at` (aware UTC)."""

    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class _Right:
    """What a token holds. Cards made later than `newest` (both aware UTC) are not meant.

    Whoever took the phone may have the link too: it must not open the card that replaces a stolen
    one. That is held by the newest card itself, because clocks of two machines differ.
    """

    member_id: UUID
    expires_at: datetime
    newest: datetime


def link(context: Context, actor: Actor, external_id: str) -> BundleLink:
    """Return a new link to the cards that a member has now, good for 24 hours; nothing is stored.

    Raises:
        CardNotFound: the brand has no such member, or the member has no card in use.
    """
    with context.reading() as transaction:
        member_id = members.id_of(transaction, actor.brand_id, external_id)
        found = [] if member_id is None else _usable(context, transaction, member_id)
        if member_id is None or not found:
            raise CardNotFound(f"The brand has no member {external_id} with a card in use.")
        expires_at = (context.now() + LINK_LIFE).replace(microsecond=0)
        right = _Right(member_id, expires_at, found[0].created_at)
        return BundleLink(_token(transaction.vault, right), expires_at)


def check(context: Context, token: str) -> None:
    """Make sure that a link gives out passes; nothing comes into being.

    Raises:
        CardNotFound: the link leads nowhere, its time is over, or no card is in use.
        PassUnavailable: the brand has no certificate.
    """
    with context.reading() as transaction:
        newest = _linked(context, transaction, token)[0]
        wallets = credentials.wallets_of(transaction, newest.brand_id, context.now())
    if WalletName.APPLE not in wallets:
        raise PassUnavailable("The cards are not offered for Apple Wallet yet.")


def apple_passes(context: Context, token: str) -> bytes:
    """Return the `.pkpasses` file of a member: the Apple passes of the newest 10 cards in use.

    Passes come into being as by a click on each card's own link. A card that was issued after the
    link was made, that left the member since, or that no certificate can sign for, is left out.

    Raises:
        CardNotFound: the link leads nowhere, its time is over, or no card is in use.
        PassUnavailable: no pass can be signed.
    """
    with context.reading() as transaction:
        found = _linked(context, transaction, token)
    files: list[bytes] = []
    refused: CardNotFound | PassUnavailable | None = None
    for card in found[:MOST_PASSES]:
        try:
            files.append(offers.apple_pass_of(context, card).file)
        except (CardNotFound, PassUnavailable) as error:
            refused = error
    if not files and refused is not None:
        raise refused
    return _packed(files)


def _linked(context: Context, transaction: Transaction, token: str) -> list[Card]:
    """Return the usable cards that a link leads to, at least one, the newest first."""
    right = _opened(transaction.vault, token)
    if right is None or context.now() >= right.expires_at:
        raise CardNotFound(NOWHERE)
    usable = _usable(context, transaction, right.member_id)
    found = [card for card in usable if card.created_at <= right.newest]
    if not found:
        raise CardNotFound(NOWHERE)
    return found


def _usable(context: Context, transaction: Transaction, member_id: UUID) -> list[Card]:
    """Return a member's cards that are not over, the newest first."""
    account_ids = accounts.all_of_member(transaction, member_id)
    found = [each.card for each in cards.of_accounts(transaction, account_ids)]
    return [card for card in found if seen_at(card, context.now()).status not in FINAL]


def _token(vault: Vault, right: _Right) -> str:
    expires_s = (right.expires_at - EPOCH) // SECOND
    newest_us = (right.newest - EPOCH) // MICROSECOND
    times = expires_s.to_bytes(EXPIRES_BYTES, "big") + newest_us.to_bytes(NEWEST_BYTES, "big")
    return _signed(vault, right.member_id.bytes + times)


def _signed(vault: Vault, told: bytes) -> str:
    digest = vault.digest("bundle link", told.hex())
    return base64.urlsafe_b64encode(told + digest).decode()


def _opened(vault: Vault, token: str) -> _Right | None:
    """Return what a token gives a right to; None if it is none of ours."""
    try:
        told = base64.urlsafe_b64decode(token)[:-DIGEST_BYTES]
    except ValueError:
        return None
    if not hmac.compare_digest(_signed(vault, told).encode(), token.encode()):
        return None
    expires_s = int.from_bytes(told[ID_BYTES:-NEWEST_BYTES], "big")
    newest_us = int.from_bytes(told[-NEWEST_BYTES:], "big")
    return _Right(
        UUID(bytes=told[:ID_BYTES]), EPOCH + expires_s * SECOND, EPOCH + newest_us * MICROSECOND
    )


def _packed(files: Iterable[bytes]) -> bytes:
    """Return the passes as one archive; they are archives already, so nothing is compressed."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as bundle:
        for number, file in enumerate(files, 1):
            bundle.writestr(zipfile.ZipInfo(f"card-{number}.pkpass", FIRST_OF_1980), file)
    return packed.getvalue()
