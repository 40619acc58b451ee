"""Google's wallet API and token endpoint: who asks, may they, and what they get."""

import json
import logging
import re
from http import HTTPStatus
from urllib.parse import parse_qs, unquote

from service.emulators.control import Clock
from service.emulators.google.accounts import Accounts, GrantRefused
from service.emulators.google.checks import Json
from service.emulators.google.desk import Desk, Seen
from service.emulators.google.errors import GoogleRefused, malformed, not_found
from service.emulators.google.lists import listed, only_fields
from service.emulators.google.resources import Resources, check_access
from service.emulators.google.server import ApiAnswer, ApiRequest
from service.emulators.google.stored import CLASS, KINDS, Kind, Stored, public

TOKEN_PATH = "/token"  # noqa: S105 - a path
BASE = "/walletobjects/v1"
RESOURCE = re.compile(
    rf"{BASE}/(?P<kind>loyaltyClass|loyaltyObject)(?:/(?P<id>[^/]+)(?P<message>/addMessage)?)?"
)
ISSUER = re.compile(rf"{BASE}/issuer/(?P<id>[^/]+)")

log = logging.getLogger(__name__)


class GoogleApi:
    """Answers requests; holds no state of its own."""

    def __init__(self, accounts: Accounts, resources: Resources, desk: Desk, now: Clock) -> None:
        self._accounts = accounts
        self._resources = resources
        self._desk = desk
        self._now = now

    def answer(self, asked: ApiRequest, token_url: str) -> ApiAnswer | None:
        """Return the answer, noted in the log; None when the request fell into the black hole."""
        at = self._now()
        if self._desk.is_lost():
            return None
        is_token = asked.path == TOKEN_PATH
        answer = self._grant(asked, token_url) if is_token else self._serve(asked)
        body = None if is_token else _json_or_none(asked.body)
        self._desk.note(Seen(asked.method, asked.path, asked.query, answer.status, at, body))
        self._desk.linger()
        return answer

    def _grant(self, asked: ApiRequest, token_url: str) -> ApiAnswer:
        trouble = self._desk.token_trouble()
        if trouble:
            return ApiAnswer(
                trouble, {"error": "internal_failure", "error_description": "Ordered."}
            )
        form = parse_qs(asked.body.decode("latin-1"))
        try:
            first = {name: values[0] for name, values in form.items()}
            return ApiAnswer(HTTPStatus.OK, self._accounts.grant(first, token_url))
        except GrantRefused as refusal:
            body = {"error": refusal.error, "error_description": str(refusal)}
            return ApiAnswer(HTTPStatus.BAD_REQUEST, body)

    def _serve(self, asked: ApiRequest) -> ApiAnswer:
        try:
            return self._admitted(asked)
        except GoogleRefused as refusal:
            return _refusal(refusal)
        except Exception:
            log.exception("the emulator failed")
            return _refusal(
                GoogleRefused(500, "internalError", "The emulator failed: see its log.")
            )

    def _admitted(self, asked: ApiRequest) -> ApiAnswer:
        account = self._accounts.holder_of(asked.headers.get("authorization", ""))
        if account is None:
            raise GoogleRefused(401, "authError", "Request had invalid authentication credentials.")
        self._desk.arrive(account.issuer_id)
        ordered = self._desk.ordered(_resource_id(asked))
        if ordered is not None:
            raise GoogleRefused(
                ordered.status, ordered.reason, "Ordered.", retry_after_s=ordered.retry_after_s
            )
        if not self._desk.admit(account.issuer_id):
            message = (
                f"Quota exceeded: too many requests of issuer {account.issuer_id} in a second."
            )
            raise GoogleRefused(429, "rateLimitExceeded", message)
        return self._route(asked, account.issuer_id)

    def _route(self, asked: ApiRequest, issuer_id: str) -> ApiAnswer:
        method = _method(asked)
        issuer = ISSUER.fullmatch(asked.path)
        if issuer and method == "GET":
            return _issuer(unquote(issuer["id"]), issuer_id)
        match = RESOURCE.fullmatch(asked.path)
        if match is None:
            raise not_found(f"The requested URL {asked.path:.100} was not found.")
        kind = KINDS[match["kind"]]
        if match["id"] is None:
            return self._on_collection(method, kind, asked, issuer_id)
        resource_id = unquote(match["id"])
        check_access(resource_id, issuer_id)
        if match["message"]:
            return self._on_messages(method, kind, asked, resource_id)
        return self._on_resource(method, kind, asked, resource_id)

    def _on_collection(
        self, method: str, kind: Kind, asked: ApiRequest, issuer_id: str
    ) -> ApiAnswer:
        match method:
            case "POST":
                stored = self._resources.insert(kind, issuer_id, _json_body(asked))
                return _shown(kind, stored, asked)
            case "GET":
                return ApiAnswer(HTTPStatus.OK, listed(self._resources, kind, asked, issuer_id))
            case _:
                raise _no_such_method(method)

    def _on_resource(
        self, method: str, kind: Kind, asked: ApiRequest, resource_id: str
    ) -> ApiAnswer:
        match method:
            case "GET":
                stored = self._resources.get(kind, resource_id)
                return _shown(kind, stored, asked, self._class_of(kind, stored))
            case "PATCH":
                return _shown(
                    kind, self._resources.patch(kind, resource_id, _json_body(asked)), asked
                )
            case "PUT":
                return _shown(
                    kind, self._resources.replace(kind, resource_id, _json_body(asked)), asked
                )
            case _:
                raise _no_such_method(method)

    def _on_messages(
        self, method: str, kind: Kind, asked: ApiRequest, resource_id: str
    ) -> ApiAnswer:
        if method != "POST":
            raise _no_such_method(method)
        stored = self._resources.add_message(kind, resource_id, _json_body(asked))
        return ApiAnswer(HTTPStatus.OK, {"resource": public(kind, stored)})

    def _class_of(self, kind: Kind, stored: Stored) -> Stored | None:
        if kind is CLASS:
            return None
        return self._resources.find(CLASS, str(stored.content["classId"]))


def _shown(
    kind: Kind, stored: Stored, asked: ApiRequest, reference: Stored | None = None
) -> ApiAnswer:
    body = public(kind, stored)
    if reference is not None:
        body["classReference"] = reference.content
    return ApiAnswer(HTTPStatus.OK, only_fields(body, asked))


def _issuer(wanted: str, issuer_id: str) -> ApiAnswer:
    if wanted != issuer_id:
        raise GoogleRefused(403, "permissionDenied", "Permission denied.")
    return ApiAnswer(HTTPStatus.OK, {"issuerId": issuer_id, "name": "Emulated issuer"})


def _method(asked: ApiRequest) -> str:
    override = asked.headers.get("x-http-method-override")
    return override.upper() if override and asked.method == "POST" else asked.method


def _no_such_method(method: str) -> GoogleRefused:
    return not_found(f"There is no {method} here.")


def _resource_id(asked: ApiRequest) -> str:
    match = RESOURCE.fullmatch(asked.path)
    if match and match["id"]:
        return unquote(match["id"])
    body = _json_or_none(asked.body)
    return str(body.get("id", "")) if isinstance(body, dict) else ""


def _json_body(asked: ApiRequest) -> Json:
    body = _json_or_none(asked.body)
    if not isinstance(body, dict):
        raise malformed("Invalid JSON payload received: it is no JSON object.")
    return body


def _json_or_none(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _refusal(refusal: GoogleRefused) -> ApiAnswer:
    headers = {}
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(refusal.retry_after_s)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/"'
    return ApiAnswer(refusal.status, refusal.body(), headers)
