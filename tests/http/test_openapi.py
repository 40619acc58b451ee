"""The contract: a valid OpenAPI document that says what the service does."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.datastructures import MultiDict

from service.app import create_app  # declares the operations that are listed below
from service.domain.errors import ServiceError
from service.http import json_body
from service.http.contract import Operation, api
from service.http.examples import EXAMPLES
from service.http.models import PointsIn
from service.http.openapi import document
from service.http.problems import status_of
from service.http.query import read_query
from service.http.wording import FIELDS, PARAMETERS, TAGS
from service.operations.access import SCOPES
from tests.world import World

assert create_app
SITE = "https://cards.example.com"
DOCUMENT: dict[str, Any] = document(SITE)


def errors(of: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    yield of
    for each in of.__subclasses__():
        yield from errors(each)


CODES = {error.code: status_of(error) for error in errors()}


def described() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_the_document_is_valid_openapi_3_1() -> None:
    faults = list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors())

    assert faults == []
    assert DOCUMENT["openapi"].startswith("3.1")


@pytest.mark.parametrize("operation", api.operations, ids=lambda operation: operation.name)
def test_every_operation_is_described_with_its_scope_and_answers(operation: Any) -> None:
    shown = DOCUMENT["paths"][operation.path][operation.method.lower()]

    assert shown["summary"]
    assert operation.scope in shown["description"]
    assert operation.scope in SCOPES
    assert {str(status) for status in operation.answers} <= shown["responses"].keys()
    assert ("requestBody" in shown) == bool(operation.body or operation.upload)
    in_path = {each["name"] for each in shown["parameters"] if each["in"] == "path"}
    assert in_path == set(re.findall(r"{(\w+)}", operation.path))


def test_every_problem_code_in_the_document_is_in_the_tree_of_errors() -> None:
    for method, path, operation in described():
        for status, answer in operation["responses"].items():
            if "application/problem+json" not in answer["content"]:
                continue
            listed = re.fullmatch(r"Problem with code (.+)\.", answer["description"])
            assert listed is not None
            for code in listed[1].split(" or "):
                assert CODES[code] == int(status), (method, path, code)


def codes_of(operation: dict[str, Any]) -> set[str]:
    return {
        code for answer in operation["responses"].values() for code in answer.get("x-codes", ())
    }


def test_every_operation_lists_what_any_call_may_be_answered() -> None:
    anywhere = {"body_too_large", "storage_busy", "unavailable", "internal_error", "unauthorized"}
    with_key = {"invalid_input", "scope_missing"}

    for method, path, operation in described():
        expected = anywhere if path == "/in/{source_id}" else anywhere | with_key
        assert expected <= codes_of(operation), (method, path)


def test_error_codes_are_written_one_way_and_mean_one_status() -> None:
    statuses = {(error.code, status_of(error)) for error in errors()}

    assert len({code for code, _ in statuses}) == len(statuses)
    assert all(re.fullmatch(r"[a-z][a-z_]*", code) for code, _ in statuses)


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in described()]

    assert len(names) == len(set(names))


def test_a_body_refuses_fields_that_are_not_described() -> None:
    for operation in api.operations:
        if operation.body is not None:
            schema = DOCUMENT["components"]["schemas"][operation.body.__name__]
            assert schema["additionalProperties"] is False, operation.body


def test_the_document_is_served_to_anybody(world: World) -> None:
    settings = world.context.settings.model_copy(update={"base_url": "https://example.com/cards"})
    app = create_app(replace(world.context, settings=settings))

    answer = app.test_client().get("/openapi.json")

    assert answer.status_code == 200
    assert answer.json == document("https://example.com/cards")
    assert answer.json["servers"] == [{"url": "https://example.com/cards"}]


def faults(schema: dict[str, Any], example: Any) -> list[str]:
    """Return what a validator of JSON Schema finds wrong with an example."""
    whole = {**schema, "components": DOCUMENT["components"]}
    checker = Draft202012Validator.FORMAT_CHECKER
    found = Draft202012Validator(whole, format_checker=checker).iter_errors(example)
    return [f"{error.json_path}: {error.message}" for error in found]


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield every example of the document with the schema that it stands beside."""
    for method, path, operation in described():
        bodies = [*operation["responses"].values(), operation.get("requestBody", {})]
        contents = [part for body in bodies for part in body.get("content", {}).values()]
        for each in [*contents, *operation["parameters"]]:
            if "example" in each:
                yield f"{method} {path} {each.get('name', '')}", each["schema"], each["example"]


def test_every_example_fits_its_published_schema() -> None:
    found = {where: faults(schema, example) for where, schema, example in examples()}

    assert {where: wrong for where, wrong in found.items() if wrong} == {}
    assert len(found) >= len(api.operations)


def test_the_validator_sees_what_is_wrong() -> None:
    schema = DOCUMENT["paths"]["/v1/points"]["post"]["requestBody"]["content"]
    event = {"card_number": "9006921696610379", "add": 30}
    wrong: list[Any] = [event, {**event, "event_id": "e-1", "card_id": "no id"}]

    assert all(faults(schema["application/json"]["schema"], each) for each in wrong)


def test_a_webhooks_event_needs_no_id_but_is_else_that_of_the_api() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    of_webhook, of_api = schemas["WebhookPointsIn"], schemas["PointsIn"]

    assert of_api["required"] == ["event_id"]
    assert "required" not in of_webhook
    assert of_webhook["properties"] == of_api["properties"]
    assert of_webhook["additionalProperties"] is False


@pytest.mark.parametrize("operation", api.operations, ids=lambda operation: operation.name)
def test_every_operation_has_an_example_that_fits_it(operation: Operation) -> None:
    example = EXAMPLES[operation.name]

    if operation.body is not None:
        json_body.validated(operation.body, example.body)
    read_query(operation.query, MultiDict(parse_qsl(example.query)))
    for model in operation.answers.values():
        read = model.model_validate(example.answer)
        assert read.model_dump(mode="json", exclude_unset=True) == example.answer


def test_the_example_of_the_webhook_fits_it() -> None:
    sent = EXAMPLES["receive_event"].body

    json_body.validated(PointsIn, {"event_id": "msg-1", **sent["data"]})


def test_no_example_is_of_an_operation_that_is_gone() -> None:
    names = {operation["operationId"] for _, _, operation in described()}

    assert names == EXAMPLES.keys()


def properties() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for model, schema in DOCUMENT["components"]["schemas"].items():
        for name, part in schema.get("properties", {}).items():
            yield model, name, part


def test_every_field_and_parameter_says_what_it_means() -> None:
    silent = [f"{model}.{name}" for model, name, part in properties() if "description" not in part]
    for method, path, operation in described():
        for each in operation["parameters"]:
            silent += [] if "description" in each else [f"{method} {path} {each['name']}"]

    assert silent == []


def test_nothing_is_explained_that_is_not_there() -> None:
    fields = {key for model, name, _ in properties() for key in (f"{model}.{name}", name)}
    parameters = {p["name"] for _, _, each in described() for p in each["parameters"]}

    assert FIELDS.keys() <= fields
    assert PARAMETERS.keys() <= parameters
    assert all(any(path.startswith(start) for path in DOCUMENT["paths"]) for start in TAGS)


def test_every_error_says_what_it_means() -> None:
    for _, _, operation in described():
        for answer in operation["responses"].values():
            assert all(answer.get("x-codes", {"": "-"}).values())


def test_query_parameters_are_described_as_they_are_read() -> None:
    shown = {p["name"]: p for p in DOCUMENT["paths"]["/v1/cards"]["get"]["parameters"]}

    assert {p["in"] for p in shown.values()} == {"query"}
    assert shown["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 50,
    }
    assert "active" in shown["status"]["schema"]["enum"]
    assert shown["program"]["schema"] == {"type": "string", "format": "uuid"}
    assert not any(p.get("required") for p in shown.values())


def test_an_act_may_be_tied_to_a_version() -> None:
    act = DOCUMENT["paths"]["/v1/cards/{card_id}/block"]["post"]

    assert "If-Match" in {each["name"] for each in act["parameters"]}
