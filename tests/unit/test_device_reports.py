"""What a phone reports is understood by its words, and made harmless before anybody reads it."""

import pytest

from service.domain.device_reports import (
    LONGEST_TEXT,
    Kind,
    devices_in,
    harmless,
    kind_of,
    names_in,
)

SERIAL = "562f0c4a9e1b4d0f8a7c6b5d4e3f2a10"
DEVICE = "05f105f105f105f105f105f105f105f1"
TOKEN = "vxwxd7J8AlNNFPS8k0a0FfUFtq0ewzFdc-aaa"
SERVICE = "with web service url https://cards.example.com/apple"
MESSAGES = {
    "Device received spurious push. Request for passesUpdatedSince '1' returned no serial "
    f"numbers. (Device = {DEVICE})": Kind.SPURIOUS_PUSH,
    "Response to 'What changed?' request included 1 serial numbers but the lastUpdated tag (4) "
    "remained the same.": Kind.TAG_UNCHANGED,
    f"Server requested update to serial number '{SERIAL}', but the pass was unchanged.": (
        Kind.PASS_UNCHANGED
    ),
    f"Register task (for device {DEVICE}, pass type pass.com.example, serial number {SERIAL}; "
    f"{SERVICE}) encountered error: Authentication failure": Kind.UNAUTHORIZED,
    f"Get serial #s task (for device {DEVICE}, pass type pass.com.example, last updated (null); "
    f"{SERVICE}) encountered error: Unexpected response code 401": Kind.UNAUTHORIZED,
    f"Get pass task (pass type pass.com.example, serial number {SERIAL}, if-modified-since (null); "
    f"{SERVICE}) encountered error: Server response was malformed": Kind.FETCH_FAILED,
    f"Get pass task (pass type pass.com.example, serial number {SERIAL}; {SERVICE}) encountered "
    "error: Authentication failure": Kind.UNAUTHORIZED,
    "The personalization failed": Kind.OTHER,
    "": Kind.OTHER,
}


@pytest.mark.parametrize("text", MESSAGES)
def test_the_words_of_apple_say_what_is_wrong(text: str) -> None:
    dated = f"[2026-11-24 12:00:00 +0200] {text}"

    assert kind_of(text) is kind_of(dated) is kind_of(dated.upper()) is MESSAGES[text]


@pytest.mark.parametrize("text", [text for text in MESSAGES if SERIAL in text])
def test_the_serial_is_found_and_stays_readable(text: str) -> None:
    assert SERIAL in names_in(text)
    assert SERIAL in harmless(text, [SERIAL])


@pytest.mark.parametrize("text", [text for text in MESSAGES if DEVICE in text])
def test_the_device_is_found_and_masked(text: str) -> None:
    assert devices_in(text) == [DEVICE]
    assert DEVICE not in harmless(text, [SERIAL])


def test_nothing_but_secrets_is_masked() -> None:
    text = f"[2026-11-24 12:00:00 +0200] {list(MESSAGES)[5]}"

    assert harmless(text, [SERIAL]) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Authorization: ApplePass {TOKEN} refused", "Authorization: ApplePass ... refused"),
        ("authorization: applepass short refused", "authorization: applepass ... refused"),
        (f"Bearer {TOKEN}", "Bearer ..."),
        (f"token={TOKEN}&x=1", "...&x=1"),
        (f"pushToken {'ab12' * 16}", "pushToken ..."),
        (f"pushToken {'abcd' * 16}", "pushToken ..."),
        ("for device dev-1, pass type", "for device ..., pass type"),
        ("device: 7F-22) said", "device: ...) said"),
        (f"other serial {'0' * 32}", "other serial ..."),
    ],
)
def test_secrets_are_masked(text: str, shown: str) -> None:
    assert harmless(text, [SERIAL]) == shown


def test_what_steers_terminals_or_turns_text_around_is_gone() -> None:
    text = "a\x1b[31m\u202eb\u2066\u200bc\r\n\td\x00e\u2028f\ufeff<b>\ud800"

    shown = harmless(text)

    assert shown == "a [31m b c d e f <b>"
    assert shown.isprintable()


def test_a_report_is_one_short_line() -> None:
    assert len(harmless("word " * 1000)) == LONGEST_TEXT
    assert harmless("x" * 10_000) == "..."
    assert harmless("") == ""


def test_what_is_looked_up_is_bounded() -> None:
    assert len(names_in(" ".join(f"name{number}" for number in range(500)))) == 20
    assert len(devices_in(" ".join(f"device {number}" for number in range(500)))) == 20
    assert names_in("9" * 10_000) == ["9" * 100] * 1
    assert names_in("words without figures") == []
