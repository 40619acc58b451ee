"""Passes: drawn as they are now, fetched by a phone."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from service.context import Context
from service.domain.cards import Card, seen_at
from service.domain.designs import Design
from service.domain.errors import PassUnavailable, SetupError, Unauthorized
from service.domain.passes import Pass, PassContent, ShownBalance
from service.domain.programs import Program
from service.storage import accounts, brands, cards, members, passes, programs
from service.storage.database import Transaction
from service.wallets.interface import Wallet

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SignedPass:
    """A pass as the phone gets it; `last_modified` is aware UTC, whole seconds."""

    file: bytes
    last_modified: datetime


@dataclass(frozen=True)
class Draft:
    """A pass as it is now, and the wallet that makes it what a customer opens."""

    wallet: Wallet
    content: PassContent
    design: Design


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
        PassUnavailable: the brand has no certificate for this pass type, or it has ended.
    """
    with context.reading() as transaction:
        shown = authorized(transaction, request)
        is_same = shown.last_modified == request.have
        drafted = None if is_same else draft(context, transaction, shown)
    signed = None if drafted is None else signed_file(drafted, shown)
    if shown.fetched_version != shown.version or drafted is not None:
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


def draft(context: Context, transaction: Transaction, shown: Pass) -> Draft:
    """Return the pass as it is now with its wallet.

    Raises:
        PassUnavailable: the brand has no credential for this pass type, or it has ended, or it
            cannot be used.
    """
    with available(shown):
        wallet = context.wallet(transaction, shown.brand_id, shown.wallet, shown.type_id)
    if wallet is None:
        raise PassUnavailable("The brand has no credential for this pass type.")
    return Draft(wallet, *drawn(context, transaction, shown))


def drawn(context: Context, transaction: Transaction, shown: Pass) -> tuple[PassContent, Design]:
    """Return what the pass says now, and in which design."""
    card = seen_at(cards.by_id(transaction, shown.card_id), context.now())
    program = programs.get(transaction, card.brand_id, card.program_id)
    design = _design(context, transaction, shown, program)
    return _content(context, transaction, shown, card, program), design


def _design(context: Context, transaction: Transaction, shown: Pass, program: Program) -> Design:
    """Return the design that the pass is drawn in.

    A vendor that keeps passes has one class for all of a program: drawn in the designs of two
    passes in turn, it would be written over and over.
    """
    if shown.wallet.keeps_passes:
        published = context.design(transaction, program.design_id)
        if published.has_google_logo:
            return published
    return context.design(transaction, shown.design_id)


def _content(
    context: Context, transaction: Transaction, shown: Pass, card: Card, program: Program
) -> PassContent:
    account = accounts.get(transaction, card.brand_id, card.account_id)
    member = members.owner(transaction, account.id)
    return PassContent(
        pass_id=shown.id,
        program_id=program.id,
        type_id=shown.type_id,
        serial=shown.serial,
        version=shown.version,
        authentication_token=passes.token(transaction, shown.id),
        base_url=context.settings.base_url,
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
        is_anonymous=member is None,
    )


def signed_file(drafted: Draft, shown: Pass) -> SignedPass:
    """Return the file that a phone takes; nothing is read any more, so no transaction waits.

    Raises:
        PassUnavailable: the brand's set-up cannot sign this pass; the log says why.
    """
    with available(shown):
        offer = drafted.wallet.offer(drafted.content, drafted.design)
    return SignedPass(offer.file, shown.last_modified)


@contextmanager
def available(shown: Pass) -> Iterator[None]:
    """Take a set-up that an operator must fix for a pass that cannot be had now.

    The reason goes to the log alone: it is no business of whoever holds the pass.

    Raises:
        PassUnavailable: within the block the set-up was found to be at fault.
    """
    try:
        yield
    except SetupError as error:
        log.warning("pass %s cannot be made: %s", shown.id, error.detail)
        raise PassUnavailable("This pass cannot be made now; an operator must act.") from error
