"""Apple's web service for passes: what an iPhone calls by itself.

Source: developer.apple.com > Wallet Passes > Adding a Web Service to Update Passes, checked
2026-11-22. `webServiceURL` is {base_url}/apple; the phone appends /v1/...
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from flask import Blueprint, Response, current_app, g, request
from flask.blueprints import BlueprintSetupState

from service.domain.errors import InvalidInput, TooManyCalls, Unauthorized
from service.domain.installations import Provider, Registration
from service.http import json_body
from service.http.apple_enrollment import PersonalizationIn, sign_up_of
from service.http.contract import here, whole_body
from service.http.query import sent_query
from service.http.throttle import Throttle
from service.operations import device_reports, enrollment, installations, passes
from service.operations.passes import PassRequest
from service.operations.runner import retrying

blueprint = Blueprint("apple", __name__, url_prefix="/apple/v1")
PKPASS = "application/vnd.apple.pkpass"
PUSH_TOKEN = re.compile(r"[0-9A-Fa-f]{1,200}")
APPLE = "ApplePass"
# Readers of other makers follow the protocol under words of their own (docs/sources.md, a-21).
SCHEMES = {APPLE, "WalletUnionPass", "AndroidPass"}
LARGEST_LOG = 32 * 1024
MOST_REPORTS = 20
LIMITS = "tessera apple limits"


class Limits:
    """What one address may call without a token. A shop or a carrier has one for many phones."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.lists = Throttle(per_s=50, burst=500, clock=clock)
        self.logs = Throttle(per_s=5, burst=50, clock=clock)


@blueprint.record
def _set_limits(state: BlueprintSetupState) -> None:
    state.app.extensions[LIMITS] = Limits()


def _limits() -> Limits:
    limits: Limits = current_app.extensions[LIMITS]
    return limits


def _expect_patience(throttle: Throttle) -> None:
    if not throttle.allows(request.remote_addr):
        raise TooManyCalls("This address calls too often; wait a little.")


@blueprint.post("/devices/<device>/registrations/<type_id>/<serial>")
def register(device: str, type_id: str, serial: str) -> Response:
    """A device asks to be told of a pass: 201, or 200 if it had asked before."""
    body = json_body.parse(whole_body())
    scheme, token = _credentials(type_id, serial)
    registration = _registration(scheme, body, device, type_id, serial)
    is_new = retrying(lambda: installations.register(here(), registration, token))
    return Response(status=201 if is_new else 200)


def _registration(scheme: str, body: Any, device: str, type_id: str, serial: str) -> Registration:
    sent = body if isinstance(body, dict) else {}
    if scheme != APPLE or sent.get("pushServiceUrl") is not None:
        return Registration(device, type_id, serial, "", Provider.NONE)
    token = sent.get("pushToken")
    if not isinstance(token, str) or not PUSH_TOKEN.fullmatch(token):
        raise InvalidInput(
            "A registration needs a pushToken.", [("pushToken", "hexadecimal digits")]
        )
    return Registration(device, type_id, serial, token)


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
    _expect_patience(_limits().lists)
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
    """A device fetches its pass: 304 only if it has exactly this version.

    Some ask by HEAD first (docs/sources.md, a-22); it builds nothing.
    """
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


@blueprint.post("/passes/<type_id>/<serial>/personalize")
def personalize(type_id: str, serial: str) -> Response:
    """The holder signed up in Wallet; the answer is the signature of Wallet's own token."""
    raw = whole_body()
    pass_request = _request(type_id, serial)
    said = sign_up_of(json_body.validated(PersonalizationIn, json_body.parse(raw)))
    signature = retrying(lambda: enrollment.enroll(here(), pass_request, said, g.request_id))
    return Response(signature, 200, content_type="application/octet-stream")


@blueprint.post("/log")
def write_log() -> Response:
    """Devices report what they could not make sense of; staff see it beside the pass."""
    raw = whole_body(LARGEST_LOG)
    _expect_patience(_limits().logs)
    try:
        body = json_body.parse(raw)
    except InvalidInput:
        body = None
    lines = body.get("logs") if isinstance(body, dict) else None
    texts = [str(line) for line in (lines if isinstance(lines, list) else [])[:MOST_REPORTS]]
    if texts:
        retrying(lambda: device_reports.record(here(), texts))
    return Response(status=200)


def _request(type_id: str, serial: str, have: datetime | None = None) -> PassRequest:
    _, token = _credentials(type_id, serial)
    return PassRequest(type_id, serial, token, have)


def _credentials(type_id: str, serial: str) -> tuple[str, str]:
    """Return the scheme and the token of the request."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme not in SCHEMES or not token or not (type_id + serial).isprintable():
        raise Unauthorized("The pass or its token is unknown.")
    return scheme, token


def _time(header: str | None) -> datetime | None:
    """Return an HTTP date as aware UTC; None for no date or a garbled one."""
    if header is None:
        return None
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
