"""What looks at a card's links and takes nothing: messengers, link checkers, other methods."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from service.app import create_app
from service.wallets.fake import FakeWallet, FakeWallets
from tests.customer import agents
from tests.customer.conftest import Visit, path_of
from tests.world import World

ENDS = ["/apple.pkpass", "/google"]


@pytest.fixture
def wallet() -> FakeWallet:
    return FakeWallet()


@pytest.fixture
def client(world: World, wallet: FakeWallet, google: None) -> FlaskClient:
    return create_app(replace(world.context, wallets=FakeWallets(wallet))).test_client()


@pytest.fixture
def card(world: World) -> dict[str, Any]:
    return world.card()


def passes_of(world: World) -> int:
    with world.context.reading() as transaction:
        return int(transaction.session.execute(text("SELECT count(*) FROM passes")).scalar_one())


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("accept", [agents.BROWSER, "*/*"])
def test_a_link_that_is_only_checked_makes_nothing_and_gives_nothing_away(
    world: World,
    client: FlaskClient,
    wallet: FakeWallet,
    card: dict[str, Any],
    end: str,
    accept: str,
) -> None:
    answer = client.head(path_of(card) + end, headers={"Accept": accept})

    assert (answer.status_code, answer.data) == (200, b"")
    assert "Location" not in answer.headers
    assert "Content-Length" not in answer.headers  # only a finished pass has one
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert (wallet.offered, passes_of(world)) == ([], 0)


def test_a_pass_that_is_only_checked_is_described_as_it_is_given_out(
    world: World, card: dict[str, Any]
) -> None:
    path = path_of(card) + "/apple.pkpass"

    looked, taken = world.client.head(path), world.client.get(path)

    for name in ("Content-Type", "Content-Disposition", "Cache-Control", "Referrer-Policy"):
        assert looked.headers[name] == taken.headers[name]
    assert taken.headers["Content-Type"] == "application/vnd.apple.pkpass"
    assert taken.headers["Content-Disposition"] == 'attachment; filename="card.pkpass"'
    assert taken.headers["Accept-Ranges"] == looked.headers["Accept-Ranges"] == "none"
    assert taken.headers["Content-Length"] == str(len(taken.data))
    assert passes_of(world) == 1


def test_the_page_is_checked_as_it_is_shown(world: World, card: dict[str, Any]) -> None:
    headers = {"Accept": agents.BROWSER, "User-Agent": agents.ANDROID}

    looked = world.client.head(path_of(card), headers=headers)
    shown = world.client.get(path_of(card), headers=headers)

    assert (looked.status_code, looked.data) == (200, b"")
    for name in ("Content-Type", "Content-Language", "Content-Length", "Vary", "Cache-Control"):
        assert looked.headers[name] == shown.headers[name]


@pytest.mark.parametrize("end", ["", *ENDS])
def test_a_link_that_leads_nowhere_is_not_there_for_who_only_looks(
    world: World, client: FlaskClient, card: dict[str, Any], end: str
) -> None:
    world.act(card, "close", reason="account_closure")

    answers = [client.head(path + end) for path in ("/add/nowhere", path_of(card))]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert [answer.data for answer in answers] == [b"", b""]


@pytest.mark.parametrize("end", ENDS)
def test_a_wallet_that_is_not_offered_is_not_there_for_who_only_looks(
    world: World, visit: Visit, card: dict[str, Any], end: str
) -> None:
    with world.context.transaction() as transaction:
        transaction.session.connection().exec_driver_sql("DELETE FROM credentials")

    looked, taken = world.client.head(path_of(card) + end), visit(path_of(card) + end)

    assert (looked.status_code, taken.status_code) == (503, 503)
    assert "Retry-After" in looked.headers


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("method", "status"),
    [("OPTIONS", 200), ("POST", 405), ("PUT", 405), ("PATCH", 405), ("DELETE", 405)],
)
def test_only_getting_makes_a_pass(
    world: World,
    client: FlaskClient,
    wallet: FakeWallet,
    card: dict[str, Any],
    end: str,
    method: str,
    status: int,
) -> None:
    answer = client.open(path_of(card) + end, method=method)

    assert answer.status_code == status
    assert (wallet.offered, passes_of(world)) == ([], 0)
