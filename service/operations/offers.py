"""What a customer's link gives: a card's pass for one wallet, made at the first click."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.cards import FINAL, Card, seen_at
from service.domain.errors import CardNotFound, InvalidInput, PassUnavailable
from service.domain.passes import Pass, WalletName
from service.domain.programs import Program
from service.operations.passes import Draft, SignedPass, available, draft, signed_file
from service.operations.roll_outs import design_for_new
from service.storage import accounts, cards, credentials, deliveries, passes, programs
from service.storage.database import Transaction

TOKEN_BYTES = 32
BUCKETS = 100
# If the process dies while it inserts the object, a worker does it after this time.
CLICK_GRACE = timedelta(seconds=10)


def wallets_for(
    context: Context, transaction: Transaction, program: Program
) -> frozenset[WalletName]:
    """Return the wallets that the program's cards can be offered for."""
    return wallets_for_all(context, transaction, [program])[program.id]


def wallets_for_all(
    context: Context, transaction: Transaction, programs: Sequence[Program]
) -> dict[UUID, frozenset[WalletName]]:
    """Return, per program of one brand, the wallets that its cards can be offered for."""
    known = credentials.wallets_of(transaction, programs[0].brand_id, context.now())
    designs = {each.id: context.design(transaction, each.design_id) for each in programs}
    return {
        program_id: known if design.has_google_logo else known - {WalletName.GOOGLE}
        for program_id, design in designs.items()
    }


def apple_pass(context: Context, link_token: str) -> SignedPass:
    """Return the Apple pass of the card that a customer's link leads to.

    The pass comes into being at the first click; later clicks give the same pass as it is then.

    Raises:
        CardNotFound: the link leads nowhere, or to a card that is replaced, expired or closed.
        PassUnavailable: the brand has no certificate.
    """
    with context.transaction() as transaction:
        card = _locked(context, transaction, link_token)
        shown, drafted = _apple_draft(context, transaction, card)
    return signed_file(drafted, shown)


def apple_pass_of(context: Context, known: Card) -> SignedPass:
    """Return the Apple pass of a card that the caller has a right to, as its own link does.

    Raises:
        CardNotFound: the card is replaced, expired or closed by now, or another account's.
        PassUnavailable: the brand has no certificate.
    """
    with context.transaction() as transaction:
        accounts.lock(transaction, known.account_id)
        card = cards.get(transaction, known.brand_id, known.id)
        if card.account_id != known.account_id:
            raise CardNotFound(f"Card {card.id} is another account's now.")
        if seen_at(card, context.now()).status in FINAL:
            raise CardNotFound(f"Card {card.id} is no longer in use.")
        shown, drafted = _apple_draft(context, transaction, card)
    return signed_file(drafted, shown)


def _apple_draft(context: Context, transaction: Transaction, card: Card) -> tuple[Pass, Draft]:
    shown = passes.of_card(transaction, card.id, WalletName.APPLE)
    if shown is None:
        shown = _new_apple_pass(context, transaction, card)
    shown = passes.note_offer(transaction, shown)
    return shown, draft(context, transaction, shown)


def google_link(context: Context, link_token: str) -> str:
    """Return the link that saves the card to Google Wallet.

    The first click makes the pass and inserts Google's object (docs/decisions/0017); later ones
    need no network. Whatever fails here, a worker brings the object up to date.

    Raises:
        CardNotFound: the link leads nowhere, or to a card that is replaced, expired or closed.
        PassUnavailable: the brand has no service account, or Google does not answer now.
    """
    with context.transaction() as transaction:
        card = _locked(context, transaction, link_token)
        shown = passes.of_card(transaction, card.id, WalletName.GOOGLE)
        if shown is None:
            shown = _new_google_pass(context, transaction, card)
        drafted = draft(context, transaction, shown)
        (target,) = deliveries.of_passes(transaction, [shown.id])
    return _save_link(context, shown, drafted, is_kept=target.sent_version > 0)


def _save_link(context: Context, shown: Pass, drafted: Draft, *, is_kept: bool) -> str:
    try:
        with available(shown):
            offer = drafted.wallet.offer(drafted.content, drafted.design, is_kept=is_kept)
    except InvalidInput as error:
        raise PassUnavailable(error.detail) from error
    if offer.is_told:
        with context.transaction() as transaction:
            deliveries.note_told(transaction, shown, context.now())
    if not offer.link:
        raise PassUnavailable("Google Wallet does not take the card now; try again.")
    return offer.link


def _locked(context: Context, transaction: Transaction, link_token: str) -> Card:
    accounts.lock(transaction, linked(context, transaction, link_token).account_id)
    return linked(context, transaction, link_token)


def linked(context: Context, transaction: Transaction, link_token: str) -> Card:
    """Return the card that a customer's link leads to, as it is now.

    Raises:
        CardNotFound: it leads nowhere, or to a card that is replaced, expired or closed.
    """
    card = cards.by_link(transaction, link_token)
    if card is None or seen_at(card, context.now()).status in FINAL:
        raise CardNotFound("This link leads to no card.")
    return card


def _new_apple_pass(context: Context, transaction: Transaction, card: Card) -> Pass:
    type_id = _type_id(context, transaction, card, WalletName.APPLE)
    serial = secrets.token_hex(16)
    new = _first_version(context, transaction, card, WalletName.APPLE, type_id, serial)
    passes.insert(transaction, new, secrets.token_urlsafe(TOKEN_BYTES))
    return new


def _new_google_pass(context: Context, transaction: Transaction, card: Card) -> Pass:
    """Add the pass and its target. The id names the generation: Google burns every id it saw."""
    now = context.now()
    type_id = _type_id(context, transaction, card, WalletName.GOOGLE)
    serial = f"{type_id}.{card.id}-g1"
    new = _first_version(context, transaction, card, WalletName.GOOGLE, type_id, serial)
    passes.insert(transaction, new)
    deliveries.insert_target(transaction, uuid7(), new, now + CLICK_GRACE, now)
    return new


def _type_id(context: Context, transaction: Transaction, card: Card, wallet: WalletName) -> str:
    type_id = credentials.type_in_use(transaction, card.brand_id, wallet, context.now())
    if type_id is None:
        raise PassUnavailable(f"The brand has no credential for {wallet.capitalize()} Wallet yet.")
    return type_id


def _first_version(
    context: Context,
    transaction: Transaction,
    card: Card,
    wallet: WalletName,
    type_id: str,
    serial: str,
) -> Pass:
    now, bucket = context.now(), secrets.randbelow(BUCKETS)
    program = programs.hold(transaction, card.brand_id, card.program_id)
    return Pass(
        id=uuid7(),
        brand_id=card.brand_id,
        account_id=card.account_id,
        card_id=card.id,
        design_id=design_for_new(transaction, program, wallet, bucket),
        bucket=bucket,
        wallet=wallet,
        type_id=type_id,
        serial=serial,
        version=1,
        last_modified=now.replace(microsecond=0),
        changed_at=now,
    )
