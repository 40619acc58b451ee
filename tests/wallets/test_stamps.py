"""A card with stamps carries the strip of its count, and no other."""

import hashlib
import json
from collections.abc import Callable

import pytest

from service.domain.cards import CardStatus
from service.domain.passes import PassContent
from service.wallets.apple.stamps import stamps_shown
from service.wallets.apple.wallet import AppleWallet
from service.wallets.samples import samples

from .builders import NOON, a_balance, a_content, a_design, unpacked


def a_card(stamps: int, **changes: object) -> PassContent:
    return a_content(balances=(a_balance(stamps, "stamps"),), **changes)


def strip_of(wallet: AppleWallet, content: PassContent, name: str = "strip@3x.png") -> bytes:
    return unpacked(wallet.offer(content, DESIGN).file)[name]


DESIGN = a_design("stamps")


@pytest.mark.parametrize(("amount", "shown"), [(-1, 0), (0, 0), (1, 1), (7, 7), (10, 10), (25, 10)])
def test_the_strip_is_that_of_the_count_clamped(
    wallet: AppleWallet, amount: int, shown: int
) -> None:
    for scale in ("", "@2x", "@3x"):
        name = f"strip{scale}.png"
        assert strip_of(wallet, a_card(amount), name) == DESIGN.images[f"stamps/{shown}/{name}"]


def test_no_strip_of_another_count_is_in_the_pass(wallet: AppleWallet) -> None:
    files = unpacked(wallet.offer(a_card(7), DESIGN).file)

    assert not [name for name in files if "stamps" in name]
    assert {name for name in files if name.startswith("strip")} == {
        "strip.png",
        "strip@2x.png",
        "strip@3x.png",
    }
    manifest = json.loads(files["manifest.json"])
    assert manifest["strip@2x.png"] == hashlib.sha1(files["strip@2x.png"]).hexdigest()


def test_a_concealed_card_shows_the_empty_strip(wallet: AppleWallet) -> None:
    concealed = a_card(7, status=CardStatus.BLOCKED, is_concealed=True)

    assert strip_of(wallet, concealed) == DESIGN.images["stamps/0/strip@3x.png"]


def test_a_card_without_that_balance_shows_the_empty_strip(wallet: AppleWallet) -> None:
    assert strip_of(wallet, a_content()) == DESIGN.images["stamps/0/strip@3x.png"]


def test_only_whole_units_fill_a_place() -> None:
    assert stamps_shown(a_content(balances=(a_balance(799, "stamps", decimals=2),)), DESIGN) == 7
    assert stamps_shown(a_content(balances=(a_balance(7),)), a_design("points")) == 0


def test_two_counts_in_turn_keep_their_own_strips_and_hashes(wallet: AppleWallet) -> None:
    """Without the balance as a field both passes say the same, but their files differ."""
    silent = a_design("stamps", fields=())
    check: Callable[[dict[str, bytes]], bool] = lambda files: all(  # noqa: E731
        hashlib.sha1(files[name]).hexdigest() == digest
        for name, digest in json.loads(files["manifest.json"]).items()
    )

    passes = [unpacked(wallet.offer(a_card(count), silent).file) for count in (3, 4, 3, 4)]

    assert [each["strip.png"] for each in passes] == [
        silent.images[f"stamps/{count}/strip.png"] for count in (3, 4, 3, 4)
    ]
    assert all(check(files) for files in passes)


def test_samples_show_every_status_a_concealed_card_and_money() -> None:
    shown = list(samples(DESIGN, NOON))

    assert {content.status for content in shown} == set(CardStatus)
    assert any(content.is_concealed for content in shown)
    assert {each.type.code for content in shown for each in content.balances} == {"stamps"}
    assert {each.type.currency for content in shown for each in content.balances} == {None, "EUR"}
