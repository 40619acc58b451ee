"""What commands return: one thing as names with values, or several of them."""

from collections.abc import Callable
from typing import Any

Result = dict[str, Any] | list[dict[str, Any]]
Command = Callable[..., Result]
