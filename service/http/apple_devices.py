"""Apple's web service for passes: what an iPhone calls by itself.

Source: developer.apple.com > Wallet Passes > Adding a Web Service to Update Passes, checked
2026-11-22. `webServiceURL` is {base_url}/apple; the phone appends /v1/...
"""

import logging
import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from flask import Blueprint, Response, request

from service.domain.errors import InvalidInput, Unauthorized
from service.domain.installations import Registration
from service.http import json_body
from service.http.contract import here, whole_body
from service.http.query import sent_query
from service.operations import installations, passes
from service.operations.passes import PassRequest
from service.operations.runner import retrying

blueprint = Blueprint("apple", __name__, url_prefix="/apple/v1")
log = logging.getLogger(__name__)
PKPASS = "application/vnd.apple.pkpass"
PUSH_TOKEN = re.compile(r"[0-9A-Fa-f]{1,200}")
LONGEST_LOG_LINE = 500
MOST_LOG_LINES = 20


@blueprint.post("/devices/<device>/registrations/<type_id>/<serial>")
def register(device: str, type_id: str, serial: str) -> Response:
    """A device asks to be told of a pass: 201, or 200 if it had asked before."""
    body = json_body.parse(whole_body())
    registration = Registration(device, type_id, serial, _push_token(body))
    token = _request(type_id, serial).token
    is_new = retrying(lambda: installations.register(here(), registration, token))
    return Response(status=201 if is_new else 200)


def _push_token(body: Any) -> str:
    token = body.get("pushToken") if isinstance(body, dict) else None
    if not isinstance(token, str) or not PUSH_TOKEN.fullmatch(token):
        raise InvalidInput(
            "A registration needs a pushToken.", [("pushToken", "hexadecimal digits")]
        )
    return token


@blueprint.delete("/devices/<device>/registrations/<type_id>/<serial>")
def unregister(device: str, type_id: str, serial: str) -> Response:
    """A device removed a pass: 200, also when it was not registered."""
    whole_body()
    pass_request = _request(type_id, serial)
    retrying(lambda: installations.unregister(here(), device, pass_request))
    return Response(status=200)


@blueprint.get("/devices/<device>/registrations/<type_id>")
def list_changed(device: str, type_id: str) -> Response:
    """A device asks which of its passes changed; its id is the proof, no header is asked for."""
    if request.method == "HEAD" or not type_id.isprintable():
        return Response(status=204)
    tag = sent_query().get("passesUpdatedSince")
    told = retrying(lambda: installations.changed(here(), device, type_id, tag))
    if told is None:
        return Response(status=204)
    serials = [each.serial for each in told.installations]
    body = json_body.canonical({"serialNumbers": serials, "lastUpdated": str(told.tag)})
    return Response(body, 200, content_type="application/json")


@blueprint.get("/passes/<type_id>/<serial>")
def fetch(type_id: str, serial: str) -> Response:
    """A device fetches its pass: 304 only if it has exactly this version. HEAD builds nothing."""
    have = _time(request.headers.get("If-Modified-Since"))
    pass_request = _request(type_id, serial, have)
    if request.method == "HEAD":
        last_modified = passes.last_modified(here(), pass_request)
        status = 304 if last_modified == have else 200
        return _headers(Response(status=status, content_type=PKPASS), last_modified)
    signed = retrying(lambda: passes.fetch(here(), pass_request))
    if signed is None:
        assert have is not None
        return _headers(Response(status=304, content_type=PKPASS), have)
    return pass_response(signed)


def pass_response(signed: passes.SignedPass) -> Response:
    """Return a pass as a download that a phone opens in Wallet."""
    response = Response(signed.file, 200, content_type=PKPASS)
    response.headers["Content-Disposition"] = 'attachment; filename="card.pkpass"'
    return _headers(response, signed.last_modified)


def _headers(response: Response, last_modified: datetime) -> Response:
    response.headers["Last-Modified"] = format_datetime(last_modified, usegmt=True)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/log")
def write_log() -> Response:
    """Devices report what they could not make sense of; it goes to the log, trimmed."""
    try:
        body = json_body.parse(whole_body())
    except InvalidInput:
        body = None
    lines = body.get("logs") if isinstance(body, dict) else None
    for line in (lines if isinstance(lines, list) else [])[:MOST_LOG_LINES]:
        log.warning("a device says: %s", ascii(str(line)[:LONGEST_LOG_LINE]))
    return Response(status=200)


def _request(type_id: str, serial: str, have: datetime | None = None) -> PassRequest:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "ApplePass" or not token or not (type_id + serial).isprintable():
        raise Unauthorized("The pass or its token is unknown.")
    return PassRequest(type_id, serial, token, have)


def _time(header: str | None) -> datetime | None:
    """Return an HTTP date as aware UTC; None for no date or a garbled one."""
    if header is None:
        return None
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
