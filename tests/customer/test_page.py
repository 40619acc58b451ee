"""The page that a card's link opens."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from service.app import create_app
from service.domain.cards import CONCEALED, RULES, CardAction, Reason
from service.wiring import templates_folder
from tests.customer import agents
from tests.customer.conftest import Visit, path_of
from tests.customer.html import Page
from tests.world import World, a_brand

pytestmark = pytest.mark.usefixtures("google")

AGENTS = [agents.IPHONE, agents.ANDROID, agents.MAC, agents.WINDOWS, agents.UNHEARD_OF]
HINTS = re.compile("block|lock|stolen|theft|fraud|complian|suspic|блок|краж|украд|мошен")
PERSON = {"name": "Ada Nobody", "phone": "+49 30 1234567", "email": "ada@example.com"}


@pytest.fixture
def card(world: World) -> dict[str, Any]:
    return world.card(points=98765, member=PERSON)


def hidden(card: dict[str, Any]) -> Iterator[str]:
    yield from PERSON.values()
    yield from (card["number"], card["number"][-4:], card["id"], card["account"]["id"])
    yield from ("98765", "98,765", "98 765")


@pytest.mark.parametrize(
    ("agent", "buttons", "quiet"),
    [
        (agents.IPHONE, ["apple.pkpass"], []),
        (agents.ANDROID, ["google"], ["apple.pkpass"]),
        (agents.MAC, ["apple.pkpass"], ["google"]),
        (agents.WINDOWS, [], ["apple.pkpass", "google"]),
        (agents.UNHEARD_OF, ["apple.pkpass", "google"], []),
    ],
)
def test_each_device_is_offered_its_wallets(
    visit: Visit, card: dict[str, Any], agent: str, buttons: list[str], quiet: list[str]
) -> None:
    page = Page(visit(path_of(card), agent).text)

    base = path_of(card)
    assert page.links("button") == [f"{base}/{each}" for each in buttons]
    others = [link for link in page.links() if link.startswith("/add/")]
    assert others == [f"{base}/{each}" for each in [*buttons, *quiet]]


@pytest.mark.parametrize("agent", [agents.ANDROID, agents.WINDOWS, agents.UNHEARD_OF])
def test_the_way_to_google_is_called_as_google_calls_it(
    visit: Visit, card: dict[str, Any], agent: str
) -> None:
    shown = [Page(visit(f"{path_of(card)}?lang={each}", agent).text) for each in ("en", "ru")]

    assert "Add to Google Wallet" in shown[0].text("main")
    assert "Добавить в Google Кошелёк" in shown[1].text("main")
    assert "Бонусная карта" in shown[1].text("main")


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_page_is_well_formed_small_and_says_its_language(
    visit: Visit, card: dict[str, Any], agent: str, language: str
) -> None:
    answer = visit(f"{path_of(card)}?lang={language}", agent)

    page = Page(answer.text)
    assert answer.status_code == 200
    assert len(answer.data) < 60_000
    assert page.all("html") == [{"lang": language}]
    assert answer.headers["Content-Language"] == language
    assert page.text("title")
    assert page.text("h1")
    assert [len(page.all(tag)) for tag in ("main", "header", "nav")] == [1, 1, 1]
    assert all("alt" in image for image in page.all("img"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("agent", AGENTS)
def test_a_page_runs_no_code_and_asks_nobody_else(
    visit: Visit, card: dict[str, Any], agent: str
) -> None:
    html = visit(path_of(card), agent).text

    assert "<script" not in html
    assert "javascript:" not in html
    assert re.findall(r"\son\w+=", html) == []
    assert "//" not in html.replace("<!doctype html>", "")
    assert "style=" not in html.replace("<style nonce=", "")


@pytest.mark.parametrize("agent", AGENTS)
def test_a_page_tells_nothing_of_the_person_or_the_balance(
    visit: Visit, card: dict[str, Any], agent: str
) -> None:
    html = visit(path_of(card), agent).text

    assert [fact for fact in hidden(card) if fact in html] == []


def test_a_page_is_kept_private_and_lets_nothing_in(visit: Visit, card: dict[str, Any]) -> None:
    first, second = visit(path_of(card)), visit(path_of(card))

    policy = first.headers["Content-Security-Policy"]
    (style,) = Page(first.text).all("style")
    assert policy == (
        f"default-src 'none'; style-src 'nonce-{style['nonce']}'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert second.headers["Content-Security-Policy"] != policy
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert first.headers["Cache-Control"] == "private, no-store"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert "noindex" in first.headers["X-Robots-Tag"]
    varies = {name.strip() for name in first.headers["Vary"].split(",")}
    assert varies >= {"User-Agent", "Sec-CH-UA-Platform", "Sec-CH-UA-Mobile", "Accept-Language"}


def test_opening_the_page_makes_no_pass(world: World, visit: Visit, card: dict[str, Any]) -> None:
    visit(path_of(card))

    delivery = world.call("GET", f"/v1/cards/{card['id']}/delivery").get_json()
    assert "serial" not in str(delivery)


def test_the_card_is_drawn_in_the_colors_of_its_design_with_its_logo(
    world: World, visit: Visit, card: dict[str, Any]
) -> None:
    html = visit(path_of(card)).text

    with world.context.reading() as transaction:
        design = world.context.design(transaction, world.brand.program.design_id)
    assert f"background: {design.background}; color: {design.foreground}" in html
    assert f"color: {design.label}" in html
    logo = design.image_path("google/logo.png") or design.image_path("icon@3x.png")
    (image,) = Page(html).all("img")
    assert image["src"] == logo
    assert world.brand.program.name in html


@pytest.mark.parametrize("language", ["en", "ru"])
def test_names_that_look_like_html_are_shown_as_they_are(
    world: World, visit: Visit, language: str
) -> None:
    name = '<b>"Café" & <script>Söhne'
    world.brand = a_brand(world.context, world.authority, name, "pass.com.example.odd")
    card = world.call(
        "POST", "/v1/cards", {"program": str(world.brand.program.id), "activate": False}
    ).get_json()

    html = visit(f"{path_of(card)}?lang={language}").text

    page = Page(html)
    assert "<script" not in html
    assert name in page.text("title")
    assert page.text("main").count(name) == 2  # on the card, and who activates it


@pytest.mark.parametrize("reason", [None, Reason.LOST, Reason.FRAUD])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_name_written_from_right_to_left_does_not_turn_the_words_around_it(
    world: World, visit: Visit, reason: Reason | None, language: str
) -> None:
    name = "חנות & ספרים"
    world.brand = a_brand(world.context, world.authority, name, "pass.com.example.rtl")
    card = world.card()
    if reason is not None:
        blocked(world, card, reason)
    new = a_new_card(world)

    for each in (card, new):
        body = visit(f"{path_of(each)}?lang={language}").text.partition("<body>")[2]
        shown = name.replace("&", "&amp;")
        assert body.count(shown) == body.count(f"<bdi>{shown}</bdi>") > 0
        assert f"<bdi>{world.brand.program.name}</bdi>" in body


def a_new_card(world: World) -> dict[str, Any]:
    """Return a card that is not activated yet."""
    body = {"program": str(world.brand.program.id), "activate": False}
    made: dict[str, Any] = world.call("POST", "/v1/cards", body).get_json()
    return made


def blocked(world: World, card: dict[str, Any], reason: Reason) -> dict[str, Any]:
    answer = world.act(card, "block", reason=reason, comment="seen in a test")
    assert answer.status_code == 200, answer.text
    return card


def test_behind_a_path_of_a_shared_host_links_lead_below_it(
    world: World, card: dict[str, Any]
) -> None:
    settings = world.context.settings.model_copy(update={"base_url": "https://example.com/loyalty"})
    client = create_app(replace(world.context, settings=settings)).test_client()

    page = Page(client.get(path_of(card), headers={"User-Agent": agents.WINDOWS}).text)

    ours = [link for link in page.links() if not link.startswith("?")]
    assert ours
    assert all(link.startswith("/loyalty/add/") for link in ours)
    assert page.all("img")[0]["src"].startswith("/loyalty/images/")


@pytest.mark.parametrize("agent", [agents.MAC, agents.WINDOWS, agents.UNHEARD_OF])
def test_the_qr_code_is_read_as_the_address_of_the_page(
    world: World, visit: Visit, card: dict[str, Any], agent: str
) -> None:
    page = Page(visit(f"{path_of(card)}?lang=ru", agent).text)

    (found,) = zxingcpp.read_barcodes(rasterized(page))
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    assert found.ec_level == "M"
    assert found.text == world.context.settings.base_url + path_of(card)


def rasterized(page: Page) -> Image.Image:
    """Draw the code's rectangles, 4 pixels a module; its four modules of white are checked."""
    (svg,) = [each for each in page.all("svg") if each.get("role") == "img"]
    size = int(svg["viewbox"].split()[2])
    image = Image.new("L", (size * 4, size * 4), 255)
    draw = ImageDraw.Draw(image)
    (path,) = [each for each in page.all("path") if each.get("fill") == "#000"]
    bars = re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-(\d+)Z", path["d"])
    assert "".join("M{} {}h{}v{}h-{}Z".format(*bar) for bar in bars) == path["d"]
    for x, y, width, height, _ in (map(int, bar) for bar in bars):
        assert min(x, y, size - x - width, size - y - height) >= 4
        draw.rectangle((x * 4, y * 4, (x + width) * 4 - 1, (y + height) * 4 - 1), fill=0)
    return image


@pytest.mark.parametrize(
    ("language", "stopped", "waiting"),
    [
        ("en", "This card is blocked", "This card is not activated yet"),
        ("ru", "Карта заблокирована", "Карта ещё не активирована"),
    ],
)
def test_a_card_that_is_blocked_or_not_active_says_so_and_can_be_added(
    world: World, visit: Visit, card: dict[str, Any], language: str, stopped: str, waiting: str
) -> None:
    new = a_new_card(world)
    blocked(world, card, Reason.CUSTOMER_REQUEST)

    pages = [visit(f"{path_of(each)}?lang={language}").text for each in (card, new)]

    assert [stopped in page for page in pages] == [True, False]
    assert [waiting in page for page in pages] == [False, True]
    assert [len(Page(page).links("button")) for page in pages] == [1, 1]
    assert "Tests" in pages[0]  # whom to ask
    assert Page(pages[0]).text("h1") == stopped


@pytest.mark.parametrize(
    ("language", "open_title", "hidden_title"),
    [
        ("en", "This card is blocked", "This card cannot be used at the moment"),
        ("ru", "Карта заблокирована", "Сейчас картой нельзя пользоваться"),
    ],
)
def test_a_block_whose_reason_must_stay_hidden_is_not_called_a_block(
    world: World, visit: Visit, language: str, open_title: str, hidden_title: str
) -> None:
    reasons = sorted(RULES[CardAction.BLOCK].reasons)
    cards = [blocked(world, world.card(f"m-{each}"), each) for each in reasons]

    pages = [Page(visit(f"{path_of(card)}?lang={language}").text) for card in cards]

    assert len(reasons) == 6
    for reason, card, page in zip(reasons, cards, pages, strict=True):
        is_hidden = reason in CONCEALED
        said = f"{page.text('title')} {page.text('body')}".lower()
        assert page.text("h1") == (hidden_title if is_hidden else open_title)
        assert bool(HINTS.search(said)) is not is_hidden, said
        assert "Tests" in page.text("main")  # whom to ask
        assert page.links("button") == [f"{path_of(card)}/apple.pkpass?lang={language}"]
    assert len({page.text("body") for page in pages}) == 2  # no reason but by its kind


@pytest.mark.parametrize("reason", [None, Reason.LOST, Reason.STOLEN])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_card_that_no_wallet_takes_is_not_said_to_be_addable(
    world: World, visit: Visit, reason: Reason | None, language: str
) -> None:
    card = blocked(world, world.card(), reason) if reason else a_new_card(world)
    with world.context.transaction() as transaction:
        transaction.session.connection().exec_driver_sql("DELETE FROM credentials")

    page = Page(visit(f"{path_of(card)}?lang={language}").text)

    said = page.text("main")
    assert not re.search("can add|можно добавить", said.replace("нельзя добавить", ""))
    assert "itself keeps working" not in said
    assert "как обычно" not in said
    assert page.links("button") == []


def test_no_grid_is_as_wide_as_its_longest_word() -> None:
    style = (templates_folder() / "customer" / "style.css").read_text("utf-8")

    grids = [rule for rule in re.findall(r"{([^{}]*)}", style) if "display: grid" in rule]

    assert grids
    assert [rule for rule in grids if "minmax(0, 1fr)" not in rule] == []


@pytest.mark.parametrize("query", ["", "?lang=ru", "?lang=xx&next=//example.org"])
def test_a_slash_that_a_messenger_added_is_taken_off_again(
    visit: Visit, card: dict[str, Any], query: str
) -> None:
    token = path_of(card).removeprefix("/add/")

    answer = visit(f"{path_of(card)}/{query}")

    kept = query if query == "?lang=ru" else ""
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"../{token}{kept}"
    assert answer.headers["Cache-Control"] == "private, no-store"
    for host in ("http://localhost", "https://example.com/loyalty"):
        arrived = urljoin(f"{host}{path_of(card)}/{query}", answer.headers["Location"])
        assert arrived == f"{host}{path_of(card)}{kept}"
    assert visit(f"{path_of(card)}{kept}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/add//{token}",
        "/add//{token}/",
        "/add/{token}//",
        "/add///{token}",
        "/add/{token}//google",
        "/add//{token}/apple.pkpass",
        "/add//example.org/",
        "/add/%2e%2e/",
        "/add/./",
        "/add/example.org/",
        "/add/http:%2f%2fexample.org/",
        "/add/%5c%5cexample.org/",
    ],
)
def test_no_address_leads_anywhere_else(visit: Visit, card: dict[str, Any], path: str) -> None:
    token = path_of(card).removeprefix("/add/")

    answer = visit(path.format(token=token))

    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


def test_a_page_inside_an_app_says_where_it_works(visit: Visit, card: dict[str, Any]) -> None:
    shown = [visit(path_of(card), agent).text for agent in (agents.INSIDE_APP, agents.IPHONE)]

    assert ["Open this page in Safari" in html for html in shown] == [True, False]


def test_the_link_is_in_no_log(
    world: World, visit: Visit, card: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    for path in ("", "/google", "/apple.pkpass", "/nothing"):
        visit(path_of(card) + path)

    assert path_of(card).removeprefix("/add/") not in caplog.text
