"""Reads the lists of the API part by part, and counts what that costs the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from tests.world import World


def part(world: World, path: str, **asked: Any) -> dict[str, Any]:
    """Return one part of a list."""
    answer = world.client.get(
        path, query_string=asked, headers={"Authorization": f"Bearer {world.brand.api_key}"}
    )
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json
    return shown


def parts(world: World, path: str, **asked: Any) -> Iterator[dict[str, Any]]:
    """Yield the parts of a list, each read when it is wanted, to the end."""
    cursor = {}
    while True:
        shown = part(world, path, **asked, **cursor)
        yield shown
        if shown["next_cursor"] is None:
            return
        cursor = {"cursor": shown["next_cursor"]}


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collect the statements that any database is sent meanwhile."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)
