"""A part of a list that is read newest first, and where to go on from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Cut:
    """Which part is wanted: at most `limit` items older than `before`, or the newest ones."""

    limit: int
    before: UUID | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items of a list; `last` is the `before` of the next part, None if there is none."""

    items: list[T]
    last: UUID | None

    def mapped(self, each: Callable[[T], U]) -> "Page[U]":
        """Return the same part of the list with `each` applied to its items."""
        return Page([each(item) for item in self.items], self.last)
