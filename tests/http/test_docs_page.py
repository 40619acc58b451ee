"""The page of the contract: complete, self-contained, and its calls can be copied."""

import base64
import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin

import pytest

from service.app import create_app  # declares the operations
from service.http import examples
from service.http.docs_outline import groups
from service.http.openapi import document
from tests.designs.builders import zipped
from tests.world import World

assert create_app
SITE = "https://cards.example.com"
SECTIONS = [section for group in groups(document(SITE), SITE) for section in group.sections]
EXAMPLE_OF = {
    *(value for name, value in vars(examples).items() if name.endswith("_ID")),
    examples.CARD["number"],
    examples.SNAPSHOT_CARD["number"],
}
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
    assert set(links) == {"openapi.json"}
    assert page.values("src") == page.values("style") == []


@pytest.mark.parametrize("base_url", ["https://example.com", "https://example.com/cards"])
def test_the_link_to_the_contract_and_the_calls_lead_below_the_base_url(
    world: World, base_url: str
) -> None:
    settings = world.context.settings.model_copy(update={"base_url": base_url})
    client = create_app(replace(world.context, settings=settings)).test_client()

    page = Page(client.get("/docs").text)

    links = {link for link in page.values("href") if not link.startswith("#")}
    assert {urljoin(f"{base_url}/docs", link) for link in links} == {f"{base_url}/openapi.json"}
    called = re.findall(r"https://example\.com\S*?(?=/v1/|/in/)", page.text)
    assert set(called) == {base_url}


def test_the_page_names_what_no_operation_lists(page: Page) -> None:
    for code in ("method_not_allowed", "invalid_request", "not_found"):
        assert code in page.text


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
    body: Any = options.get("-d", [None])[0]
    if options.get("--data-binary") == ["@design.zip"]:
        body = zipped()
    assert url.startswith(SITE)
    return world.client.open(url.removeprefix(SITE), method=method, headers=headers, data=body)


def learned(example: Any, real: Any) -> Iterator[tuple[str, str]]:
    """Yield what stands in an answer where its example has an id or number."""
    if isinstance(example, dict) and isinstance(real, dict):
        for name in example.keys() & real.keys():
            yield from learned(example[name], real[name])
    elif isinstance(example, list) and isinstance(real, list):
        for one, other in zip(example, real, strict=False):
            yield from learned(one, other)
    elif isinstance(real, str) and example in EXAMPLE_OF:
        yield example, real


def test_the_calls_work_when_they_are_copied_from_the_page_from_top_to_bottom(world: World) -> None:
    real = {
        examples.PROGRAM_ID: str(world.brand.program.id),
        examples.SOURCE_ID: str(world.brand.source_id),
    }
    answers = {}

    for section in SECTIONS:
        call = section.call
        for example, known in real.items():
            call = call.replace(example, known)
        answer = answers[section.id] = called(world, call)
        if section.id != "receive_event":  # the example is signed by nobody
            assert str(answer.status_code) in {r.status for r in section.replies}, answer.text
            real.update(learned(json.loads(section.answer), answer.json))

    assert answers.pop("receive_event").json["code"] == "unauthorized"
    assert answers["record_points"].json["outcome"] == "applied"
    assert answers["look_card_up"].json["decline_code"] is None
    assert answers["close_card"].json["status"] == "closed"
    assert len(answers["list_cards"].json["cards"]) == 1


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
