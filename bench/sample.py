"""What the measurements have in common: a certificate, a design, a pass, a table, figures."""

import os
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from service.domain.accounts import Balance, Tier
from service.domain.cards import CardStatus
from service.domain.credentials import AppleCredential
from service.domain.designs import Design
from service.domain.passes import PassContent, ShownBalance
from service.domain.programs import BalanceType, BarcodeFormat
from service.emulators.certificates import Authority
from service.operations import designs

TEMPLATES = Path(__file__).parents[1] / "templates"
TYPE_ID, TEAM_ID = "pass.com.example.bench", "BENCH12345"


def now() -> datetime:
    return datetime.now(UTC)


def a_credential(authority: Authority) -> AppleCredential:
    issued = authority.pass_certificate(TYPE_ID, TEAM_ID, now=now())
    return AppleCredential(
        id=UUID(int=1),
        type_id=TYPE_ID,
        team_id=TEAM_ID,
        certificate_pem=issued.certificate_pem,
        private_key_pem=issued.key_pem,
        wwdr_pem=authority.wwdr_pem,
    )


def a_design(name: str = "points") -> Design:
    return designs.shipped(TEMPLATES, name).design(UUID(int=2), UUID(int=3), version=1)


def a_content() -> PassContent:
    balance = Balance(UUID(int=4), "points", 1250)
    return PassContent(
        pass_id=UUID(int=5),
        program_id=UUID(int=6),
        type_id=TYPE_ID,
        serial="bench-1",
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
        balances=(ShownBalance(BalanceType("points"), balance),),
        tier=Tier("gold", "Gold"),
        member_name="Anna Petrova",
        expires_at=None,
    )


@contextmanager
def pinned() -> Iterator[str]:
    """Keep this process, and what it starts, on one core where the system can; say which."""
    if not hasattr(os, "sched_setaffinity"):
        yield "not pinned"
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield f"pinned to core {max(cores)}"
    finally:
        os.sched_setaffinity(0, cores)


def figures(values: Sequence[float]) -> tuple[str, str]:
    """Return the median, and the least and the most."""
    return figure(statistics.median(values)), f"{figure(min(values))} - {figure(max(values))}"


def figure(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a plain table."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    written = [
        "  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)) for line in lines
    ]
    rule = "  ".join("-" * width for width in widths)
    sys.stdout.write("\n".join(["", title, written[0], rule, *written[1:], ""]))
    sys.stdout.flush()
