"""Every rule finds what breaks it, that alone, and nothing in what just does not."""

import string

import pytest

from service.wallets.apple.lint.finding import Severity
from service.wallets.apple.lint.lint import RULES, explain
from service.wallets.apple.lint.registry import SILENT, WORDS

from . import cases_content, cases_files, cases_signature
from .builders import BASES, Draft, Signer, a_draft
from .cases import Case

CASES = [*cases_files.CASES, *cases_signature.CASES, *cases_content.CASES]


def codes(draft: Draft) -> set[str]:
    return {finding.code for finding in draft.findings()}


def name_of(case: Case) -> str:
    return case.code


@pytest.mark.parametrize("base", BASES)
def test_a_good_pass_has_no_finding(signer: Signer, base: str) -> None:
    assert a_draft(signer, base).findings() == []


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_what_breaks_a_rule_is_found_and_nothing_else_is(signer: Signer, case: Case) -> None:
    draft = a_draft(signer, case.base)
    case.breaks(draft)

    found = draft.findings()
    assert {finding.code for finding in found} == {case.code} | case.beside
    assert all(finding.where for finding in found)
    assert not any("{where}" in finding.fix for finding in found)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_what_just_does_not_break_a_rule_is_not_found(signer: Signer, case: Case) -> None:
    draft = a_draft(signer, case.base)
    case.fine(draft)

    assert codes(draft) == case.beside_fine


def test_every_rule_has_a_case() -> None:
    assert {case.code for case in CASES} == {rule.code for rule in RULES}


def test_every_rule_has_its_words_and_all_words_have_a_rule() -> None:
    codes_in_order = [code for code, _ in explain()]

    assert sorted(codes_in_order) == sorted(WORDS)
    assert len(codes_in_order) == len(set(codes_in_order)) >= 40


@pytest.mark.parametrize("code", WORDS)
def test_the_words_of_a_rule_are_whole_sentences_that_can_be_filled_in(code: str) -> None:
    words = WORDS[code]
    places = {name for _, name, _, _ in string.Formatter().parse(words.fix) if name}

    assert places <= {"where", "found", "wanted"}
    assert all(text.endswith(".") for text in (words.says, words.sees, words.fix))
    assert (words.sees == SILENT) <= (words.severity is Severity.ERROR)
