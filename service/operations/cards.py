"""Cards: issued, read, activated, blocked, unblocked, closed."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import exc
from uuid_utils.compat import uuid7

from service.context import Context
from service.domain import barcodes, numbers
from service.domain.accounts import Account
from service.domain.cards import Act, Card, CardStatus, apply, check_reason, seen_at
from service.domain.deliveries import Priority
from service.domain.errors import NumberTaken, StorageBusy
from service.domain.history import Actor, Record
from service.domain.members import Member
from service.domain.passes import WalletName
from service.domain.programs import Program
from service.operations.accounts import opened_for
from service.operations.members import MemberData, introduce
from service.operations.offers import wallets_for_all
from service.storage import accounts, cards, history, members, passes, programs
from service.storage.cards import StoredCard
from service.storage.database import Transaction
from service.storage.passes import Scope

LINK_TOKEN_BYTES = 24
DRAWS = 10


@dataclass(frozen=True)
class CardDetails:
    """A card, as it is seen now, with all that belongs to it.

    `wallets` are those it can be offered for.
    """

    card: Card
    program: Program
    account: Account
    member: Member | None
    barcode_message: str
    link_token: str
    wallets: frozenset[WalletName]


@dataclass(frozen=True)
class IssueRequest:
    program_id: UUID
    member: MemberData | None = None
    number: str | None = None
    reference: str | None = None
    store: str | None = None
    activate: bool = True


def issue(context: Context, actor: Actor, request: IssueRequest) -> CardDetails:
    """Issue a card to a member, or an anonymous one, and return it.

    Each call issues another card, so a caller that may repeat sends an Idempotency-Key.

    Raises:
        ProgramNotFound: the brand has no such program.
        InvalidInput: the number or the member's phone cannot be used.
        NumberTaken: the number belongs to another card of the brand.
        TooManyActiveCards: the account has as many as its program allows.
    """
    with context.transaction() as transaction:
        program = programs.get(transaction, actor.brand_id, request.program_id)
        member = None
        if request.member is not None:
            member = introduce(context, transaction, program, request.member)
        account = opened_for(context, transaction, program, member)
        card = add_card(context, transaction, actor, program, account, request)
        return details_of(context, transaction, card)


def add_card(
    context: Context,
    transaction: Transaction,
    actor: Actor,
    program: Program,
    account: Account,
    request: IssueRequest,
) -> StoredCard:
    """Add a card to a locked account and to the history."""
    now = context.now()
    card = Card(
        id=uuid7(),
        brand_id=program.brand_id,
        program_id=program.id,
        account_id=account.id,
        number=_number(transaction, program, request.number),
        status=CardStatus.ACTIVE if request.activate else CardStatus.INACTIVE,
        created_at=now,
        activated_at=now if request.activate else None,
        reference=request.reference,
    )
    try:
        link_token = secrets.token_urlsafe(LINK_TOKEN_BYTES)
        added = cards.insert(transaction, card, program.cards_per_account, link_token)
    except exc.IntegrityError as error:
        raise NumberTaken(f"The number {card.number} was taken a moment ago.") from error
    remember(transaction, actor, card, None, "issue", now, store=request.store)
    return added


def _number(transaction: Transaction, program: Program, given: str | None) -> str:
    if given is not None:
        number = numbers.given(given)
        barcodes.check_number(program.barcode_format, number)
        if cards.is_taken(transaction, program.brand_id, number):
            raise NumberTaken(f"The number {number} belongs to another card.")
        return number
    for _ in range(DRAWS):
        number = numbers.draw(program.number_scheme, _random_digits)
        if not cards.is_taken(transaction, program.brand_id, number):
            return number
    raise StorageBusy("The program's numbers are nearly used up: give it a longer number scheme.")


def _random_digits(count: int) -> str:
    return str(secrets.randbelow(10**count)).zfill(count)


def details(context: Context, actor: Actor, card_id: UUID) -> CardDetails:
    """Return a card of the actor's brand.

    Raises:
        CardNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        known = cards.stored(transaction, actor.brand_id, card_id)
        return details_of(context, transaction, known)


def details_of(context: Context, transaction: Transaction, known: StoredCard) -> CardDetails:
    return details_of_all(context, transaction, [known])[0]


def details_of_all(
    context: Context, transaction: Transaction, wanted: Sequence[StoredCard]
) -> list[CardDetails]:
    """Return cards of one brand with all that belongs to them, in the same order.

    It takes as many statements for a hundred cards as for one.
    """
    if not wanted:
        return []
    now = context.now()
    program_of = programs.of_ids(transaction, {known.card.program_id for known in wanted})
    account_of = accounts.of_ids(transaction, {known.card.account_id for known in wanted})
    member_of = members.owners(transaction, account_of)
    wallets_of = wallets_for_all(context, transaction, list(program_of.values()))
    return [
        CardDetails(
            card=seen_at(known.card, now),
            program=program_of[known.card.program_id],
            account=account_of[known.card.account_id],
            member=member_of.get(known.card.account_id),
            barcode_message=known.barcode,
            link_token=cards.link_token(transaction, known),
            wallets=wallets_of[known.card.program_id],
        )
        for known in wanted
    ]


def act(context: Context, actor: Actor, card_id: UUID, asked: Act) -> tuple[CardDetails, Record]:
    """Do something to a card and return it with the record of the act.

    The card, its passes, their deliveries and the history change together. Asking again for what
    was done last changes nothing and returns the first record.

    Raises:
        CardNotFound: the brand has none with that id.
        InvalidInput: the action does not take this reason, or a comment is missing.
        IllegalTransition: the card's status does not allow it.
        TooManyActiveCards: the account has no room for one more active card.
    """
    check_reason(asked)
    with context.transaction() as transaction:
        known = _locked(transaction, actor, card_id)
        done = _done_before(transaction, known.card, asked)
        if done is None:
            changed, done = _do(context, transaction, actor, known.card, asked)
            known = replace(known, card=changed)
        return details_of(context, transaction, known), done


def _locked(transaction: Transaction, actor: Actor, card_id: UUID) -> StoredCard:
    card = cards.get(transaction, actor.brand_id, card_id)
    accounts.lock(transaction, card.account_id)
    return cards.stored(transaction, actor.brand_id, card_id)


def _done_before(transaction: Transaction, card: Card, asked: Act) -> Record | None:
    last = history.latest(transaction, card.id)
    if last is None or (last.action, last.reason) != (asked.action, asked.reason):
        return None
    # Two machines' clocks may disagree on what came last: the card itself has the last word.
    return last if last.to_status == card.status else None


def _do(
    context: Context, transaction: Transaction, actor: Actor, card: Card, asked: Act
) -> tuple[Card, Record]:
    now = context.now()
    changed = apply(card, asked, now)
    program = programs.get(transaction, card.brand_id, card.program_id)
    cards.save(transaction, changed, program.cards_per_account)
    passes.raise_versions(transaction, Scope.CARD, card.id, now, Priority.URGENT)
    record = remember(
        transaction, actor, changed, card.status, asked.action, now, asked.reason, asked.comment
    )
    return changed, record


def remember(
    transaction: Transaction,
    actor: Actor,
    card: Card,
    before: CardStatus | None,
    action: str,
    now: datetime,
    reason: str | None = None,
    comment: str | None = None,
    store: str | None = None,
) -> Record:
    """Append to the card's history what was done, and return that; its passes were raised."""
    record = Record(
        id=uuid7(),
        brand_id=card.brand_id,
        card_id=card.id,
        account_id=card.account_id,
        action=action,
        reason=reason,
        comment=comment,
        from_status=before,
        to_status=card.status,
        actor=actor.name,
        channel=actor.channel,
        request_id=actor.request_id,
        pass_versions=passes.versions_of_card(transaction, card.id),
        created_at=now,
        store=store,
    )
    history.append(transaction, record)
    return record
