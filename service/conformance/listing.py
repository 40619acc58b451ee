"""Checks: "what changed?", the call without an Authorization header."""

import re
from http import HTTPStatus

from service.conformance.checks import Group, Need
from service.conformance.device import Listing
from service.conformance.outcomes import Failed
from service.conformance.trial import Trial

UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")
MALFORMED_TAGS = ("", "yesterday", "-1", "1;DROP TABLE passes", "%", "\N{ARABIC-INDIC DIGIT ONE}")
IMPOSSIBLE_TAGS = ("9999999999999999", "9" * 40)
ODD_IDS = ("%", "_%", "' OR '1'='1", "a+b c", "\N{SNOWMAN}")
AWKWARD_IDS = ("a\0b", "x" * 2000)

GROUP = Group("What changed?")
LIMITS = Group("Limits")


@GROUP.check(
    "list-everything",
    "without a tag, all passes of the device and a string lastUpdated",
    why="it is how a phone begins; with another type of lastUpdated it drops the answer",
)
def _everything(trial: Trial) -> None:
    _expect_the_pass(trial, trial.registered().listing(trial.copy))


@GROUP.check(
    "list-no-token-needed",
    "the list asks for no Authorization",
    why="phones send none here; a 401 ends every update",
)
def _no_token_needed(trial: Trial) -> None:
    trial.registered().ask(trial.copy.type_id).expect(200)


@GROUP.check(
    "list-is-json",
    "the list says that it is application/json",
    why="the phone reads JSON, and proxies guess at what has no type",
)
def _is_json(trial: Trial) -> None:
    answer = trial.registered().ask(trial.copy.type_id).expect(200)
    media_type = answer.headers.get("Content-Type", "")
    if media_type.split(";")[0].strip().lower() != "application/json":
        raise Failed(f"{answer}; its Content-Type is {media_type or 'missing'}")


@GROUP.check(
    "list-tag-then-nothing",
    "with the tag just given, 204 without a body",
    why="else the phone fetches the same passes for ever",
)
def _tag_then_nothing(trial: Trial) -> None:
    device = trial.registered()
    tag = device.listing(trial.copy).tag
    answer = device.ask(trial.copy.type_id, tag).expect(204)
    if answer.body:
        raise Failed(f"{answer}; it has a body")


@GROUP.check(
    "list-tag-is-plain",
    "the tag is of letters, digits and . _ ~ - alone",
    why="it comes back in an address; a blank or + is not what it was after one decoding too many",
)
def _tag_is_plain(trial: Trial) -> None:
    tag = trial.registered().listing(trial.copy).tag
    if not UNRESERVED.fullmatch(tag):
        raise Failed(f"the tag is {tag!r}")


@GROUP.check(
    "list-malformed-tag",
    "a tag that makes no sense means: everything",
    why="a phone keeps tags of other servers and older versions; an error would end its updates",
)
def _malformed_tag(trial: Trial) -> None:
    device = trial.registered()
    for tag in MALFORMED_TAGS:
        _expect_the_pass(trial, device.listing(trial.copy, tag), f" for the tag {tag!r}")


@GROUP.check(
    "list-impossible-tag",
    "a tag higher than any given out means: everything",
    why="after a restored backup phones have newer tags than the server; they would hear nothing",
)
def _impossible_tag(trial: Trial) -> None:
    device = trial.registered()
    for tag in IMPOSSIBLE_TAGS:
        _expect_the_pass(trial, device.listing(trial.copy, tag), f" for the tag {tag!r}")


@GROUP.check(
    "list-unknown-device",
    "an unknown device is answered 204",
    why="404 or 400 tells a guesser which devices there are, and a phone logs an error",
)
def _unknown_device(trial: Trial) -> None:
    trial.device().ask(trial.copy.type_id).expect(204)


@GROUP.check(
    "list-odd-device-ids",
    "device ids with wildcards and quotes are unknown ones: 204",
    why="an id that is put into a LIKE or a path opens other people's passes",
)
def _odd_device_ids(trial: Trial) -> None:
    trial.registered()
    for odd in ODD_IDS:
        device = trial.device()
        device.id = odd
        device.ask(trial.copy.type_id).expect(204)


@GROUP.check(
    "list-awkward-device-ids",
    "device ids of 2,000 characters or with a NUL are no fault of the server",
    why="a 500 is a way to fill logs and to find weak spots",
)
def _awkward_device_ids(trial: Trial) -> None:
    for awkward in AWKWARD_IDS:
        device = trial.device()
        device.id = awkward
        answer = device.ask(trial.copy.type_id)
        if answer.status == HTTPStatus.OK or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Failed(f"{answer}; expected 204, or a refusal")


@GROUP.check(
    "list-by-pass-type",
    "passes of another type are not listed",
    why="a phone asks per pass type, with one tag for each",
    source="D8",
)
def _by_pass_type(trial: Trial) -> None:
    trial.registered().ask(f"{trial.copy.type_id}.other").expect(204)


@GROUP.check(
    "list-own-passes-only",
    "a device hears of no pass that only another device has",
    why="serials of strangers are nobody's business, and their fetch fails",
    needs=[Need.SECOND],
)
def _own_passes_only(trial: Trial) -> None:
    mine = trial.registered(trial.copy)
    trial.registered(trial.second)
    _expect_the_pass(trial, mine.listing(trial.copy))


@LIMITS.check(
    "list-is-limited",
    "one address cannot ask without end: 429 at some time",
    why="the list needs no token, so nothing else stops a guesser of device ids",
    source="D9",
    needs=[Need.FLOOD],
)
def _is_limited(trial: Trial) -> None:
    device = trial.device()
    for _ in range(trial.flood):
        if device.ask(trial.copy.type_id).status == HTTPStatus.TOO_MANY_REQUESTS:
            return
    raise Failed(f"{trial.flood} calls for an unknown device were all answered")


def _expect_the_pass(trial: Trial, listed: Listing, when: str = "") -> None:
    if listed.serials != (trial.copy.serial,):
        raise Failed(f"the list names {len(listed.serials)} passes{when}, expected just the one")
