"""Whatever comes, the linter answers: it never raises, and in bounded time."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.emulators.control import utc_now
from service.wallets.apple.lint.finding import Finding
from service.wallets.apple.lint.lint import lint_file, lint_unsigned
from service.wallets.apple.lint.strings_file import read_strings

from .builders import BASES, Signer, a_draft

NOW = utc_now()
PEERS = Path(__file__).parent / "peers" / "good"
PASS = (PEERS / "passkit-generator-poster.pkpass").read_bytes()
quickly = settings(
    max_examples=150,
    deadline=timedelta(seconds=10),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# Foreign certificates may be of a kind that `cryptography` warns of.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *("PKBarcodeFormatEAN13", "PKBarcodeFormatQR", "idna", "utf-16", "rgb(1,2,3)", "#12"),
            *("2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
            *("https://[", "http://\ud800", "{where}", "%@", "\x1b[31m", "A1B", "tel:", "place"),
        ]
    ),
)
numbers = st.one_of(
    st.integers(), st.floats(allow_nan=False), st.sampled_from([10**400, -(2**70), 1e308])
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything inside a JSON value."""
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        return [path]
    return [path, *(found for key, each in inner for found in places_in(each, (*path, key)))]


CONTENTS = {name: make() for name, make in BASES.items()}
PLACES = [
    (name, path) for name, (content, _) in CONTENTS.items() for path in places_in(content) if path
]


def changed(content: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    made: Any = copy.deepcopy(content)
    holder = made
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    return dict(made)


def assert_printable(found: list[Finding]) -> None:
    for finding in found:
        assert finding.where.isprintable()
        assert finding.fix.isprintable()
        assert len(finding.fix) < 1_000


@quickly
@given(place=st.sampled_from(PLACES), value=values)
def test_any_value_at_any_place_of_pass_json_is_answered(
    place: tuple[str, tuple[Any, ...]], value: object
) -> None:
    name, path = place
    content, files = CONTENTS[name]
    pass_json = json.dumps(changed(content, path, value)).encode()

    assert_printable(lint_unsigned({**files, "pass.json": pass_json}, NOW))


@quickly
@given(content=st.one_of(values, st.binary(max_size=200)))
def test_any_pass_json_is_answered(content: object) -> None:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()

    assert lint_unsigned({"pass.json": raw}, NOW)


@quickly
@given(position=st.integers(0, len(PASS) - 1), junk=st.binary(min_size=1, max_size=12))
def test_any_damage_to_the_archive_is_answered(position: int, junk: bytes) -> None:
    damaged = PASS[:position] + junk + PASS[position + len(junk) :]

    for found in lint_file(damaged, NOW).values():
        assert_printable(found)


@quickly
@given(cut=st.integers(0, len(PASS)))
def test_any_part_of_an_archive_is_answered(cut: int) -> None:
    assert lint_file(PASS[:cut], NOW)
    assert lint_file(PASS[cut:], NOW)


@quickly
@given(data=st.data())
def test_any_damage_to_the_signature_is_answered(signer: Signer, data: st.DataObject) -> None:
    draft = a_draft(signer, "boarding_pass")
    good = signer.sign(b"{}")
    position = data.draw(st.integers(0, len(good) - 1))
    junk = data.draw(st.binary(min_size=1, max_size=6))
    draft.sign = lambda manifest: good[:position] + junk + good[position + len(junk) :]

    assert_printable(draft.findings())


@quickly
@given(content=st.one_of(st.binary(max_size=300), st.text().map(str.encode)))
def test_any_strings_file_is_answered(content: bytes) -> None:
    read_strings(content)


@pytest.mark.parametrize(
    "make",
    [
        lambda: b'"' * 900_000,
        lambda: b"/*" * 450_000,
        lambda: b'"a"="b";' * 100_000,
        lambda: b" " * 900_000,
        lambda: b'"' + b"\\" * 400_000 + b'"',
    ],
)
def test_a_hostile_strings_file_takes_no_long_time(make: Callable[[], bytes]) -> None:
    started = process_time()

    read_strings(make())

    assert process_time() - started < 3


def test_a_hostile_pass_json_takes_no_long_time(signer: Signer) -> None:
    fields = [
        {"key": f"k{number}", "value": "<" * 50, "attributedValue": "<" * 50, "changeMessage": "x"}
        for number in range(8_000)
    ]
    draft = a_draft(signer)
    draft.content["storeCard"]["backFields"] = fields
    started = process_time()

    found = draft.findings()

    assert process_time() - started < 5
    assert 0 < len(found) < 60
