"""Holders sign up in Apple Wallet: an anonymous card becomes a member's."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

import phonenumbers

from service.context import Context
from service.domain.cards import Card, CardStatus
from service.domain.errors import NotFound
from service.domain.history import Actor
from service.domain.programs import Program
from service.operations.cards import remember
from service.operations.members import MemberData, introduce
from service.operations.passes import Draft, PassRequest, authorized, available, draft
from service.storage import accounts, cards, members, passes, programs
from service.storage.database import Transaction
from service.storage.passes import Scope

ID_BYTES = 16
MAY_SIGN_UP = frozenset({CardStatus.ACTIVE, CardStatus.INACTIVE})
HOLDER, CHANNEL, SIGN_UP = "holder", "apple_wallet", "sign_up"


@dataclass(frozen=True)
class SignUp:
    """What a holder entered in Wallet. `given` has the name, phone and email that were.

    `token` is Wallet's, to be signed in return. `region` is the holder's country (ISO 3166), by
    which a phone without a country code is read; None, or one that does not exist: the program's.
    """

    token: str
    given: Mapping[str, str]
    region: str | None = None


def enroll(context: Context, request: PassRequest, said: SignUp, request_id: str) -> bytes:
    """Make the holder the member of the card's account; returns the token's signature.

    An account that has an owner is left as it is, whatever was entered: that is a repeat, or
    somebody else with a copy of the pass. It is signed all the same, or the phone would ask again.
    The phone is in no look-up until the loyalty system says the same of the member: anybody can
    type anybody's. `request_id` names the call in the card's history.

    Raises:
        Unauthorized: there is no such pass, or the token is not its own.
        NotFound: the pass asks nobody to sign up: by its design, or because its card is blocked.
        InvalidInput: the phone is not a phone number, or `token` is none that Wallet sends.
        PassUnavailable: the brand has no certificate that can sign for this pass type.
    """
    with context.transaction() as transaction:
        accounts.lock(transaction, authorized(transaction, request).account_id)
        # Read again under the lock: the card may have been blocked while we waited.
        shown = authorized(transaction, request)
        drafted = draft(context, transaction, shown)
        if not _may_sign_up(drafted):
            raise NotFound("This pass asks nobody to sign up.")
        if members.owner(transaction, shown.account_id) is None:
            card = cards.by_id(transaction, shown.card_id)
            _sign_up(context, transaction, card, said)
            actor = Actor(card.brand_id, HOLDER, CHANNEL, request_id)
            remember(transaction, actor, card, card.status, SIGN_UP, context.now())
    with available(shown):
        return drafted.wallet.vouch(said.token.encode())


def _may_sign_up(drafted: Draft) -> bool:
    asks = bool(drafted.design.apple.get("personalization"))
    return asks and drafted.content.status in MAY_SIGN_UP


def _sign_up(context: Context, transaction: Transaction, card: Card, said: SignUp) -> None:
    # Members are locked before accounts elsewhere; nobody else can know of this one yet.
    new = MemberData(f"apple-{secrets.token_hex(ID_BYTES)}", said.given, is_confirmed=False)
    program = programs.get(transaction, card.brand_id, card.program_id)
    member = introduce(context, transaction, _read_in(program, said.region), new)
    account = accounts.get(transaction, card.brand_id, card.account_id)
    accounts.add_owner(transaction, account, member.id)
    passes.raise_versions(transaction, Scope.ACCOUNT, account.id, context.now())


def _read_in(program: Program, region: str | None) -> Program:
    is_known = region in phonenumbers.SUPPORTED_REGIONS
    return replace(program, phone_region=region) if region and is_known else program
