"""Checks: the pass as it is given out."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from service.conformance.checks import Group
from service.conformance.copy import fetched
from service.conformance.outcomes import Failed
from service.conformance.server import Answer
from service.conformance.trial import Trial

PKPASS = "application/vnd.apple.pkpass"
GARBAGE_DATES = ("yesterday", "0", "1763812800.5", "Sun, 99 Nov 2026 12:00:00 GMT")
SHORTEST_TOKEN = 16
LONG_AGO = timedelta(days=365)
LOOPBACK = ("127.0.0.1", "localhost", "::1")

GROUP = Group("Fetching")


def last_modified(answer: Answer) -> datetime:
    """Return the answer's Last-Modified, aware UTC.

    Raises:
        Failed: it has none, or none in the one form that HTTP has for dates.
    """
    header = answer.headers.get("Last-Modified", "")
    try:
        date = parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        date = None
    if date is None or format_datetime(date, usegmt=True) != header:
        raise Failed(f"{answer}; its Last-Modified is {header or 'missing'}, no HTTP date")
    return date


@GROUP.check(
    "fetch-pass",
    "the pass is answered 200 and is one that a phone opens",
    why="a zip, hashes or a pass.json that are not right are dropped without a word to anybody",
    source="a-1",
)
def _pass(trial: Trial) -> None:
    trial.fetched()


@GROUP.check(
    "fetch-same-pass",
    "it is the pass that was asked for: same type, same serial",
    why="a phone refuses an update that is another pass",
)
def _same_pass(trial: Trial) -> None:
    got = trial.fetched().copy
    if (got.type_id, got.serial) != (trial.copy.type_id, trial.copy.serial):
        raise Failed(f"the pass is {got.type_id} {got.serial}")


@GROUP.check(
    "fetch-same-token",
    "its authenticationToken is the one in hand, of 16 characters or more",
    why="another token would make the phone's next call fail for ever",
)
def _same_token(trial: Trial) -> None:
    got = trial.fetched().copy
    if got.token != trial.copy.token:
        raise Failed("the token in the pass is another one")
    if len(got.token) < SHORTEST_TOKEN:
        raise Failed(f"the token has {len(got.token)} characters")


@GROUP.check(
    "fetch-same-address",
    "its webServiceURL is this server's, over https and without /v1",
    why="the phone adds /v1 by itself, and takes plain http from no one but a developer",
)
def _same_address(trial: Trial) -> None:
    url = trial.fetched().copy.web_service_url.rstrip("/")
    parts = urlsplit(url)
    if url != trial.server.url:
        raise Failed(f"the pass says {url or 'nothing'}, not {trial.server.url}")
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise Failed(f"{url} is not https")


@GROUP.check(
    "fetch-media-type",
    f"its Content-Type is {PKPASS}",
    why="Safari downloads anything else as a file that nothing opens",
    source="D6",
)
def _media_type(trial: Trial) -> None:
    answer = trial.device().fetch(trial.copy).expect(200)
    media_type = answer.headers.get("Content-Type", "")
    if media_type.split(";")[0].strip().lower() != PKPASS:
        raise Failed(f"{answer}; its Content-Type is {media_type or 'missing'}")


@GROUP.check(
    "fetch-length",
    "its Content-Length is its length, or it comes in chunks with an end",
    why="without it a phone cannot tell a torn download from a whole one",
)
def _length(trial: Trial) -> None:
    answer = trial.device().fetch(trial.copy).expect(200)
    if answer.headers.get("Transfer-Encoding", "").lower() == "chunked":
        return  # it was read to the last chunk, or there would be no answer
    length = answer.headers.get("Content-Length")
    if length != str(len(answer.body)):
        raise Failed(f"{answer}; Content-Length is {length or 'missing'} of {len(answer.body)}")


@GROUP.check(
    "fetch-last-modified",
    "its Last-Modified is an HTTP date",
    why="a phone sends it back letter by letter; without it every poll downloads the pass",
    source="D6",
)
def _last_modified(trial: Trial) -> None:
    last_modified(trial.device().fetch(trial.copy).expect(200))


@GROUP.check(
    "fetch-not-modified",
    "with its own Last-Modified it is answered 304 without a body",
    why="pull to refresh would download and compare the pass each time",
    source="D7",
)
def _not_modified(trial: Trial) -> None:
    device = trial.device()
    header = device.fetch(trial.copy).expect(200).headers.get("Last-Modified")
    if header is None:
        raise Failed("there is no Last-Modified to send back")
    answer = device.fetch(trial.copy, since=header, note="If-Modified-Since equal").expect(304)
    if answer.body:
        raise Failed(f"{answer}; it has a body")


@GROUP.check(
    "fetch-older-copy",
    "with an older Last-Modified it is answered 200",
    why="a phone with an old copy must get the new one",
)
def _older_copy(trial: Trial) -> None:
    device = trial.device()
    date = last_modified(device.fetch(trial.copy).expect(200))
    since = format_datetime(date - LONG_AGO, usegmt=True)
    fetched(device.fetch(trial.copy, since=since, note="If-Modified-Since a year ago"))


@GROUP.check(
    "fetch-garbled-date",
    "with an If-Modified-Since that is no date it is answered 200",
    why="what cannot be read must be as if it were not there",
)
def _garbled_date(trial: Trial) -> None:
    for garbage in GARBAGE_DATES:
        answer = trial.device().fetch(trial.copy, since=garbage, note=f"since {garbage!r}")
        fetched(answer)


@GROUP.check(
    "fetch-head",
    "HEAD on the pass is answered 200 or 304, without a body",
    why="some phones ask so before they fetch; 405 stops the update",
)
def _head(trial: Trial) -> None:
    answer = trial.device().fetch(trial.copy, method="HEAD").expect(200, 304)
    if answer.body:
        raise Failed(f"{answer}; it has a body")


@GROUP.check(
    "fetch-no-post",
    "POST on the pass is answered 405 or 404",
    why="there is no such call; whatever it does, no phone meant it",
)
def _no_post(trial: Trial) -> None:
    trial.device().fetch(trial.copy, method="POST").expect(404, 405)


@GROUP.check(
    "fetch-not-public",
    "no cache on the way may keep the pass: Cache-Control is private or no-store",
    why="a proxy would give one customer's pass to another, or an old one for a new one",
)
def _not_public(trial: Trial) -> None:
    answer = trial.device().fetch(trial.copy).expect(200)
    control = answer.headers.get("Cache-Control", "")
    words = {word.strip().lower() for word in control.split(",")}
    if not words & {"private", "no-store"} or "public" in words:
        raise Failed(f"{answer}; its Cache-Control is {control or 'missing'}")


def is_not_modified(answer: Answer) -> bool:
    """Say whether a fetch was answered 304.

    Raises:
        Failed: it was answered neither 200 nor 304.
    """
    return answer.expect(200, 304).status == HTTPStatus.NOT_MODIFIED
