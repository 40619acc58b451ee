"""The page of rules says what the rules say."""

import re

from service.wallets.apple.lint.registry import WORDS

from .page import PAGE, filled


def test_the_page_is_what_the_rules_say() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == filled(page), "run: python -m tests.wallets.lint.page"
    assert all(f"| `{code}` |" in page for code in WORDS)


def test_every_source_of_a_rule_is_a_known_one() -> None:
    sources = (PAGE.parent / "sources.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| (a-\d+) \|", sources, re.MULTILINE))

    assert {words.source for words in WORDS.values()} <= known
