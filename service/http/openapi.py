"""Writes /openapi.json (OpenAPI 3.1.0) from the declared operations."""

import inspect
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel

from service import __version__
from service.domain.errors import ServiceError, SourceNotFound, Unauthorized
from service.http import json_body
from service.http.contract import ANYWHERE, Operation, api, here
from service.http.models import PointsIn, PointsOut, Shown
from service.http.openapi_schemas import (
    REF,
    content,
    example_of,
    header,
    parameters,
    path_parameter,
    ref,
    schemas,
    without_need,
)
from service.http.problems import MEDIA_TYPE, status_of
from service.http.wording import NOTES, TAG_TEXTS, place_of, tag_of

blueprint = Blueprint("openapi", __name__)
WEBHOOK = "/in/{source_id}"
WEBHOOK_EVENT = "WebhookPointsIn"


class FaultOut(Shown):
    field: str
    problem: str


class ProblemOut(Shown):
    """RFC 9457; `code` is stable and explained in docs/errors.md."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FaultOut] | None = None


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The API's contract."""
    body = json_body.canonical(document(here().settings.base_url))
    return Response(body, 200, content_type="application/json")


def document(base_url: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of all declared operations, called below `base_url`."""
    paths: dict[str, dict[str, Any]] = {WEBHOOK: {"post": _webhook()}}
    for operation in api.operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tessera",
            "version": __version__,
            "description": "Issues loyalty cards and keeps them true in every phone wallet.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "security": [{"apiKey": []}],
        "tags": [{"name": tag, "description": text} for tag, text in TAG_TEXTS.items()],
        "paths": {path: paths[path] for path in sorted(paths, key=place_of)},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas() -> dict[str, Any]:
    found = schemas(api.operations, (ProblemOut, PointsOut))
    # A webhook has an id of its own, which stands in for that of the event.
    event = without_need(found[PointsIn.__name__], "event_id")
    return {**found, WEBHOOK_EVENT: {**event, "title": WEBHOOK_EVENT}}


def _operation(operation: Operation) -> dict[str, Any]:
    example, note = example_of(operation.name), NOTES.get(operation.path, "")
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [tag_of(operation.path)],
        "summary": operation.summary,
        "description": f"Needs the scope `{operation.scope}`. {note}".strip(),
        "parameters": parameters(operation),
        "responses": {
            **{str(s): _answer(model, example.answer) for s, model in operation.answers.items()},
            **_problems(operation.problems),
        },
    }
    if example.query:
        described["x-example-query"] = example.query
    if operation.body is not None:
        described["requestBody"] = _request_body(ref(operation.body), example.body)
    if operation.upload is not None:
        file = {"schema": {"type": "string", "format": "binary"}}
        content_of = {operation.upload.media_type: file}
        described["requestBody"] = {"required": True, "content": content_of}
        described["x-example-file"] = operation.upload.name
    return described


def _request_body(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    return {"required": True, "content": content(schema, example)}


def _answer(model: type[BaseModel], example: Any) -> dict[str, Any]:
    description = (model.__doc__ or model.__name__.removesuffix("Out")).partition("\n")[0]
    return {"description": description, "content": content(ref(model), example)}


def _problems(errors: tuple[type[ServiceError], ...]) -> dict[str, Any]:
    codes: dict[int, dict[str, str]] = {}
    for error in errors:
        meaning = (inspect.getdoc(error) or "").partition("\n")[0]
        codes.setdefault(status_of(error), {}).setdefault(error.code, meaning)
    return {
        str(status): {
            "description": "Problem with code " + " or ".join(listed) + ".",
            "content": {MEDIA_TYPE: {"schema": ref(ProblemOut)}},
            "x-codes": listed,
        }
        for status, listed in sorted(codes.items())
    }


def _webhook() -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["type", "data"],
        "properties": {
            "type": {
                "description": "Both are read the same way.",
                "enum": ["points.changed", "account.changed"],
            },
            "timestamp": {"description": "When it was sent; not used.", "type": "string"},
            "data": {
                "$ref": REF.format(model=WEBHOOK_EVENT),
                "description": "The event. Without `event_id` the `webhook-id` is its id.",
            },
        },
    }
    example = example_of("receive_event")
    signed = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return {
        "operationId": "receive_event",
        "tags": [tag_of(WEBHOOK)],
        "summary": "Take an event of a configured sender, signed by Standard Webhooks.",
        "description": (
            "Needs no API key: the signature is the right to call it. What a sender adds around "
            "`data`, or to the address, is not looked at."
        ),
        "security": [],
        "parameters": [path_parameter("source_id"), *(header(name) for name in signed)],
        "requestBody": _request_body(schema, example.body),
        "responses": {
            "200": _answer(PointsOut, example.answer),
            **_problems((Unauthorized, SourceNotFound, *ANYWHERE)),
        },
    }
