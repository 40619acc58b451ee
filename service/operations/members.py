"""Members: found or added, with what a caller says of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import phonenumbers
from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.accounts import Order, is_news
from service.domain.errors import InvalidInput
from service.domain.members import Member
from service.domain.programs import Program
from service.storage import members
from service.storage.database import Transaction


@dataclass(frozen=True)
class MemberData:
    """What a caller says of a member; `given` holds only the fields it spoke of."""

    external_id: str
    given: Mapping[str, Any] = field(default_factory=dict)


def tell(
    context: Context,
    transaction: Transaction,
    program: Program,
    data: MemberData,
    order: Order | None = None,
) -> tuple[Member, bool]:
    """Return the member, locked, with newer data stored; True if a pass now shows another name.

    A member not known before is added. Data older than what is known changes nothing.

    Raises:
        InvalidInput: the phone is not a phone number.
    """
    known = members.ensure(transaction, program.brand_id, data.external_id, uuid7(), context.now())
    if not data.given or not is_news(known.order, order):
        return known, False
    told = replace(known, **_normal(data.given, program), order=order)
    if told != known:
        members.save(transaction, told)
    return told, told.name != known.name


def _normal(given: Mapping[str, Any], program: Program) -> dict[str, Any]:
    phone = given.get("phone")
    return dict(given) if phone is None else {**given, "phone": e164(phone, program.phone_region)}


def e164_in(phone: str, regions: Iterable[str]) -> set[str]:
    """Return the numbers in E.164 that the phone can be, read in each of the regions.

    Raises:
        InvalidInput: it is a phone number in none of them.
    """
    numbers, fault = set(), InvalidInput("There is no program to look the phone up in.")
    for region in regions:
        try:
            numbers.add(e164(phone, region))
        except InvalidInput as error:
            fault = error
    if not numbers:
        raise fault
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
