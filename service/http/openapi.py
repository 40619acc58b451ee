"""Writes /openapi.json (OpenAPI 3.1.0) from the declared operations."""

import re
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from service import __version__
from service.domain.errors import ServiceError, SourceNotFound, StorageBusy, Unauthorized
from service.http import json_body
from service.http.contract import Operation, api
from service.http.models import PointsIn, PointsOut, Shown
from service.http.problems import MEDIA_TYPE, status_of

blueprint = Blueprint("openapi", __name__)
REF = "#/components/schemas/{model}"


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
    return Response(json_body.canonical(document()), 200, content_type="application/json")


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of all declared operations."""
    paths: dict[str, dict[str, Any]] = {"/in/{source_id}": {"post": _webhook()}}
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
        "servers": [{"url": "/"}],
        "security": [{"apiKey": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas() -> dict[str, Any]:
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (ProblemOut, "serialization"),
        (PointsIn, "validation"),
        (PointsOut, "serialization"),
    ]
    for operation in api.operations:
        wanted += [(model, "serialization") for model in operation.answers.values()]
        wanted += [(operation.body, "validation")] if operation.body else []
    _, schema = models_json_schema(list(dict.fromkeys(wanted)), ref_template=REF)
    schemas: dict[str, Any] = schema["$defs"]
    return schemas


def _operation(operation: Operation) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.changes:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs the scope `{operation.scope}`.",
        "parameters": parameters,
        "responses": {
            **{str(status): _content(model) for status, model in operation.answers.items()},
            **_problems(operation.problems),
        },
    }
    if operation.body is not None:
        described["requestBody"] = _request_body(operation.body)
    return described


def _request_body(model: type[BaseModel]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": _ref(model)}}}


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {
        "description": (model.__doc__ or model.__name__).partition("\n")[0],
        "content": {"application/json": {"schema": _ref(model)}},
    }


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}


def _problems(errors: tuple[type[ServiceError], ...]) -> dict[str, Any]:
    codes: dict[int, list[str]] = {}
    for error in errors:
        codes.setdefault(status_of(error), []).append(error.code)
    return {
        str(status): {
            "description": "Problem with code " + " or ".join(dict.fromkeys(listed)) + ".",
            "content": {MEDIA_TYPE: {"schema": _ref(ProblemOut)}},
        }
        for status, listed in sorted(codes.items())
    }


def _webhook() -> dict[str, Any]:
    headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    schema = {
        "type": "object",
        "required": ["type", "data"],
        "properties": {
            "type": {"enum": ["points.changed", "account.changed"]},
            "timestamp": {"type": "string"},
            "data": _ref(PointsIn),
        },
    }
    return {
        "operationId": "receive_event",
        "summary": "Take an event of a configured sender, signed by Standard Webhooks.",
        "security": [],
        "parameters": [
            {"name": "source_id", "in": "path", "required": True, "schema": {"type": "string"}},
            *(
                {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
                for name in headers
            ),
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "200": _content(PointsOut),
            **_problems((Unauthorized, SourceNotFound, StorageBusy)),
        },
    }
