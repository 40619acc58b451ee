"""Calls the WSGI application directly: web server and network are left out."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from service.app import create_app
from service.context import Context
from service.settings import Settings
from service.wiring import migrate, opened


@dataclass(frozen=True)
class Answer:
    status: str
    headers: Headers
    body: bytes


@contextmanager
def served() -> Iterator[tuple[Flask, Context]]:
    """Yield an application on a fresh SQLite file, with synchronous=FULL."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        settings = Settings(database_url=url, master_key_file=Path(folder, "key"))
        migrate(settings)
        with opened(settings) as system:
            yield create_app(system.context), system.context


def call(app: Flask, method: str, path: str, body: object = None, headers: Any = None) -> Answer:
    """Return the answer, whatever its status."""
    data = None if body is None else json.dumps(body)
    request = EnvironBuilder(
        path, method=method, data=data, headers=headers, content_type="application/json"
    )
    parts, status, sent = run_wsgi_app(app, request.get_environ(), buffered=True)
    return Answer(status, sent, b"".join(parts))
