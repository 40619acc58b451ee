"""Members: found or added, with what a caller says of them."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import phonenumbers
from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.accounts import Order, is_news
from service.domain.errors import InvalidInput
from service.domain.members import Member
from service.domain.programs import Program
from service.storage import accounts, members, passes, programs
from service.storage.database import Transaction
from service.storage.passes import Scope


@dataclass(frozen=True)
class MemberData:
    """What a caller says of a member; `given` holds only the fields it spoke of.

    `is_confirmed`: the caller answers for it. A phone that nobody answers for is in no look-up.
    """

    external_id: str
    given: Mapping[str, Any] = field(default_factory=dict)
    is_confirmed: bool = True


def introduce(
    context: Context, transaction: Transaction, program: Program, data: MemberData
) -> Member:
    """Return the member, locked; data of one whose data is ordered by keys is left to snapshots.

    Raises:
        InvalidInput: the phone is not a phone number.
    """
    known = tell(context, transaction, program, MemberData(data.external_id))
    return known if known.order is not None else tell(context, transaction, program, data)


def tell(
    context: Context,
    transaction: Transaction,
    program: Program,
    data: MemberData,
    order: Order | None = None,
) -> Member:
    """Return the member, locked, with newer data stored.

    A member not known before is added. Data older than what is known changes nothing. A new name
    is shown by the passes of all the member's accounts.

    Raises:
        InvalidInput: the phone is not a phone number.
        OrderingMixed: what is known of the member is ordered by the other kind of key.
    """
    known = members.ensure(transaction, program.brand_id, data.external_id, uuid7(), context.now())
    if not data.given or not is_news(known.order, order):
        return known
    told = replace(known, **_normal(data, program), order=order)
    if told != known:
        members.save(transaction, told)
    if told.name != known.name:
        _show_everywhere(context, transaction, told)
    return told


def _show_everywhere(context: Context, transaction: Transaction, member: Member) -> None:
    for account_id in accounts.all_of_member(transaction, member.id):
        accounts.lock(transaction, account_id)
        passes.raise_versions(transaction, Scope.ACCOUNT, account_id, context.now())


def _normal(data: MemberData, program: Program) -> dict[str, Any]:
    phone = data.given.get("phone")
    if phone is None:
        return dict(data.given)
    read = e164(phone, program.phone_region)
    return {**data.given, "phone": read, "is_phone_confirmed": data.is_confirmed}


def numbers_of(transaction: Transaction, brand_id: UUID, phone: str) -> set[str]:
    """Return the numbers in E.164 that the phone can be, read in each region of the brand."""
    numbers = set()
    for region in {program.phone_region for program in programs.listed(transaction, brand_id)}:
        with suppress(InvalidInput):
            numbers.add(e164(phone, region))
    return numbers


def e164(phone: str, region: str) -> str:
    """Return the phone in E.164; one without country code is read as of `region`.

    Raises:
        InvalidInput: it is not a phone number.
    """
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidInput("This is no phone number.", [("phone", "no phone number")]) from error
    if not phonenumbers.is_possible_number(number):
        raise InvalidInput("This is no phone number.", [("phone", "wrong length")])
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
