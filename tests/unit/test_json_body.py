"""JSON that two readers could understand differently, or that no database keeps, is refused."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies

from service.domain.errors import InvalidInput
from service.http import json_body
from service.http.models import PointsIn, SnapshotIn

EVENT = {"event_id": "e-1", "card_number": "12345", "add": 5}
ANY_JSON = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats()
    | strategies.text(),
    lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
    max_leaves=10,
)


def event(**changes: Any) -> bytes:
    return json.dumps({**EVENT, **changes}).encode()


def raw_event(add: str) -> bytes:
    return b'{"event_id": "e-1", "card_number": "12345", "add": %s}' % add.encode()


def test_a_good_event_is_read() -> None:
    sent, plain = json_body.read(PointsIn, event())

    assert (sent.event_id, sent.add) == ("e-1", 5)
    assert plain == EVENT


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{} {}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"\xff",
        b'\xef\xbb\xbf{"event_id": "e-1", "card_number": "12345", "add": 5}',
        event().decode().encode("utf-16"),
        event().decode().encode("utf-16-le"),
        event().decode().encode("utf-32"),
        b'{"event_id": "e-1", "event_id": "e-2", "card_number": "12345", "add": 5}',
        b'{"event_id": "e-1", "event\\u005fid": "e-2", "card_number": "12345", "add": 5}',
        b'{"a": {"b": [{"c": 1, "c": 1}]}}',
    ],
)
def test_what_is_not_one_plain_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        json_body.read(PointsIn, raw)


@pytest.mark.parametrize(
    "amount",
    [
        *("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e2", "5.0", "5.5", "0.1e1"),
        *("true", "false", '"5"', "null", "[5]", "{}", "05", "+5", "0x5", "5_0"),
        *(str(2**53), str(-(2**53)), str(2**63), str(2**64), "9" * 5000, "1" + "0" * 400),
    ],
)
def test_points_are_whole_numbers_that_every_reader_holds(amount: str) -> None:
    with pytest.raises(InvalidInput):
        json_body.read(PointsIn, raw_event(amount))


@pytest.mark.parametrize("amount", [0, 1, -1, 2**53 - 1, -(2**53) + 1])
def test_points_up_to_the_largest_safe_number_are_read(amount: int) -> None:
    sent, _ = json_body.read(PointsIn, raw_event(str(amount)))

    assert sent.add == amount


@pytest.mark.parametrize("depth", [100, 300, *range(940, 1000, 5), 5000, 30_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused_at_any_depth(depth: int, opening: str, closing: str) -> None:
    raw = f'{{"event_id": {opening * depth}1{closing * depth}}}'.encode()

    with pytest.raises(InvalidInput):
        json_body.read(PointsIn, raw)


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud800", "\\udfff", "a\\udc00b", "\\ud800x"])
@pytest.mark.parametrize("body", ['{"reason": "%s"}', '{"%s": 1}', '{"list": ["a", "%s"]}'])
def test_text_that_no_database_keeps_is_refused(text: str, body: str) -> None:
    with pytest.raises(InvalidInput, match="NUL"):
        json_body.parse((body % text).encode())


@pytest.mark.parametrize("body", ['["%s"]', '"%s"', '{"a": [["%s"]]}'])
def test_text_that_no_database_keeps_is_refused_in_lists_too(body: str) -> None:
    with pytest.raises(InvalidInput, match="NUL"):
        json_body.parse((body % "a\\u0000b").encode())


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert json_body.parse(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"color": "red"}, "color"),
        ({"event_id": ""}, "event_id"),
        ({"event_id": " e"}, "event_id"),
        ({"event_id": "e" * 256}, "event_id"),
        ({"event_id": 5}, "event_id"),
        ({"event_id": None}, "event_id"),
        ({"card_number": "123"}, "card_number"),
        ({"balance": "Points"}, "balance"),
        ({"version": -1}, "version"),
        ({"version": 1.0}, "version"),
        ({"version": True}, "version"),
        ({"occurred_at": "2026-11-22T12:00:00"}, "occurred_at"),
        ({"occurred_at": 1763812800}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"reason": ""}, "reason"),
        ({"message": "m" * 501}, "message"),
        ({"set": 5}, "body"),
        ({"add": None}, "body"),
        ({"card_number": None}, "body"),
        ({"account_id": "0198c5a2-0000-7000-8000-000000000000"}, "body"),
        ({"member": "m-1"}, "body"),
        ({"card_number": None, "member": "m-1"}, "body"),
        ({"card_id": "no id", "card_number": None}, "card_id"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        json_body.read(PointsIn, event(**changes))

    assert field in {where for where, _ in refused.value.faults}


@given(body=ANY_JSON)
def test_no_json_at_all_breaks_the_reader(body: Any) -> None:
    raw = json.dumps(body).encode()

    with pytest.raises(InvalidInput):
        json_body.read(PointsIn, raw)


@given(raw=strategies.binary())
def test_no_bytes_at_all_break_the_reader(raw: bytes) -> None:
    try:
        parsed = json_body.parse(raw)
    except InvalidInput:
        return
    assert json_body.canonical(parsed)


def test_a_fault_does_not_repeat_what_was_sent() -> None:
    raw = json.dumps({"member": {"phone": ["+4915112345678"]}}).encode()

    with pytest.raises(InvalidInput) as refused:
        json_body.read(SnapshotIn, raw)

    assert "4915112345678" not in repr(refused.value.faults) + refused.value.detail


def test_the_same_value_has_the_same_canonical_bytes_however_it_was_written() -> None:
    one = json_body.parse(b'{"b": 1, "a": "\\u00e9"}')
    two = json_body.parse('{ "a":"é" ,\n "b":1 }'.encode())

    assert json_body.canonical(one) == json_body.canonical(two)
    assert json_body.canonical(one) != json_body.canonical({"a": "é", "b": True})
