"""What it costs when a phone fetches its pass: anew, once more, and when it has it already.

Through the WSGI application on SQLite, one thread; then by many at once, counting signatures.
"""

import json
import statistics
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import count

from flask import Flask

from bench.caller import Answer, call, served
from bench.sample import TEAM_ID, TYPE_ID, figures, now, table
from bench.targets import Target
from service.context import Context
from service.domain.brands import Mode
from service.domain.credentials import CertificateFiles
from service.emulators.certificates import Authority
from service.operations import access, certificates, programs

FETCHES = 300  # of each kind
ROUNDS = 3
CROWD, THREADS = 5_000, 4
ANEW, AGAIN, UNCHANGED = "a new version", "the same version again", "304: the phone has it"


class Phone:
    """A phone with one card, and the loyalty system that changes its points."""

    def __init__(self, app: Flask, context: Context) -> None:
        brand = programs.create_brand(context, "Bench", Mode.TEST)
        authority = Authority.create(now())
        issued = authority.pass_certificate(TYPE_ID, TEAM_ID, now=now())
        files = CertificateFiles(issued.certificate_pem, issued.key_pem, (authority.wwdr_pem,))
        certificates.import_certificate(context, brand.id, files)
        program = programs.create_program(context, brand.id, "points")
        key = access.create_key(context, brand.id, "bench", sorted(access.SCOPES))
        self._app, self._key, self._numbers = app, {"Authorization": f"Bearer {key}"}, count()
        path = f"/v1/programs/{program.id}/members/m-1"
        self._card = json.loads(self._call("PUT", path, {"balances": {"points": 1}}).body)
        link = self._card["links"]["apple"]
        with zipfile.ZipFile(BytesIO(call(app, "GET", link[link.index("/add/") :]).body)) as bundle:
            said = json.loads(bundle.read("pass.json"))
        self._path = f"/apple/v1/passes/{TYPE_ID}/{said['serialNumber']}"
        self._own = {"Authorization": f"ApplePass {said['authenticationToken']}"}

    def change(self) -> None:
        """Give the pass its next version."""
        event = {"event_id": f"e-{next(self._numbers)}", "card_number": self._card["number"]}
        self._call("POST", "/v1/points", {**event, "add": 1})

    def fetch(self, have: str = "") -> Answer:
        known = {"If-Modified-Since": have} if have else {}
        return _good(call(self._app, "GET", self._path, headers={**self._own, **known}))

    def _call(self, method: str, path: str, body: object) -> Answer:
        return _good(call(self._app, method, path, body, self._key))


def _good(answer: Answer) -> Answer:
    if answer.status[:2] not in ("20", "30"):
        raise RuntimeError(f"{answer.status}: {answer.body[:200]!r}")
    return answer


def main() -> list[Target]:
    """Measure in turns, print the medians, and return what was promised."""
    with served() as (app, context):
        phone = Phone(app, context)
        rounds = [measured(phone) for _ in range(ROUNDS)]
        signatures = crowd(phone)
    rows = []
    for name in (ANEW, AGAIN, UNCHANGED):
        faster = statistics.median(each[name] / each[ANEW] for each in rounds)
        rows.append((name, *figures([each[name] for each in rounds]), f"{faster:.1f}"))
    head = ("what is fetched", "per second", "least - most", "times a new version")
    table(f"Fetches of a pass, one thread, SQLite, median of {ROUNDS} rounds", head, rows)
    name = f"{CROWD:,} fetches of one version, per signature"
    return [Target(name, CROWD / signatures, CROWD)]


def measured(phone: Phone) -> dict[str, float]:
    """Return fetches per second of each kind; changing the points in between is not counted."""
    have = phone.fetch().headers["Last-Modified"]
    return {
        UNCHANGED: rate(lambda: phone.fetch(have)),
        AGAIN: rate(phone.fetch),
        ANEW: rate(phone.fetch, before=phone.change),
    }


def rate(fetch: Callable[[], object], before: Callable[[], None] = lambda: None) -> float:
    spent = 0.0
    for _ in range(FETCHES):
        before()
        start = time.perf_counter()
        fetch()
        spent += time.perf_counter() - start
    return FETCHES / spent


def crowd(phone: Phone) -> int:
    """Let many fetch one new version at once, and return how many signatures they were given.

    This takes some seconds, and a signature says its second: more than one would show.
    """
    phone.change()
    with ThreadPoolExecutor(THREADS) as pool:
        return len(set(pool.map(lambda _: phone.fetch().body, range(CROWD))))
