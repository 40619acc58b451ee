"""Ready-made contents, designs and deliveries; each test changes only what it is about."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from service.domain.accounts import Balance, Tier
from service.domain.cards import CardStatus
from service.domain.credentials import AppleCredential
from service.domain.deliveries import LEASE, Delivery
from service.domain.designs import Design
from service.domain.passes import PassContent, ShownBalance, WalletName
from service.domain.programs import BalanceType, BarcodeFormat
from service.emulators.certificates import Authority, Issued
from service.emulators.control import utc_now
from service.operations import designs

TEMPLATES = Path(__file__).parents[2] / "templates" / "passes"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TYPE_ID = "pass.com.example.loyalty"
TEAM_ID = "A1B2C3D4E5"
BRAND = UUID(int=1)


def a_design(name: str = "points", **changes: Any) -> Design:
    design = designs.shipped(TEMPLATES.parent, name).design(uuid4(), BRAND, version=1)
    return replace(design, **changes)


def with_strings(design: Design, more: Mapping[str, Mapping[str, str]]) -> Design:
    """Return the design with more texts: key -> language -> text."""
    strings = {language: dict(known) for language, known in design.strings.items()}
    for key, said in more.items():
        for language, text in said.items():
            strings[language][key] = text
    return replace(design, strings=strings)


def a_balance(amount: int = 120, code: str = "points", **kind: Any) -> ShownBalance:
    return ShownBalance(BalanceType(code, **kind), Balance(UUID(int=2), code, amount))


def a_content(**changes: Any) -> PassContent:
    content = PassContent(
        pass_id=UUID(int=3),
        program_id=UUID(int=4),
        type_id=TYPE_ID,
        serial="s-0001",
        version=1,
        authentication_token="t" * 32,
        base_url="https://cards.example.com",
        brand_name="Corner Coffee",
        program_name="Coffee Points",
        card_number="9001234567890128",
        barcode_format=BarcodeFormat.QR,
        barcode_message="9001234567890128",
        status=CardStatus.ACTIVE,
        is_concealed=False,
        balances=(a_balance(),),
        tier=Tier("gold", "Gold"),
        member_name="Anna Petrova",
        expires_at=None,
    )
    return replace(content, **changes)


def a_credential(authority: Authority, issued: Issued, **changes: Any) -> AppleCredential:
    credential = AppleCredential(
        id=uuid4(),
        type_id=TYPE_ID,
        team_id=TEAM_ID,
        certificate_pem=issued.certificate_pem,
        private_key_pem=issued.key_pem,
        wwdr_pem=authority.wwdr_pem,
    )
    return replace(credential, **changes)


def a_delivery(push_token: str = "aa01", **changes: Any) -> Delivery:
    delivery = Delivery(
        id=uuid4(),
        brand_id=BRAND,
        pass_id=uuid4(),
        device_id=uuid4(),
        wallet=WalletName.APPLE,
        type_id=TYPE_ID,
        push_token=push_token,
        version=2,
        attempts=0,
        lease=uuid4(),
        leased_until=utc_now() + LEASE,
    )
    return replace(delivery, **changes)


def unpacked(pkpass: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pkpass)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def strings_of(content: bytes) -> dict[str, str]:
    """Read a pass.strings file; an independent reader: only what the format allows."""
    text = content.decode("utf-16")
    lines = re.findall(r'^"((?:[^"\\\n]|\\.)*)" = "((?:[^"\\\n]|\\.)*)";$', text, re.MULTILINE)
    assert len(lines) == text.count("\n")
    return {json.loads(f'"{key}"'): json.loads(f'"{value}"') for key, value in lines}
