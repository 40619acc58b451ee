"""Declares an API operation once: its route, checks, answers and its place in /openapi.json."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, g, request
from pydantic import BaseModel
from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.errors import (
    BodyTooLarge,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyMismatch,
    InternalError,
    InvalidInput,
    NotFound,
    ServiceError,
    StaleCard,
    StorageBusy,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
)
from service.domain.history import Actor
from service.domain.requests import KeyedRequest
from service.http import json_body
from service.http.query import Query, read_query, sent_query
from service.operations.access import authenticate
from service.operations.runner import Answer, answer_once, retrying

LONGEST_KEY = 255
LONGEST_VERSION = 9  # digits
# What any call may be answered, and what any call that needs a key may be answered.
ANYWHERE: tuple[type[ServiceError], ...] = (BodyTooLarge, StorageBusy, Unavailable, InternalError)
ALWAYS: tuple[type[ServiceError], ...] = (InvalidInput, Unauthorized, Forbidden, *ANYWHERE)


@dataclass(frozen=True)
class Call:
    """One authenticated request: who asks, the validated body and query, the parts of the path."""

    context: Context
    actor: Actor
    body: Any = None
    plain: Any = None
    query: Any = None
    path: dict[str, str] = field(default_factory=dict)
    if_match: int | None = None

    def uuid(self, name: str) -> UUID:
        """Return a part of the path as an id.

        Raises:
            NotFound: it is no id, so nothing can have it.
        """
        try:
            return UUID(self.path[name])
        except ValueError as error:
            raise NotFound(f"{self.path[name]} is not an id of Tessera.") from error


View = Callable[[Call], Answer]


@dataclass(frozen=True)
class Upload:
    """A body that is a file of at most so many bytes, called like `name`.

    `read` makes of it what the view gets; it is called before any transaction, since it may take
    long.
    """

    media_type: str
    at_most: int
    name: str
    read: Callable[[Context, bytes], Any]


@dataclass(frozen=True)
class Operation:
    """What /openapi.json says of one operation. `answers`: status -> model."""

    method: str
    path: str
    summary: str
    scope: str
    answers: dict[int, type[BaseModel]]
    body: type[BaseModel] | None
    problems: tuple[type[ServiceError], ...]
    name: str
    changes: bool
    query: type[Query]
    upload: Upload | None


def here() -> Context:
    """Return the context of the app that serves this request."""
    context: Context = current_app.extensions["tessera"]
    return context


class Contract:
    """The operations of the API, in the order they were declared."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.blueprint = Blueprint("api", __name__)

    def operation(
        self,
        method: str,
        path: str,
        *,
        scope: str,
        answers: dict[int, type[BaseModel]],
        body: type[BaseModel] | None = None,
        query: type[Query] = Query,
        problems: Sequence[type[ServiceError]] = (),
        changes: bool | None = None,
        upload: Upload | None = None,
    ) -> Callable[[View], View]:
        """Serve `path` by the decorated view; its docstring's first line is the summary.

        `body`: the shape of the JSON that is sent. `upload`: a file is sent instead.
        `changes`: whether a call changes anything, so that an Idempotency-Key has a meaning. If it
        is not given, all but GET do.
        """
        is_change = method != "GET" if changes is None else changes

        def declare(view: View) -> View:
            summary = (view.__doc__ or "").partition("\n")[0]
            listed = _all(problems, path, body or upload, is_change)
            name = view.__name__
            known = Operation(
                *(method, path, summary, scope, answers, body, listed, name, is_change),
                *(query, upload),
            )
            self.operations.append(known)
            route = path.replace("{", "<").replace("}", ">")
            serve = partial(_serve, known, view)
            self.blueprint.add_url_rule(route, view.__name__, serve, methods=[method])
            return view

        return declare


def _all(
    problems: Sequence[type[ServiceError]], path: str, body: object, is_change: bool
) -> tuple[type[ServiceError], ...]:
    found = [*problems, *ALWAYS]
    found += [UnsupportedMedia] if body is not None else []
    found += [IdempotencyInProgress, IdempotencyMismatch] if is_change else []
    found += [NotFound] if "{" in path else []
    return tuple(dict.fromkeys(found))


api = Contract()


def _serve(operation: Operation, view: View, **path: str) -> Response:
    context = here()
    actor = authenticate(context, bearer(), g.request_id)
    if operation.scope not in actor.scopes:
        raise Forbidden(f"This API key lacks the scope {operation.scope}.")
    raw = whole_body(operation.upload.at_most if operation.upload else json_body.LARGEST_BODY)
    asked = read_query(operation.query, sent_query())
    body, plain = _body(context, operation, raw)
    if_match = _if_match() if StaleCard in operation.problems else None
    call = Call(context, actor, body, plain, asked, path, if_match)
    key = request.headers.get("Idempotency-Key") if operation.changes else None
    if key is None:
        answer = retrying(lambda: view(call))
    else:
        keyed = _keyed(actor, key, plain)
        answer = retrying(lambda: answer_once(context, keyed, partial(_joined, view, call)))
    return Response(answer.body, answer.status, content_type="application/json")


def _joined(view: View, call: Call, context: Context) -> Answer:
    return view(replace(call, context=context))


def _if_match() -> int | None:
    header = request.headers.get("If-Match")
    if header is None:
        return None
    version = header.strip().strip('"')
    if not (version.isascii() and version.isdigit() and len(version) <= LONGEST_VERSION):
        raise InvalidInput("If-Match takes one card version.", [("If-Match", 'like "3"')])
    return int(version)


def bearer() -> str:
    """Return the token of the Authorization header.

    Raises:
        Unauthorized: there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("Send your API key as 'Authorization: Bearer tsk_...'.")
    return token.strip()


def _body(context: Context, operation: Operation, raw: bytes) -> tuple[Any, Any]:
    """Return the body as the view gets it, and as an Idempotency-Key compares it."""
    if operation.upload is not None:
        if request.mimetype != operation.upload.media_type:
            raise UnsupportedMedia(f"Send a Content-Type of {operation.upload.media_type}.")
        return operation.upload.read(context, raw), sha256(raw).hexdigest()
    if operation.body is None:
        return None, None
    if not request.is_json:
        raise UnsupportedMedia("Send the body as Content-Type: application/json.")
    return json_body.read(operation.body, raw)


def whole_body(at_most: int = json_body.LARGEST_BODY) -> bytes:
    """Return the request's body, read to its end.

    Raises:
        BodyTooLarge: it has more than `at_most` bytes.
    """
    detail = f"A body may have {at_most // 1024} KiB."
    if (request.content_length or 0) > at_most:
        _drain()
        raise BodyTooLarge(detail)
    raw = request.stream.read(at_most + 1)
    if len(raw) > at_most:
        _drain()
        raise BodyTooLarge(detail)
    return raw


def _drain() -> None:
    # granian drops what is left of a body once the answer starts; the sender would see a reset.
    left = 16 * 1024 * 1024
    while left > 0 and (chunk := request.stream.read(min(left, 65536))):
        left -= len(chunk)


def _keyed(actor: Actor, key: str, plain: Any) -> KeyedRequest:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidInput(
            "The Idempotency-Key cannot be used.",
            [("Idempotency-Key", "1 to 255 printable characters")],
        )
    if "\0" in request.path:
        raise InvalidInput("The address holds a NUL character.")
    endpoint = f"{actor.key_id} {request.method} {request.path}"
    return KeyedRequest(uuid7(), actor.brand_id, endpoint, key, digest(plain))


def answer(model: BaseModel, status: int = 200) -> Answer:
    """Return the model as an answer; fields that were not set are left out."""
    return Answer(status, model.model_dump_json(exclude_unset=True))


def digest(plain: Any) -> bytes:
    """Return what is the same for the same JSON value, however it was written."""
    return sha256(json_body.canonical(plain)).digest()
