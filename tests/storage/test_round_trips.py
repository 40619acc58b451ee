"""A points event is two statements on PostgreSQL: lock and load, then write everything."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from service.domain.accounts import Operator
from service.operations import points
from service.operations.points import PointsEvent
from tests.world import World


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Collect what is sent to the database during the block."""
    sent: list[str] = []

    def remember(connection: object, cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(world.context.database.engine, "before_cursor_execute", remember)
    yield sent
    event.remove(world.context.database.engine, "before_cursor_execute", remember)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_points_event_takes_two_statements(world: World) -> None:
    card = world.card()
    world.client.get(card["links"]["apple"].removeprefix(world.context.settings.base_url))
    points_event = PointsEvent("e-1", b"body", Operator.ADD, 5, card_number=card["number"])

    with statements(world) as sent:
        result = points.record(world.context, world.brand.actor, "api", points_event)

    assert result.outcome == "applied"
    assert len(sent) == 2
    assert "FOR UPDATE" in sent[0]
    assert "INSERT INTO events" in sent[0]
    for table in ("balances", "deliveries", "passes"):
        assert f"UPDATE {table}" in sent[1]
    assert "INSERT INTO entries" in sent[1]
