"""Checks: what phones report of their troubles."""

import json
from http import HTTPStatus

from service.conformance.checks import Group
from service.conformance.outcomes import Failed
from service.conformance.server import Answer
from service.conformance.trial import Trial

REPORT = json.dumps({"logs": ["[conformance] nothing is wrong"]}).encode()
JSON_TYPE = {"Content-Type": "application/json"}
GARBAGE = (
    b"",
    b"rubbish",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'{"logs": "one"}',
    b'{"logs": [1, null, {"a": []}]}',
    b'{"logs": ["\\u0000 \\ud800 \\u001b[31m"]}',
)
BIG = b'{"logs": ["' + b"x" * 2_000_000 + b'"]}'

GROUP = Group("Log")


def _write(trial: Trial, body: bytes, note: str, headers: dict[str, str] | None = None) -> Answer:
    return trial.server.send("POST", "/log", headers=headers, body=body, note=note)


@GROUP.check(
    "log-report",
    "a report is answered 200, without Authorization",
    why="reports are the only thing a phone ever says of its troubles",
)
def _report(trial: Trial) -> None:
    _write(trial, REPORT, "a report", JSON_TYPE).expect(200)


@GROUP.check(
    "log-no-content-type",
    "a report needs no Content-Type",
    why="not every iOS sends one",
)
def _no_content_type(trial: Trial) -> None:
    _write(trial, REPORT, "no Content-Type").expect(200)


@GROUP.check(
    "log-garbage",
    "a body that makes no sense is no fault of the server",
    why="anybody can write here; a 500 is a way to fill logs and to find weak spots",
)
def _garbage(trial: Trial) -> None:
    for number, body in enumerate(GARBAGE):
        answer = _write(trial, body, f"garbage {number}", JSON_TYPE)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Failed(f"{answer}; expected 200, or a refusal")


@GROUP.check(
    "log-big",
    "a report of 2 MB is refused with 413, or taken; the service goes on",
    why="anybody can write here, and disks are finite",
)
def _big(trial: Trial) -> None:
    _write(trial, BIG, "2 MB", JSON_TYPE).expect(200, 413)
    _write(trial, REPORT, "after 2 MB", JSON_TYPE).expect(200)
