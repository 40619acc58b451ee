"""What passes of a design could say, before there is any card: for looking at it and judging it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from service.domain.accounts import Balance, Tier
from service.domain.cards import CardStatus
from service.domain.designs import Design
from service.domain.passes import PassContent, ShownBalance
from service.domain.programs import BalanceType, BarcodeFormat

NOBODY = UUID(int=0)


def samples(design: Design, now: datetime) -> Iterator[PassContent]:
    """Yield a content for every status, for a concealed card, for nobody's, and with money.

    `now` is aware UTC. What balances a program will have is not known yet: those are taken that
    the design shows.
    """
    shown = (field.balance for field in design.fields)
    codes = sorted({code for code in (*shown, *_stamps(design)) if code})
    plain = _content(design, now, [BalanceType(code) for code in codes])
    yield from (replace(plain, status=status) for status in CardStatus)
    yield replace(plain, status=CardStatus.BLOCKED, is_concealed=True)
    yield replace(plain, member_name=None, is_anonymous=True)
    yield _content(design, now, [BalanceType(code, decimals=2, currency="EUR") for code in codes])


def _stamps(design: Design) -> tuple[str, ...]:
    return () if design.stamps is None else (design.stamps.balance,)


def _content(design: Design, now: datetime, types: list[BalanceType]) -> PassContent:
    return PassContent(
        pass_id=NOBODY,
        program_id=NOBODY,
        type_id="pass.com.example.design",
        serial="sample-1",
        version=1,
        authentication_token="sample-token-of-no-pass",  # noqa: S106 - opens nothing
        base_url="https://cards.example.com",
        brand_name="Example",
        program_name=design.name,
        card_number="9001234567890128",
        barcode_format=BarcodeFormat.QR,
        barcode_message="9001234567890128",
        status=CardStatus.ACTIVE,
        is_concealed=False,
        balances=tuple(ShownBalance(each, _balance(each.code, now)) for each in types),
        tier=Tier("gold", "Gold"),
        member_name="First Member",
        expires_at=now + timedelta(days=365),
    )


def _balance(code: str, now: datetime) -> Balance:
    ends = {"amount": 3, "at": (now + timedelta(days=30)).isoformat()}
    return Balance(NOBODY, code, amount=7, pending=2, expiring=(ends,))
