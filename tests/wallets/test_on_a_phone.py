"""Our passes on the simulated phone: it opens them, shows them and announces what changed."""

from dataclasses import replace

import pytest

from service.domain.cards import CardStatus
from service.domain.passes import PassContent
from service.emulators.certificates import Authority
from service.emulators.pass_reader import OpenedPass, open_pass
from service.emulators.pass_rendering import (
    changed_fields,
    notification,
    render_fields,
    render_pass,
)
from service.wallets.apple.wallet import AppleWallet

from .builders import a_balance, a_content, a_design

DESIGN = a_design()


@pytest.fixture
def wallet_phone(wallet: AppleWallet, authority: Authority) -> "Phone":
    return Phone(wallet, authority)


class Phone:
    def __init__(self, wallet: AppleWallet, authority: Authority) -> None:
        self.wallet = wallet
        self.root_pem = authority.root_pem

    def open(self, content: PassContent) -> OpenedPass:
        return open_pass(self.wallet.offer(content, DESIGN).file, self.root_pem)

    def notified(self, before: PassContent, after: PassContent, language: str) -> str | None:
        old, new = self.open(before), self.open(after)
        changed = changed_fields(render_fields(old, language), render_fields(new, language))
        return notification(new.style, changed)


def test_a_phone_opens_the_pass_and_reads_it_in_both_languages(wallet_phone: Phone) -> None:
    opened = wallet_phone.open(a_content())

    english, russian = render_fields(opened, "en"), render_fields(opened, "ru")
    assert (english["points"].label, english["points"].value) == ("POINTS", "120")
    assert (russian["points"].label, russian["status"].value) == ("БАЛЛЫ", "Активна")
    assert english["member"].value == "Anna Petrova"


def test_a_new_balance_is_announced_in_the_holders_words(wallet_phone: Phone) -> None:
    before, after = a_content(), a_content(balances=(a_balance(150),), version=2)

    assert wallet_phone.notified(before, after, "en") == "Your points balance is now 150"
    assert wallet_phone.notified(before, after, "ru") == "Ваш баланс в баллах: 150"


def test_a_block_is_announced_and_a_concealed_one_is_silent(wallet_phone: Phone) -> None:
    before = a_content()
    blocked = replace(before, status=CardStatus.BLOCKED)
    concealed = replace(blocked, is_concealed=True)

    assert wallet_phone.notified(before, blocked, "en") == "Your card is now: Blocked"
    assert wallet_phone.notified(before, concealed, "en") is None
    assert wallet_phone.open(concealed).is_voided


@pytest.mark.parametrize("name", ['"; "status.active" = "x', "%@ %s \\U0041", "\u202emoc.live"])
def test_a_hostile_name_is_only_a_name(wallet_phone: Phone, name: str) -> None:
    opened = wallet_phone.open(a_content(member_name=name))

    assert render_fields(opened, "en")["member"].value == name.strip("\u202e")
    assert render_pass(opened, "en")
