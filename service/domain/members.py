"""The person behind an account; contacts are kept encrypted by storage."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.domain.accounts import Order


@dataclass(frozen=True)
class Member:
    """A person known to the brand by `external_id`. `phone` is E.164, `locale` a BCP 47 tag.

    A phone that is not confirmed was typed by somebody who may not own it: nobody is found by it.
    """

    id: UUID
    brand_id: UUID
    external_id: str
    name: str | None = None
    phone: str | None = None
    is_phone_confirmed: bool = True
    email: str | None = None
    birthday: date | None = None
    locale: str | None = None
    order: Order | None = None
