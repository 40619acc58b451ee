"""What a customer's link answers when there is no card, no wallet, or a fault."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.domain.errors import PassUnavailable
from service.storage.database import Database
from tests.customer import agents
from tests.customer.conftest import Visit, path_of
from tests.customer.html import Page
from tests.world import World

PATHS = ["", "/apple.pkpass", "/google"]


@pytest.fixture
def bare(world: World) -> dict[str, Any]:
    """A card whose brand has no wallet at all."""
    card = world.card()
    with world.context.transaction() as transaction:
        transaction.session.connection().exec_driver_sql("DELETE FROM credentials")
    return card


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_closed_card_looks_like_a_link_that_leads_nowhere(
    world: World, visit: Visit, path: str, language: str
) -> None:
    card = world.card()
    world.act(card, "close", reason="account_closure")

    closed = visit(f"{path_of(card)}{path}?lang={language}")
    nowhere = visit(f"/add/nowhere{path}?lang={language}")

    assert (closed.status_code, nowhere.status_code) == (404, 404)
    shown = [Page(each.text) for each in (closed, nowhere)]
    assert shown[0].text("main") == shown[1].text("main")
    assert shown[0].links() == shown[1].links()
    assert shown[0].all("html") == [{"lang": language}]
    assert "Tests" not in closed.text
    assert "Points" not in closed.text


@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_browser_is_told_the_problem(world: World, path: str) -> None:
    answers = [
        world.client.get(f"/add/nowhere{path}", headers=headers)
        for headers in ({"Accept": "*/*"}, {}, {"Accept": "application/json, text/html;q=0"})
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.content_type for answer in answers} == {"application/problem+json"}
    assert {answer.get_json()["code"] for answer in answers} == {"card_not_found"}


@pytest.mark.parametrize("path", ["/apple.pkpass", "/google"])
@pytest.mark.parametrize(("language", "again"), [("en", "Try again"), ("ru", "Попробовать снова")])
def test_a_wallet_that_is_not_there_now_can_be_tried_again(
    visit: Visit, bare: dict[str, Any], path: str, language: str, again: str
) -> None:
    answer = visit(f"{path_of(bare)}{path}?lang={language}")

    page = Page(answer.text)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert page.links("button") == [f"{path_of(bare)}{path}?lang={language}"]
    assert f"{path_of(bare)}?lang={language}" in page.links()
    assert again in page.text("main")


def test_a_wallet_that_is_not_there_now_is_a_problem_to_a_phone(
    world: World, bare: dict[str, Any]
) -> None:
    answer = world.client.get(f"{path_of(bare)}/apple.pkpass", headers={"Accept": "*/*"})

    assert (answer.status_code, answer.get_json()["code"]) == (503, PassUnavailable.code)


@pytest.mark.parametrize("agent", [agents.IPHONE, agents.ANDROID, agents.WINDOWS])
def test_a_card_that_no_wallet_takes_says_so(
    visit: Visit, bare: dict[str, Any], agent: str
) -> None:
    answer = visit(path_of(bare), agent)

    page = Page(answer.text)
    assert answer.status_code == 200
    assert page.text("h1") == "This card cannot be added to a phone yet"
    assert page.links() == ["?lang=ru"]
    assert "QR" not in answer.text


def test_a_phone_whose_wallet_is_not_offered_is_told_which_one_is(
    world: World, visit: Visit
) -> None:
    page = Page(visit(path_of(world.card()), agents.ANDROID).text)

    assert "not available for Google Wallet yet" in page.text("main")
    assert page.links("button") == []


@pytest.mark.parametrize(
    ("path", "language", "said", "way_out"),
    [
        ("", "en", "The fault is on our side", "Try again"),
        ("", "ru", "Ошибка на нашей стороне", "Попробовать снова"),
        ("/apple.pkpass", "en", "The fault is on our side", "Back to the card"),
        ("/google", "ru", "Ошибка на нашей стороне", "Назад к карте"),
    ],
)
def test_a_fault_of_ours_is_owned_up_to_and_noted_without_the_link(
    world: World,
    visit: Visit,
    caplog: pytest.LogCaptureFixture,
    path: str,
    language: str,
    said: str,
    way_out: str,
) -> None:
    card = world.card()
    with world.context.transaction() as transaction:
        odd = "UPDATE cards SET status_reason = 'odd'"
        transaction.session.connection().exec_driver_sql(odd)

    answer = visit(f"{path_of(card)}{path}?lang={language}")

    page = Page(answer.text)
    leads_to = path_of(card) + ("" if way_out in ("Back to the card", "Назад к карте") else path)
    assert answer.status_code == 500
    assert said in page.text("main")
    assert way_out in page.text("main")
    assert page.links("button") == [f"{leads_to}?lang={language}"]
    (record,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert answer.headers["X-Request-Id"] in record.getMessage()
    assert record.exc_info is not None
    assert path_of(card).removeprefix("/add/") not in caplog.text


def test_a_fault_of_ours_is_a_page_to_a_browser_and_a_problem_to_others(
    world: World, visit: Visit
) -> None:
    card = world.card()
    with world.context.transaction() as transaction:
        transaction.session.connection().exec_driver_sql("UPDATE brands SET mode = 'odd'")

    page, problem = visit(path_of(card)), world.client.get(path_of(card))

    assert (page.status_code, problem.status_code) == (500, 500)
    assert Page(page.text).text("h1") == "Something went wrong"
    assert problem.get_json()["code"] == "internal_error"


@pytest.mark.parametrize("path", ["/add/", "/add/x/samsung", "/add/x/y/z"])
def test_a_mangled_link_is_the_same_page(visit: Visit, path: str) -> None:
    answer = visit(path)

    assert answer.status_code == 404
    assert Page(answer.text).text("h1") == "This link leads to no card"


@pytest.fixture
def cut_off(world: World) -> FlaskClient:
    """The service while its database does not answer."""
    with world.context.reading() as transaction:
        nowhere = Database(
            "postgresql+psycopg://nobody@127.0.0.1:1/none", transaction.vault, lambda: None
        )
    return create_app(replace(world.context, database=nowhere)).test_client()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("language", "said", "back"),
    [
        ("en", "Your card cannot be opened at the moment", "Back to the card"),
        ("ru", "Карта пока не открывается", "Назад к карте"),
    ],
)
def test_a_page_that_is_not_there_now_blames_no_wallet_and_leads_in_no_circle(
    world: World, cut_off: FlaskClient, path: str, language: str, said: str, back: str
) -> None:
    address = f"{path_of(world.card())}"

    answer = cut_off.get(f"{address}{path}?lang={language}", headers={"Accept": agents.BROWSER})

    page = Page(answer.text)
    shown = page.text("main")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert said in shown
    assert "wallet" not in shown.lower()
    assert "ошел" not in shown.lower()
    assert page.links("button") == [f"{address}{path}?lang={language}"]
    assert (back in shown) is bool(path)
    assert (f"{address}?lang={language}" in page.links()) is True


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "This page cannot be opened this way"), ("ru", "Так эту страницу открыть нельзя")],
)
def test_a_method_that_is_not_allowed_is_nobodys_fault_and_leads_to_the_card(
    world: World,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    language: str,
    title: str,
) -> None:
    answer = world.client.open(
        f"/add/x{path}?lang={language}", method=method, headers={"Accept": agents.BROWSER}
    )

    page = Page(answer.text)
    assert answer.status_code == 405
    assert {each.strip() for each in answer.headers["Allow"].split(",")} == {
        "GET",
        "HEAD",
        "OPTIONS",
    }
    assert answer.mimetype == "text/html"
    assert page.text("h1") == title
    assert "fault" not in page.text("main")
    assert "Ошибка" not in page.text("main")
    assert page.links("button") == [f"/add/x?lang={language}"]
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    "token", ["javascript:alert(1)", "<script>", '"><b>', "%2e%2e", "%00", "я"]
)
def test_a_token_is_never_read_as_html(world: World, visit: Visit, token: str) -> None:
    answers = [
        visit(f"/add/{token}/google"),
        world.client.post(f"/add/{token}", headers={"Accept": agents.BROWSER}),
    ]

    for answer in answers:
        assert all(link.startswith(("/add/", "?lang=")) for link in Page(answer.text).links())
        assert "<script" not in answer.text
        assert "<b>" not in answer.text


@pytest.mark.parametrize("path", [*PATHS, "/nothing"])
def test_every_answer_about_a_link_is_kept_private(world: World, visit: Visit, path: str) -> None:
    card = world.card()

    answers = [
        visit(path_of(card) + path),
        world.client.get(path_of(card) + path),
        visit("/add/nowhere" + path),
    ]

    for answer in answers:
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_pages_elsewhere_are_left_alone(visit: Visit) -> None:
    answer = visit("/v1/cards/nothing")

    assert answer.mimetype == "application/problem+json"
    assert "X-Robots-Tag" not in answer.headers
