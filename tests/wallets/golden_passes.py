"""The passes that the golden files hold; `python -m tests.wallets.golden_passes` writes them anew.

Read the difference before you keep it: it is what every phone is going to show.
"""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

from service.domain.accounts import Balance
from service.domain.cards import CardStatus
from service.domain.designs import Design, DesignField, Section
from service.domain.passes import PassContent, ShownBalance
from service.domain.programs import BalanceType, BarcodeFormat
from service.wallets.apple.content import PreparedContent

from .builders import TEAM_ID, a_balance, a_content, a_design, with_strings

FOLDER = Path(__file__).parent / "golden"
STYLES = ("storeCard", "coupon", "generic")
FACES = (*STYLES, "posterGeneric")
FLAT = ("storeCard", "coupon")  # the styles that draw a strip
STRIPS = ("strip.png", "strip@2x.png", "strip@3x.png")
SHIPPED = ("points", "cashback")
CONCEALED = "concealed"
LEAF = re.compile(r"[{\[][^{}\[\]]*[}\]]")  # a list or an object without another in it
FIELDS = (
    DesignField(Section.HEADER, "points", "balance:points", "label.points", "change.points"),
    DesignField(Section.PRIMARY, "earn", "text:text.earn", "label.earn"),
    DesignField(Section.SECONDARY, "member", "member_name", "label.member"),
    DesignField(Section.SECONDARY, "tier", "tier", "label.tier", apple={"text_alignment": "right"}),
    DesignField(Section.AUXILIARY, "ending", "expiring:points", "label.expiry"),
    DesignField(
        Section.AUXILIARY,
        "ends",
        "expiring_at:points",
        "label.expiry",
        apple={"is_relative": True, "date_style": "short"},
    ),
    DesignField(Section.BACK, "status", "status", "label.status", "change.status"),
    DesignField(
        Section.BACK,
        "number",
        "card_number",
        "label.card_number",
        apple={"meaning": "membershipProgramNumber"},
    ),
    DesignField(
        Section.BACK, "terms", "text:text.terms", "label.terms", apple={"link": "url.terms"}
    ),
)
OPTIONS = {
    "semantics": True,
    "locations": [{"latitude": 52.52, "longitude": 13.405, "relevant_text": "near.shop"}],
    "max_distance": 80,
    "featured_actions": [
        {"identifier": "rewards", "type": "viewOffersRewards", "url": "https://example.com/offers"}
    ],
}
TEXTS = {
    "near.shop": {"en": "You are near our shop", "ru": "Наш магазин рядом"},
    "url.terms": {"en": "https://example.com/terms", "ru": "https://example.com/ru/terms"},
}


def a_rich_design(style: str, *, is_poster: bool, **more: Any) -> Design:
    """Return a design that uses what there is to use."""
    design = with_strings(a_design(), TEXTS)
    left_out = () if style in FLAT else STRIPS
    drawn = {name: png for name, png in design.images.items() if name not in left_out}
    poster = {f"{name}@2x.png": drawn["icon.png"] for name in ("background", "primaryLogo")}
    return replace(
        design,
        id=UUID(int=9),
        fields=FIELDS,
        images={**drawn, **(poster if is_poster else {})},
        apple={"style": style, "poster": is_poster, **OPTIONS, **more},
    )


def a_rich_content(state: str = "active") -> PassContent:
    """Return the card of somebody with points that end; `state` is a status, or concealed."""
    is_concealed = state == CONCEALED
    ends = tuple({"amount": 20, "at": f"2027-0{month}-01T00:00:00Z"} for month in (3, 2))
    points = Balance(UUID(int=2), "points", 1250, expiring=ends)
    return a_content(
        status=CardStatus.BLOCKED if is_concealed else CardStatus(state),
        is_concealed=is_concealed,
        balances=(ShownBalance(BalanceType("points"), points),),
        barcode_format=BarcodeFormat.EAN13,
        barcode_message="2912345678906",
        card_number="2912345678906",
        expires_at=datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC),
    )


def a_shipped_content(name: str) -> PassContent:
    if name == "cashback":
        balance = a_balance(1240567, "cashback", decimals=2, currency="EUR")
        return a_content(balances=(balance,), program_name="Cashback", tier=None)
    return a_content(expires_at=datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC))


def passes() -> dict[str, tuple[Design, dict[str, PassContent]]]:
    """Return by file the design, and its passes by status."""
    found = {name: (a_design(name), {"active": a_shipped_content(name)}) for name in SHIPPED}
    contents = {state: a_rich_content(state) for state in (*CardStatus, CONCEALED)}
    for style, is_poster in product(STYLES, (False, True)):
        name = f"{style}-poster" if is_poster else style
        found[name] = (a_rich_design(style, is_poster=is_poster), contents)
    return found


def written(design: Design, contents: dict[str, PassContent]) -> str:
    """Return what a golden file holds: an active pass, and how the others differ from it.

    Each field of a pass is on a line of its own; null is what is not there.
    """
    prepared = PreparedContent(design, TEAM_ID)
    parts = {state: _parts(prepared, each) for state, each in contents.items()}
    active = parts.pop("active")
    others = {
        state: {key: each.get(key) for key in active | each if each.get(key) != active.get(key)}
        for state, each in parts.items()
    }
    text = json.dumps({"active": active, **others}, ensure_ascii=False, indent=1)
    return LEAF.sub(lambda leaf: " ".join(leaf[0].split()), text) + "\n"


def _parts(prepared: PreparedContent, content: PassContent) -> dict[str, Any]:
    """Return a pass with its fields, in their order, as if they were keys of its own."""
    made: dict[str, Any] = json.loads(prepared.pass_json(content))
    faces = {style: made.pop(style) for style in FACES if style in made}
    fields = {
        f"{style}.{section}.{field.pop('key')}": field
        for style, sections in faces.items()
        for section, listed in sections.items()
        for field in listed
    }
    return {**made, **fields}


if __name__ == "__main__":
    for name, (design, contents) in passes().items():
        (FOLDER / f"{name}.json").write_text(written(design, contents), "utf-8")
