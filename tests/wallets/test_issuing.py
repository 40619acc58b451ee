"""What a pass says is signed once.

Elliptic signatures are random, so files that are equal were signed once.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.domain.accounts import Tier
from service.domain.cards import CardStatus
from service.domain.credentials import AppleCredential
from service.domain.errors import SetupError
from service.emulators.certificates import Authority
from service.emulators.control import utc_now
from service.wallets.apple import issuing
from service.wallets.apple.certificates import identity
from service.wallets.apple.issuing import Issuer, Stock

from .builders import NOON, a_balance, a_content, a_design
from .certified import elliptic_credential

DESIGN = a_design()
START = utc_now()
CHANGES = [
    {"serial": "s-0002"},
    {"authentication_token": "u" * 32},
    {"base_url": "https://other.example.com"},
    {"brand_name": "Corner Tea"},
    {"program_name": "Tea Points"},
    {"card_number": "9001234567890111"},
    {"barcode_message": "9001234567890111"},
    {"status": CardStatus.BLOCKED},
    {"is_concealed": True},
    {"balances": (a_balance(121),)},
    {"tier": Tier("gold", "Golden")},
    {"member_name": "Anna Ivanova"},
    {"expires_at": NOON},
]


@pytest.fixture(scope="module")
def elliptic(authority: Authority) -> AppleCredential:
    return elliptic_credential(authority)


@pytest.fixture
def moved() -> list[timedelta]:
    """How far the clock was moved: put a time in."""
    return [timedelta()]


@pytest.fixture
def issuer(elliptic: AppleCredential, moved: list[timedelta]) -> Issuer:
    return Issuer(elliptic, identity(elliptic), lambda: START + moved[-1])


def test_an_unchanged_pass_is_not_signed_again(issuer: Issuer) -> None:
    first = issuer.issue(a_content(), DESIGN)

    again = issuer.issue(a_content(version=2), DESIGN)

    assert first == again


@pytest.mark.parametrize("change", CHANGES, ids=",".join)
def test_whatever_a_pass_shows_is_signed_when_it_changes(
    issuer: Issuer, change: dict[str, Any]
) -> None:
    before = issuer.issue(a_content(), DESIGN)

    after = issuer.issue(a_content(**change), DESIGN)

    assert before != after
    assert issuer.issue(a_content(), DESIGN) == before


def test_the_same_words_in_another_design_are_another_pass(issuer: Issuer) -> None:
    other = replace(DESIGN, id=a_design().id, images={**DESIGN.images, "logo@3x.png": b"other"})

    assert issuer.issue(a_content(), DESIGN) != issuer.issue(a_content(), other)


def test_a_design_is_prepared_once_because_its_id_says_it_all(issuer: Issuer) -> None:
    first = issuer.issue(a_content(), DESIGN)

    assert issuer.issue(a_content(), replace(DESIGN, images={})) == first


def test_a_signature_is_given_out_for_an_hour_at_most(
    issuer: Issuer, moved: list[timedelta]
) -> None:
    first = issuer.issue(a_content(), DESIGN)

    moved.append(timedelta(minutes=59, seconds=59))
    young = issuer.issue(a_content(), DESIGN)
    moved.append(timedelta(hours=1))
    old = issuer.issue(a_content(), DESIGN)

    assert first == young != old


def test_five_thousand_fetches_of_one_version_sign_once(issuer: Issuer) -> None:
    gate = threading.Barrier(8)

    def fetch(_: int) -> set[bytes]:
        gate.wait()
        return {issuer.issue(a_content(), DESIGN) for _ in range(625)}

    with ThreadPoolExecutor(8) as pool:
        files = set().union(*pool.map(fetch, range(8)))

    assert len(files) == 1


def test_passes_and_designs_that_nobody_asked_for_make_room(
    elliptic: AppleCredential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "PASSES_KEPT", 1)
    issuer = Issuer(elliptic, identity(elliptic), utc_now)
    first = issuer.issue(a_content(), DESIGN)

    issuer.issue(a_content(serial="s-0002"), DESIGN)

    assert issuer.issue(a_content(), DESIGN) != first


def test_issuers_of_one_stock_are_bounded_together(
    elliptic: AppleCredential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "PASSES_KEPT", 2)
    stock = Stock(utc_now)
    one, other = (Issuer(elliptic, identity(elliptic), utc_now, stock) for _ in range(2))
    first = one.issue(a_content(), DESIGN)
    is_kept = one.issue(a_content(), DESIGN) == first

    for serial in ("s-0002", "s-0003"):
        other.issue(a_content(serial=serial), DESIGN)

    assert is_kept
    assert one.issue(a_content(), DESIGN) != first


def test_an_issuer_gives_out_nothing_that_another_signed(elliptic: AppleCredential) -> None:
    stock = Stock(utc_now)
    one, other = (Issuer(elliptic, identity(elliptic), utc_now, stock) for _ in range(2))

    assert one.issue(a_content(), DESIGN) != other.issue(a_content(), DESIGN)


def test_a_pass_of_another_type_is_refused_although_its_like_is_kept(issuer: Issuer) -> None:
    issuer.issue(a_content(), DESIGN)

    with pytest.raises(SetupError):
        issuer.issue(a_content(type_id="pass.com.example.other"), DESIGN)
