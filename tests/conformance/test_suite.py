"""The suite passes a server that does everything right, and every check catches its fault."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.conformance.checks import Check
from service.conformance.pushes import PushService
from service.conformance.server import Server
from service.conformance.suite import CHECKS, Outcome, Result, run, score
from service.conformance.trial import Trial
from service.emulators.certificates import Authority, Issued
from service.wiring import utc_now
from tests.conformance.faulty import SERIALS, UNKNOWN_AT_MOST, FaultyService, OldHandler
from tests.emulators.passes import PASS_TYPE_ID, TEAM_ID
from tests.emulators.web_service import Served

# Each fault, and the checks that must fail when a server has it.
DEFECTS: Mapping[str, tuple[str, ...]] = {
    "D1: only the newest change is listed": ("change-two-passes",),
    "D2: the first push token is kept": ("push-newest-token",),
    "D3: a broken connection ends the loop": ("push-past-a-broken-connection",),
    "D4: a refusal ends the loop": ("push-past-a-refusal",),
    "D5: tags are whole seconds": ("change-twice-in-a-second",),
    "D6: passes are octet-stream": ("fetch-media-type",),
    "D6: Last-Modified is a local date": ("fetch-last-modified", "fetch-not-modified"),
    "D7: dates are read as numbers": ("fetch-not-modified",),
    "D8: If-Modified-Since is ignored": ("fetch-not-modified",),
    "D8: there is no Last-Modified": ("fetch-last-modified", "fetch-not-modified"),
    "D8: the list ignores the type": ("list-by-pass-type",),
    "D9: the list has no limit": ("list-is-limited",),
}
FAULTS: Mapping[str, tuple[str, ...]] = DEFECTS | {
    "registrations are always 200": ("register-new", "register-after-unregister"),
    "registrations are always 201": ("register-again", "register-new-push-token"),
    "a JSON type is demanded": ("register-no-content-type", "log-no-content-type"),
    "push tokens have 64 small digits": ("register-odd-push-tokens",),
    "registrations pile up": ("register-at-once",),
    "one device per pass": ("register-two-devices",),
    "removing is 204": ("unregister",),
    "removing again is 404": ("unregister-again",),
    "removed passes stay": (
        *("unregister-then-list", "register-two-devices"),
        *("change-after-unregister", "push-not-after-unregister"),
    ),
    "tags are numbers": ("list-everything",),
    "the list wants a token": ("list-no-token-needed",),
    "the list is text": ("list-is-json",),
    "tags are ignored": ("list-tag-then-nothing", "change-is-listed"),
    "tags have a blank": ("list-tag-is-plain",),
    "a bad tag is 400": ("list-malformed-tag",),
    "a high tag is silence": ("list-impossible-tag",),
    "unknown devices are 404": ("list-unknown-device",),
    "device ids are patterns": ("list-odd-device-ids",),
    "awkward ids crash": ("list-awkward-device-ids",),
    "a device hears of everything": ("list-own-passes-only",),
    "anybody registers": ("token-to-register",),
    "anybody unregisters": ("token-to-unregister",),
    "anybody fetches": ("token-to-fetch",),
    "HEAD needs no token": ("token-to-head",),
    "refusals say what is missing": ("token-refusals-alike",),
    "unknown serials are 404": ("token-unknown-serial",),
    "the type is not compared": ("token-other-type",),
    "any token opens any pass": ("token-of-another-pass",),
    "passes are torn": ("fetch-pass", "fetch-older-copy"),
    "another pass is given out": ("fetch-same-pass",),
    "tokens change with the pass": ("fetch-same-token", "change-keeps-token"),
    "tokens are short": ("fetch-same-token",),
    "the address has /v1": ("fetch-same-address",),
    "the length is missing": ("fetch-length",),
    "every date is 304": ("fetch-older-copy",),
    "garbled dates crash": ("fetch-garbled-date",),
    "HEAD is 405": ("fetch-head",),
    "POST gives the pass": ("fetch-no-post",),
    "passes are public": ("fetch-not-public",),
    "the tag stays": ("change-is-listed",),
    "a change is not in the pass": ("change-is-in-the-pass",),
    "Last-Modified stays": ("change-moves-last-modified", "change-no-false-304"),
    "dates are whole seconds": ("change-no-false-304",),
    "news is told once per device": ("change-lost-answer",),
    "the first device takes the news": ("change-every-device",),
    "nobody is pushed": ("push-after-change",),
    "old push tokens are pushed too": ("push-newest-token",),
    "410 is not heard": ("push-not-after-410",),
    "the log wants a token": ("log-report",),
    "garbage crashes the log": ("log-garbage",),
    "big reports crash the log": ("log-big",),
}
PATIENCE_S = 0.4


@pytest.fixture(scope="session")
def issued(authority: Authority) -> Issued:
    return authority.pass_certificate(PASS_TYPE_ID, TEAM_ID, now=utc_now())


@contextmanager
def tried(service: FaultyService) -> Iterator[Trial]:
    """Serve it, and yield a trial of it that has everything a check can need."""
    handler = OldHandler if service.has("the length is missing") else None
    with Served(service.app(), handler) as served:
        service.url = served.url
        first, second = (service.copy(serial) for serial in SERIALS)
        pushes = PushService(served.url, PATIENCE_S)
        server = Server(served.url)
        yield Trial(
            server,
            first,
            second,
            service.change,
            pushes,
            flood=UNKNOWN_AT_MOST + 10,
            patience_s=PATIENCE_S,
        )
        server.close()
        pushes.close()


def told(results: list[Result]) -> dict[str, str]:
    return {result.check.code: f"{result.outcome}: {result.detail}" for result in results}


def test_a_server_without_a_fault_gets_full_marks(authority: Authority, issued: Issued) -> None:
    service = FaultyService(authority, issued, ())

    with tried(service) as trial:
        results = list(run(trial))

    assert told(results) == {check.code: "passed: " for check in CHECKS}
    assert score(results).is_full
    assert service.installed == [], "the suite left devices behind"


@pytest.mark.parametrize("habit", ["chunks", "gzip"])
def test_a_server_may_send_chunks_and_may_compress_for_who_takes_it(
    authority: Authority, issued: Issued, habit: str
) -> None:
    service = FaultyService(authority, issued, [habit])

    with tried(service) as trial:
        results = list(run(trial, ["fetch-length"]))

    assert told(results) == {"fetch-length": "passed: "}


def test_chunks_without_an_end_are_no_whole_pass(authority: Authority, issued: Issued) -> None:
    service = FaultyService(authority, issued, ["chunks without an end"])

    with tried(service) as trial:
        (result,) = run(trial, ["fetch-length"])

    assert result.outcome is Outcome.FAILED
    assert "no answer" in result.detail


def test_a_part_of_the_checks_is_no_full_marks(authority: Authority, issued: Issued) -> None:
    service = FaultyService(authority, issued, ())

    with tried(service) as trial:
        results = list(run(trial, ["fetch-length"]))

    assert score(results).passed == 1
    assert not score(results).is_full


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_caught(authority: Authority, issued: Issued, fault: str) -> None:
    service = FaultyService(authority, issued, [fault])

    with tried(service) as trial:
        results = list(run(trial, FAULTS[fault]))

    assert {result.check.code for result in results} == set(FAULTS[fault])
    assert {result.outcome for result in results} == {Outcome.FAILED}, told(results)
    assert all(result.detail and result.evidence for result in results)


def test_every_defect_of_the_peers_has_a_fault_and_a_check_that_names_it() -> None:
    numbers = {f"D{number}" for number in range(1, 10)}
    sources = {check.code: check.source for check in CHECKS}

    assert {fault.partition(":")[0] for fault in DEFECTS} == numbers
    assert numbers <= set(sources.values())


def test_every_check_has_a_fault_that_it_catches() -> None:
    caught = {code for codes in FAULTS.values() for code in codes}

    assert {check.code for check in CHECKS} == caught
    assert len(caught) == len(CHECKS) >= 35


PAGE = Path(__file__).parents[2] / "docs/conformance.md"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_every_check_has_a_row_with_what_it_needs_and_where_it_comes_from(check: Check) -> None:
    needs = f" ({', '.join(f'`{need}`' for need in check.needs)})" if check.needs else ""

    assert f"| `{check.code}` | {check.what}{needs} | {check.source} |\n" in PAGE.read_text()


def test_the_page_counts_our_own_checks_right() -> None:
    page = PAGE.read_text()

    assert (
        re.findall(r"^\| `tessera .* \| (\d+) \| (\d+) \|$", page, re.MULTILINE)
        == [(str(len(CHECKS)), str(len(CHECKS)))] * 2
    )
    assert set(re.findall(r"`([a-z]+-[a-z-]+-[a-z-]+)`", page)) >= {
        code for codes in DEFECTS.values() for code in codes
    }
