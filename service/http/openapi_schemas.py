"""The parts of /openapi.json that come from models: schemas, parameters, examples."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from service.domain.errors import StaleCard
from service.http import examples
from service.http.contract import LONGEST_KEY, Operation
from service.http.examples import Example
from service.http.query import Listing, Query
from service.http.wording import PARAMETERS, field_text

REF = "#/components/schemas/{model}"
JSON = "application/json"
NULL = {"type": "null"}


def ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}


def schemas(operations: Iterable[Operation], others: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Return the schema of every model that the operations take or answer, fields explained."""
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "serialization") for model in others
    ]
    for operation in operations:
        wanted += [(model, "serialization") for model in operation.answers.values()]
        wanted += [(operation.body, "validation")] if operation.body else []
    _, schema = models_json_schema(list(dict.fromkeys(wanted)), ref_template=REF)
    for model, described in schema["$defs"].items():
        for field, part in described.get("properties", {}).items():
            if text := field_text(model, field):
                part["description"] = text
    found: dict[str, Any] = schema["$defs"]
    return found


def without_need(schema: dict[str, Any], field: str) -> dict[str, Any]:
    """Return the schema of an object of which `field` may be left out."""
    needed = [each for each in schema["required"] if each != field]
    kept = {key: part for key, part in schema.items() if key != "required"}
    return {**kept, "required": needed} if needed else kept


def parameters(operation: Operation) -> list[dict[str, Any]]:
    """Return what an operation takes in its path, its query and its headers."""
    found = [path_parameter(name) for name in re.findall(r"{(\w+)}", operation.path)]
    found += _query(operation.query)
    if operation.changes:
        limits = {"minLength": 1, "maxLength": LONGEST_KEY}
        found.append(_parameter("Idempotency-Key", "header", {"type": "string", **limits}))
    if StaleCard in operation.problems:
        found.append(_parameter("If-Match", "header", {"type": "string"}))
    return found


def path_parameter(name: str) -> dict[str, Any]:
    is_own = name.endswith("_id") and name != "external_id"
    schema = {"type": "string", "format": "uuid"} if is_own else {"type": "string"}
    return {**_parameter(name, "path", schema), "required": True}


def header(name: str) -> dict[str, Any]:
    return {**_parameter(name, "header", {"type": "string"}), "required": True}


def _query(model: type[Query]) -> list[dict[str, Any]]:
    found = model.model_json_schema()["properties"].items()
    # Filters first: where to go on is asked later.
    listed = sorted(found, key=lambda each: each[0] in Listing.model_fields)
    return [_parameter(name, "query", _without_null(schema)) for name, schema in listed]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter that may be left out: null is a word of JSON only."""
    kept = {key: value for key, value in schema.items() if key not in ("anyOf", "title")}
    if "anyOf" not in schema:
        return kept
    (only,) = (option for option in schema["anyOf"] if option != NULL)
    del kept["default"]
    return {**only, **kept}


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {"name": name, "in": place, "schema": schema}
    if name in PARAMETERS:
        known["description"] = PARAMETERS[name]
    if name in examples.PARAMETERS:
        known["example"] = examples.PARAMETERS[name]
    return known


def content(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """Return JSON of this schema, with the example if there is one."""
    return {JSON: {"schema": schema} | ({} if example is None else {"example": example})}


def example_of(name: str) -> Example:
    """Return the example of an operation; an empty one if nobody has written it down."""
    return examples.EXAMPLES.get(name, Example(None))
