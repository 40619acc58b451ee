"""No operation takes a parameter that it does not know, or reads a header that it does not name."""

import re
from uuid import uuid4

import pytest

from service.app import create_app  # declares the operations
from service.domain.errors import StaleCard
from service.http.contract import Operation, api
from service.http.examples import EXAMPLES
from tests.world import World

assert create_app


@pytest.mark.parametrize("operation", api.operations, ids=lambda operation: operation.name)
def test_every_operation_refuses_an_unknown_parameter(world: World, operation: Operation) -> None:
    path = re.sub(r"{\w+}", str(uuid4()), operation.path)

    answer = world.call(operation.method, f"{path}?foo=1", EXAMPLES[operation.name].body)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    assert [each["field"] for each in answer.json["errors"]] == ["foo"]


@pytest.mark.parametrize("operation", api.operations, ids=lambda operation: operation.name)
def test_if_match_is_read_only_where_it_has_a_meaning(world: World, operation: Operation) -> None:
    path = re.sub(r"{\w+}", str(uuid4()), operation.path)
    body = EXAMPLES[operation.name].body

    answer = world.call(operation.method, path, body, If_Match='"of-a-cache"')

    is_refused = answer.status_code == 400 and "If-Match" in answer.json["detail"]
    assert is_refused == (StaleCard in operation.problems)
