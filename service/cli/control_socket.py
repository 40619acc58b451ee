"""Lets the tessera command reach the running service that holds the SQLite file.

One JSON line each way over a Unix socket that only this user can open.
"""

import json
import os
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.cli.administration import perform
from service.cli.results import Result
from service.context import Context
from service.domain.errors import InvalidInput, ServiceError, SetupError

TIMEOUT_S = 30
LONGEST_PATH = 107  # unix(7), sun_path
LONGEST_LINE = 1024 * 1024


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path, context: Context) -> None:
        self.context = context
        super().__init__(str(path), _Handler)


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    timeout = TIMEOUT_S

    def handle(self) -> None:
        asked = json.loads(self.rfile.readline(LONGEST_LINE))
        try:
            result = perform(self.server.context, asked["command"], asked["arguments"])
            answer: dict[str, Any] = {"result": result}
        except InvalidInput as error:
            answer = {"error": error.detail, "faults": error.faults}
        except ServiceError as error:
            answer = {"error": error.detail}
        self.wfile.write(json.dumps(answer).encode() + b"\n")


def socket_of(database: Path) -> Path:
    return database.with_name(database.name + ".sock")


@contextmanager
def listening(context: Context, database: Path) -> Iterator[None]:
    """Answer commands while the block runs; the caller holds the database's lock."""
    path = socket_of(database)
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise SetupError(f"The path {path} is too long for a socket: use a shorter folder.")
    path.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        server = _Server(path, context)
    finally:
        os.umask(mask)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="control-socket")
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        path.unlink(missing_ok=True)


def ask(database: Path, command: str, arguments: Mapping[str, Any]) -> Result:
    """Have the running service do it.

    Raises:
        InvalidInput: it refused what was given to it.
        SetupError: no service answers on this database's socket, or it refused.
    """
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT_S)
        try:
            client.connect(str(socket_of(database)))
        except OSError as error:
            raise SetupError(f"The process that uses {database} takes no commands.") from error
        request = {"command": command, "arguments": dict(arguments)}
        client.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(client.makefile("rb").readline(LONGEST_LINE))
    if "faults" in answer:
        raise InvalidInput(answer["error"], [tuple(fault) for fault in answer["faults"]])
    if "error" in answer:
        raise SetupError(answer["error"])
    result: Result = answer["result"]
    return result
