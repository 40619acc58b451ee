"""The languages of customer pages."""

from collections.abc import Iterator
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from service.customer import pages
from service.customer.languages import LANGUAGES, chosen
from service.wiring import templates_folder
from tests.customer.conftest import Visit, path_of
from tests.world import World

TEMPLATES = templates_folder()
CHOICES = [
    # ?lang=, Accept-Language, the member's locale, the language
    ("ru", "en-US,en;q=0.9", "en", "ru"),
    ("en", "ru", "ru", "en"),
    ("de", "ru", "en", "ru"),
    ("<b>", "", None, "en"),
    (None, "ru-RU,ru;q=0.9,en;q=0.8", None, "ru"),
    (None, "en;q=0.5,ru;q=0.7", None, "ru"),
    (None, "de,en;q=0.5", "ru", "en"),
    (None, "de,ru;q=0", "en", "en"),
    (None, "de", "ru-RU", "ru"),
    (None, "*", "ru", "ru"),
    (None, "", "ru_RU", "ru"),
    (None, "", "fr", "en"),
    (None, "", None, "en"),
    (None, "; drop", "?", "en"),
]


@pytest.mark.parametrize(("asked", "accepted", "locale", "language"), CHOICES)
def test_the_language_is_as_asked_then_the_browsers_then_the_members(
    asked: str | None, accepted: str, locale: str | None, language: str
) -> None:
    assert chosen(asked, accept(accepted), locale) == language


def accept(header: str) -> LanguageAccept:
    return parse_accept_header(header, LanguageAccept)


def strings() -> Iterator[str]:
    """Yield what the templates translate, as the templates' own parser finds it."""
    environment = pages.environments(TEMPLATES)["en"]
    for file in sorted((TEMPLATES / "customer").glob("*.html")):
        source = file.read_text(encoding="utf-8")
        for _, function, message in environment.extract_translations(source):  # type: ignore[attr-defined]
            assert function == "gettext", f"{file.name}: {function} is not in the catalog yet"
            yield message if isinstance(message, str) else message[0]


def catalog(language: str) -> Catalog:
    with (TEMPLATES / "locale" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {"en"}))
def test_every_string_is_translated_and_no_translation_is_left_over(language: str) -> None:
    known = {str(each.id): each for each in catalog(language) if each.id}
    used = set(strings())

    assert used - known.keys() == set()
    assert known.keys() - used == set()
    assert [key for key, each in known.items() if not each.string or each.fuzzy] == []
    assert catalog(language).obsolete == {}


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {"en"}))
def test_a_translation_names_what_its_original_names(language: str) -> None:
    wrong = [each.id for each in catalog(language) if each.id and each.check()]

    assert wrong == []
    for each in catalog(language):
        assert ("%(brand)s" in str(each.id)) == ("%(brand)s" in str(each.string))


def test_every_language_is_offered_by_its_own_name_and_marks_the_one_in_use(
    world: World, visit: Visit
) -> None:
    html = visit(path_of(world.card()) + "?lang=ru").text

    assert '<a href="?lang=en" lang="en" hreflang="en">English</a>' in html
    assert '<span lang="ru" aria-current="true">Русский</span>' in html


def test_a_language_that_was_asked_for_stays_on_the_way_to_the_wallet(
    world: World, visit: Visit
) -> None:
    card = world.card()

    asked = visit(path_of(card) + "?lang=ru").text
    unasked = visit(path_of(card), Accept_Language="ru").text

    assert f'href="{path_of(card)}/apple.pkpass?lang=ru"' in asked
    assert f'href="{path_of(card)}/apple.pkpass"' in unasked


def test_a_member_without_another_wish_is_spoken_to_in_the_members_language(
    world: World, visit: Visit
) -> None:
    card: dict[str, Any] = world.card(member={"locale": "ru"})

    answers = [visit(path_of(card)), visit(path_of(card), Accept_Language="en")]

    assert [answer.headers["Content-Language"] for answer in answers] == ["ru", "en"]


def test_a_language_that_is_no_text_is_no_language(world: World) -> None:
    link = world.card()["links"]["add"].removeprefix(world.context.settings.base_url)
    environ = {"QUERY_STRING": "lang=\xff\xfe", "HTTP_ACCEPT": "text/html"}

    page = world.client.get(link, environ_overrides=environ)

    assert page.status_code == 200
    assert '<html lang="en">' in page.text
