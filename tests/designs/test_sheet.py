"""design.toml and the strings are read strictly: what is not known is told with its place."""

import time

import pytest

from service.designs import sheet
from service.domain.designs import Mark

from .builders import SHEET, STAMPS, files, strings


def read(changed: str = SHEET, **other: bytes) -> sheet.Sheet:
    more = {f"strings/{language}.toml": content for language, content in other.items()}
    return sheet.read(files({"design.toml": changed.encode(), **more}))


def faults(changed: str = SHEET, **other: bytes) -> list[tuple[str, str, str]]:
    return [tuple(fault) for fault in read(changed, **other).faults]


def test_what_is_written_is_what_is_kept() -> None:
    source = read(
        SHEET
        + 'apple = {a = [1, "x"]}\n'
        + STAMPS
        + "[apple]\nstyle = 'coupon'\nlocations = [{latitude = 1.5}]\n",
        ru=strings(text__terms="Да"),
    ).source

    assert source["name"] == "coffee"
    assert source["default_language"] == "en"
    assert source["colors"]["label"] == "rgb(255, 216, 158)"
    assert source["fields"]["header"][0]["change_message"] == "change.points"
    assert source["fields"]["back"][0]["apple"] == {"a": [1, "x"]}
    assert source["strings"]["ru"]["text.terms"] == "Да"
    assert source["stamps"]["of"] == 3
    assert source["apple"] == {"style": "coupon", "locations": [{"latitude": 1.5}]}


@pytest.mark.parametrize(
    ("line", "place", "near"),
    [
        ("colours = 1", "colours", "did you mean colors?"),
        ("[colors]\nbackgrund = 'x'", "colors.backgrund", "did you mean background?"),
        ("[[fields.headers]]", "fields.headers", "did you mean header?"),
        ("[[fields.back]]\nlabels = ''", "fields.back.1.labels", "did you mean label?"),
        ("[stamps]\nbalanse = 1", "stamps.balanse", "did you mean balance?"),
        ("zzz = 1", "zzz", "known are name, default_language, colors"),
    ],
)
def test_an_unknown_key_is_told_with_its_place_and_the_nearest_known_one(
    line: str, place: str, near: str
) -> None:
    found = [fault for fault in faults(line) if fault[1] == "unknown_key"]

    assert [where for where, _, _ in found] == [f"design.toml: {place}"]
    assert near in found[0][2]


@pytest.mark.parametrize(
    ("line", "place", "wanted"),
    [
        ("name = 1", "name", "takes text"),
        ("colors = 'red'", "colors", "takes a table"),
        ("[colors]\nlabel = [1, 2, 3]", "colors.label", "takes text"),
        ("fields = []", "fields", "takes a table"),
        ("[fields]\nback = 'x'", "fields.back", "takes a list of tables"),
        ("[fields]\nback = ['x']", "fields.back.1", "takes a table"),
        ("[[fields.back]]\nkey = 2027-01-01", "fields.back.1.key", "takes text"),
        ("[[fields.back]]\napple = ''", "fields.back.1.apple", "takes a table"),
        ("[stamps]\nof = '10'", "stamps.of", "takes a whole number"),
        ("[stamps]\nof = true", "stamps.of", "takes a whole number"),
        ("[apple]\nat = 2027-01-01", "apple", "holds a date"),
        ("[apple]\nat = [{x = nan}]", "apple", "holds a date"),
        ("[[fields.back]]\napple = {x = inf}", "fields.back.1.apple", "holds a date"),
        ('[apple]\nat = "\\u0000"', "apple", "holds a date"),
    ],
)
def test_a_value_of_another_kind_is_told_with_what_is_wanted(
    line: str, place: str, wanted: str
) -> None:
    found = [fault for fault in faults(line) if fault[1] == "wrong_type"]

    assert [where for where, _, _ in found] == [f"design.toml: {place}"]
    assert found[0][2].startswith(wanted)


def test_what_is_missing_is_told_at_once() -> None:
    found = faults("[[fields.header]]\nlabel = 'x'\n[stamps]\nof = 3")

    assert {where.removeprefix("design.toml: ") for where, code, _ in found} == {
        "name",
        "default_language",
        "colors",
        "fields.header.1.key",
        "fields.header.1.shows",
        "stamps.balance",
        "stamps.filled",
        "stamps.empty",
    }
    assert {code for _, code, _ in found} == {"missing_key"}


def test_a_mark_that_nobody_draws_is_told_with_those_there_are() -> None:
    ((where, code, text),) = faults(SHEET + STAMPS + 'mark = "skull"')

    assert (where, code) == ("design.toml: stamps.mark", "unknown_mark")
    assert all(mark in text for mark in Mark)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"name = ",
        b"a = 1\na = 2",
        b"a = " + b"[" * 100_000,
        b"a = " + b"9" * 5000,
        b'a = "\x00"',
        b"= 1",
    ],
)
def test_a_file_that_is_no_toml_is_told(content: bytes) -> None:
    broken = sheet.read(files({"design.toml": content, "strings/en.toml": content})).faults

    assert ("design.toml", "bad_toml") in [fault[:2] for fault in broken]
    assert ("strings/en.toml", "bad_toml") in [fault[:2] for fault in broken]


def test_a_key_without_quotes_is_told_how_to_write_it() -> None:
    ((where, code, text),) = faults(en=strings() + b"a.b = 'x'\n")

    assert (where, code) == ("strings/en.toml", "wrong_type")
    assert text == 'write the whole key in quotes: "a.something" = "..."'


def test_a_string_that_is_a_number_is_told() -> None:
    ((where, code, text),) = faults(en=strings() + b"'a.b' = 5\n")

    assert (where, code, text) == ("strings/en.toml", "wrong_type", "a.b takes text")


def test_a_default_language_without_strings_is_told() -> None:
    ((where, code, text),) = faults(SHEET.replace('"en"', '"fr"'))

    assert (where, code) == ("design.toml: default_language", "missing_file")
    assert text == "there is no strings/fr.toml"


def test_a_design_without_its_files_is_told() -> None:
    found = [fault[:2] for fault in sheet.read({}).faults]

    assert ("design.toml", "missing_file") in found
    assert ("strings", "missing_file") in found


@pytest.mark.parametrize(
    "content",
    [
        b"a" + b".a" * 30_000 + b" = 1",
        b"[a" + b" . a" * 15_000 + b"]",
        b"[[fields" + b".'a'" * 15_000 + b"]]",
        b'x = {"a"' + b'."a"' * 15_000 + b" = 1}",
    ],
)
def test_a_key_of_very_many_parts_is_refused_before_it_costs_anything(content: bytes) -> None:
    begun = time.process_time()

    broken = sheet.read(files({"design.toml": content})).faults

    assert time.process_time() - begun < 1
    assert broken[0] == ("design.toml", "bad_toml", "is nested too deeply")


def test_many_faults_are_found_in_a_short_time() -> None:
    many = "\n".join(f"key{number} = 1" for number in range(5_000))
    begun = time.process_time()

    assert len(faults(many)) > 5_000
    assert time.process_time() - begun < 2


def test_sentences_are_no_keys_of_many_parts() -> None:
    long = "Bring it. Show it. " * 100 + "1.5.2027, www.a.example.com, 3.14 ... " * 20

    assert read(en=strings(text__terms=long)).faults == []
