"""What every command of `tessera` has in common: who does it, how the result is shown."""

import json
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from service.cli import administration, control_socket
from service.cli.run import database_file, database_held
from service.settings import load
from service.storage.opening.exclusive import DatabaseInUse
from service.wiring import opened

ASK_AFTER_S = 0.2  # a service that holds the database is asked to do it

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
brand_option = click.option("--brand", required=True, help="Name of the brand.")


def perform(command: str, arguments: dict[str, Any], as_json: bool) -> None:
    """Do it on the database, or in the running service that holds it, and show the result."""
    result = done(command, arguments)
    show: Callable[[Any], None] = show_json if as_json else _show
    show(result)


def done(command: str, arguments: dict[str, Any]) -> Any:
    """Do it on the database, or in the running service that holds it, and return the result."""
    settings = load()
    try:
        with database_held(settings, wait_s=ASK_AFTER_S), opened(settings) as system:
            return administration.perform(system.context, command, arguments)
    except DatabaseInUse:
        return control_socket.ask(database_file(settings), command, arguments)


def show_json(result: Any) -> None:
    click.echo(json.dumps(result, indent=2))


def _show(result: Any) -> None:
    rows = result if isinstance(result, list) else [result]
    if isinstance(result, dict):
        show_names(result)
        return
    table = Table(*(rows[0] if rows else ["nothing yet"]))
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


def show_names(result: dict[str, Any]) -> None:
    """Show one thing: a line per name, those without a value left out."""
    for name, value in result.items():
        if value not in (None, []):
            shown = ", ".join(value) if isinstance(value, list) else value
            click.echo(f"{name + ':':14} {shown}")
