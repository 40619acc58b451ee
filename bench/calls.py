"""What a points event and a look-up cost, beside an answer that touches no database.

One thread calls the WSGI application directly, on a fresh SQLite file with synchronous=FULL: web
server and network are left out, so the ratios tell what our own code and the database add.
"""

import json
import statistics
import time
from collections.abc import Callable
from itertools import count
from typing import Any

from flask import Flask

from bench.caller import call, served
from bench.sample import table
from bench.targets import Target
from service.context import Context
from service.domain.brands import Mode
from service.operations import access, programs

ROUNDS, ROUND_S = 5, 1.0
NOTHING = "GET /healthz (no database)"


def main() -> list[Target]:
    """Measure in turns and print the medians and their ratios; nothing is promised here."""
    with served() as (app, context):
        calls = _calls(app, context)
        rounds = [{name: rate(call) for name, call in calls.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(each[name] for each in rounds) for name in calls}
    rows = [
        (name, f"{per_s:,.0f}/s", f"{per_s / medians[NOTHING]:.3f}")
        for name, per_s in medians.items()
    ]
    table(f"API calls, one thread, SQLite (median of {ROUNDS})", ("call", "rate", "ratio"), rows)
    return []


def _calls(app: Flask, context: Context) -> dict[str, Callable[[], object]]:
    brand = programs.create_brand(context, "Bench", Mode.TEST)
    program = programs.create_program(context, brand.id, "points")
    key = access.create_key(context, brand.id, "bench", sorted(access.SCOPES))

    def send(method: str, path: str, body: object = None) -> Any:
        answer = call(app, method, path, body, {"Authorization": f"Bearer {key}"})
        if not answer.status.startswith("20"):
            raise RuntimeError(f"{path}: {answer.status}")
        return json.loads(answer.body)

    card = send("PUT", f"/v1/programs/{program.id}/members/m-1", {"balances": {"points": 1}})
    number, numbers = card["number"], count()
    return {
        NOTHING: lambda: send("GET", "/healthz"),
        "POST /v1/points": lambda: send(
            "POST",
            "/v1/points",
            {"event_id": f"e-{next(numbers)}", "card_number": number, "add": 1},
        ),
        "POST /v1/lookup": lambda: send("POST", "/v1/lookup", {"barcode": number}),
    }


def rate(call: Callable[[], object]) -> float:
    """Return how often per second `call` can be done."""
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < ROUND_S:
        call()
        done += 1
    return done / (time.perf_counter() - start)
