"""The way from a card's page to Google Wallet."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.domain.designs import Design
from service.domain.passes import PassContent
from service.wallets.fake import FakeWallet, FakeWallets
from service.wallets.interface import Offer
from tests.customer import agents
from tests.customer.conftest import path_of
from tests.customer.html import Page
from tests.world import World

LINK = "https://pay.google.com/gp/v/save/head.payload.signature"

pytestmark = pytest.mark.usefixtures("google")


class LinkingWallet(FakeWallet):
    """Offers whatever link it was given, as if Google had taken the pass."""

    link = LINK

    def offer(self, content: PassContent, design: Design, *, is_kept: bool = False) -> Offer:
        return Offer(link=self.link, is_told=bool(self.link))


@pytest.fixture
def wallet() -> LinkingWallet:
    return LinkingWallet()


@pytest.fixture
def client(world: World, wallet: LinkingWallet) -> FlaskClient:
    return create_app(replace(world.context, wallets=FakeWallets(wallet))).test_client()


@pytest.mark.parametrize("accept", [agents.BROWSER, "*/*"])
def test_whoever_asks_is_sent_to_google_without_telling_whence(
    world: World, client: FlaskClient, accept: str
) -> None:
    answer = client.get(f"{path_of(world.card())}/google", headers={"Accept": accept})

    assert (answer.status_code, answer.headers["Location"]) == (302, LINK)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.data == b""


def test_a_browser_may_try_again_when_google_does_not_answer(
    world: World, client: FlaskClient, wallet: LinkingWallet
) -> None:
    path = f"{path_of(world.card())}/google"
    wallet.link = ""

    failed = client.get(path, headers={"Accept": agents.BROWSER})
    problem = client.get(path)
    wallet.link = LINK
    (again,) = Page(failed.text).links("button")

    assert (failed.status_code, problem.status_code) == (503, 503)
    assert "Retry-After" in failed.headers
    assert problem.get_json()["code"] == "pass_unavailable"
    assert client.get(again).headers["Location"] == LINK
