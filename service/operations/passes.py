"""Passes: offered by a link, fetched by a phone."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.cards import FINAL, Card
from service.domain.designs import Design
from service.domain.errors import CardNotFound, PassUnavailable, Unauthorized
from service.domain.passes import Pass, PassContent, ShownBalance
from service.domain.programs import Program
from service.storage import accounts, brands, cards, credentials, members, passes, programs
from service.storage.database import Transaction
from service.wallets.interface import Wallet

APPLE = "apple"
TOKEN_BYTES = 32


@dataclass(frozen=True)
class SignedPass:
    """A pass as the phone gets it; `last_modified` is aware UTC, whole seconds."""

    file: bytes
    last_modified: datetime


@dataclass(frozen=True)
class _Draft:
    wallet: Wallet
    content: PassContent
    design: Design


def offer_by_link(context: Context, link_token: str) -> SignedPass:
    """Return the Apple pass of the card that a customer's link leads to.

    The pass comes into being at the first click; later clicks give the same pass as it is then.

    Raises:
        CardNotFound: the link leads nowhere, or to a card that is replaced, expired or closed.
        PassUnavailable: the brand has no certificate.
    """
    with context.transaction() as transaction:
        card = _linked(transaction, link_token)
        accounts.lock(transaction, card.account_id)
        card = _linked(transaction, link_token)
        shown = passes.of_card(transaction, card.id, APPLE)
        if shown is None:
            shown = _first(context, transaction, card)
        shown = passes.note_offer(transaction, shown)
        draft = _draft(context, transaction, shown)
    return _signed(draft, shown)


def _linked(transaction: Transaction, link_token: str) -> Card:
    card = cards.by_link(transaction, link_token)
    if card is None or card.status in FINAL:
        raise CardNotFound("This link leads to no card.")
    return card


def _first(context: Context, transaction: Transaction, card: Card) -> Pass:
    credential_id = credentials.newest_id(transaction, card.brand_id)
    if credential_id is None:
        raise PassUnavailable("The brand has no Apple certificate yet.")
    new = Pass(
        id=uuid7(),
        brand_id=card.brand_id,
        account_id=card.account_id,
        card_id=card.id,
        wallet=APPLE,
        type_id=credentials.get(transaction, credential_id).type_id,
        serial=secrets.token_hex(16),
        version=1,
        last_modified=context.now().replace(microsecond=0),
        changed_at=context.now(),
    )
    passes.insert(transaction, new, secrets.token_urlsafe(TOKEN_BYTES))
    return new


@dataclass(frozen=True)
class PassRequest:
    """A phone's request for its pass, with the token out of the pass itself."""

    type_id: str
    serial: str
    token: str
    have: datetime | None = None


def fetch(context: Context, request: PassRequest) -> SignedPass | None:
    """Return the pass as it is now, or None if the phone has just that version.

    `have` is the Last-Modified of the phone's copy; only the very same time counts as "just that".

    Raises:
        Unauthorized: there is no such pass, or the token is not its own.
        PassUnavailable: the brand has no certificate for this pass type.
    """
    with context.reading() as transaction:
        shown = authorized(transaction, request)
        draft = None if shown.last_modified == request.have else _draft(context, transaction, shown)
    signed = None if draft is None else _signed(draft, shown)
    if shown.fetched_version != shown.version or draft is not None:
        with context.transaction() as transaction:
            passes.note_fetch(transaction, shown, context.now())
    return signed


def last_modified(context: Context, request: PassRequest) -> datetime:
    """Return the pass's Last-Modified, without building it.

    Raises:
        Unauthorized: there is no such pass, or the token is not its own.
    """
    with context.reading() as transaction:
        return authorized(transaction, request).last_modified


def authorized(transaction: Transaction, request: PassRequest) -> Pass:
    """Return the pass whose token the request bears; unknown and wrong look the same.

    Raises:
        Unauthorized: there is no such pass, or the token is not its own.
    """
    shown = passes.with_token(transaction, request.type_id, request.serial, request.token)
    if shown is None:
        raise Unauthorized("The pass or its token is unknown.")
    return shown


def _draft(context: Context, transaction: Transaction, shown: Pass) -> _Draft:
    wallet = context.apple_wallet(transaction, shown.brand_id, shown.type_id)
    if wallet is None:
        raise PassUnavailable("The brand has no certificate for this pass type.")
    card = cards.by_id(transaction, shown.card_id)
    program = programs.get(transaction, card.brand_id, card.program_id)
    design = context.design(transaction, program.design_id)
    return _Draft(wallet, _content(context, transaction, shown, card, program), design)


def _content(
    context: Context, transaction: Transaction, shown: Pass, card: Card, program: Program
) -> PassContent:
    account = accounts.get(transaction, card.brand_id, card.account_id)
    member = members.owner(transaction, account.id)
    return PassContent(
        pass_id=shown.id,
        type_id=shown.type_id,
        serial=shown.serial,
        version=shown.version,
        authentication_token=passes.token(transaction, shown.id),
        web_service_url=f"{context.settings.base_url}/apple",
        brand_name=brands.get(transaction, card.brand_id).name,
        program_name=program.name,
        card_number=card.number,
        barcode_format=program.barcode_format,
        barcode_message=cards.barcode_message(transaction, card.id),
        status=card.status,
        is_concealed=card.is_concealed,
        balances=tuple(ShownBalance(t, account.balance(t.code)) for t in program.balances),
        tier=account.tier,
        member_name=member.name if member else None,
        expires_at=card.expires_at,
    )


def _signed(draft: _Draft, shown: Pass) -> SignedPass:
    return SignedPass(draft.wallet.offer(draft.content, draft.design), shown.last_modified)
