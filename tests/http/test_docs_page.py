"""The page of the contract: complete, self-contained, and its calls can be copied."""

import base64
import re
import shlex
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from service.app import create_app  # declares the operations
from service.http.docs_outline import Section, groups
from service.http.openapi import document
from tests.world import World

assert create_app
SITE = "https://cards.example.com"
SECTIONS = [section for group in groups(document(), SITE) for section in group.sections]
VOID = {"meta", "link", "br", "wbr", "img", "input"}


class Page(HTMLParser):
    """What tests ask of a page: its tags, text, ids and links; fails on tags that do not pair."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]


@pytest.fixture
def page(world: World) -> Page:
    answer = world.client.get("/docs")
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    return Page(answer.text)


def test_the_page_says_of_every_operation_what_it_takes(page: Page) -> None:
    for section in SECTIONS:
        assert section.summary in page.text
        assert section.path in page.text
        assert section.id in page.values("id")
        for name in re.findall(r"`([^`]+)`", section.text):
            assert name in page.text


def test_the_page_needs_nothing_but_itself(page: Page) -> None:
    tags = {tag for tag, _ in page.tags}
    links = [link for link in page.values("href") if not link.startswith("#")]

    assert tags.isdisjoint({"script", "link", "img", "iframe", "form"})
    assert set(links) == {"/openapi.json"}
    assert page.values("src") == page.values("style") == []


def test_only_the_pages_own_style_may_be_used(world: World) -> None:
    answer = world.client.get("/docs")
    style = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)

    digest = base64.b64encode(sha256(style[0].encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert len(style) == 1
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "url(" not in style[0]


def test_every_link_inside_the_page_leads_somewhere_and_every_id_is_one(page: Page) -> None:
    ids = Counter(page.values("id"))
    targets = {link[1:] for link in page.values("href") if link.startswith("#")}
    targets |= set(page.values("aria-labelledby"))

    assert max(ids.values()) == 1
    assert targets <= ids.keys()


def test_headings_go_down_one_step_at_a_time(page: Page) -> None:
    ranks = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    after_title = ranks[ranks.index(1) :]

    assert after_title.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(after_title))


def test_a_browser_that_has_the_page_is_not_sent_it_again(world: World) -> None:
    first = world.client.get("/docs")

    again = world.client.get("/docs", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.text) == (304, "")


def called(world: World, call: str) -> Any:
    """Make a call of curl as a shell would."""
    words = shlex.split(call.replace("\\\n", " ").replace("$TESSERA_KEY", world.brand.api_key))
    assert words.pop(0) == "curl"
    options: dict[str, list[str]] = {}
    while words:
        option = words.pop(0) if words[0].startswith("-") else "url"
        options.setdefault(option, []).append(words.pop(0))
    (url,), method = options["url"], options.get("-X", ["GET"])[0]
    headers = dict(header.split(": ", 1) for header in options.get("-H", []))
    body = options.get("-d", [None])[0]
    assert url.startswith(SITE)
    return world.client.open(url.removeprefix(SITE), method=method, headers=headers, data=body)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.id)
def test_a_call_that_is_copied_from_the_page_is_understood(world: World, section: Section) -> None:
    answer = called(world, section.call)

    # The examples' ids are nobody's, and their webhook is signed by nobody.
    not_there = {f"{noun}_not_found" for noun in ("card", "program", "account", "action", "source")}
    assert answer.status_code in (200, 404)
    assert answer.json.get("code") in {None, *not_there}


def test_limits_and_types_are_in_words() -> None:
    issue = next(section for section in SECTIONS if section.id == "issue_card")
    fields = {field.name: field for field in issue.body}
    points = next(section for section in SECTIONS if section.id == "record_points")

    assert (fields["program"].type, fields["program"].is_required) == ("uuid", True)
    assert fields["number"].limits == ["4 to 32 characters"]
    assert fields["activate"].limits == ["default `true`"]
    assert [part.name for part in fields["member"].parts][-1] == "external_id"
    assert next(f for f in points.body if f.name == "add").limits == [
        "within ±9,007,199,254,740,991"
    ]
