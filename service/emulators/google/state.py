"""The file in which the Google emulator survives a restart: one row a thing, each write whole."""

import json
import os
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path

TABLE = "CREATE TABLE IF NOT EXISTS kept (kind TEXT, id TEXT, content TEXT, PRIMARY KEY (kind, id))"
PUT = "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET content = excluded.content"


class StateDatabase:
    """Keeps JSON objects by kind and id; without a path it keeps nothing.

    Every change is one SQLite transaction: with a hundred thousand cards, rewriting a whole file
    for each new balance would be the bottleneck.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def load(self, kind: str) -> dict[str, dict[str, object]]:
        """Return everything kept of a kind, by id, oldest first."""
        with self._lock:
            connection = self._open()
            if connection is None:
                return {}
            rows = connection.execute(
                "SELECT id, content FROM kept WHERE kind = ? ORDER BY rowid", (kind,)
            ).fetchall()
        return {str(name): json.loads(content) for name, content in rows}

    def put(self, kind: str, name: str, content: Mapping[str, object]) -> None:
        """Keep a thing in place of what was kept of that kind and id."""
        with self._lock:
            connection = self._open()
            if connection is not None:
                with connection:
                    connection.execute(PUT, (kind, name, json.dumps(content)))

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> sqlite3.Connection | None:
        if self._path is None or self._connection is not None:
            return self._connection
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite gives its journal the mode of the file itself: for the owner alone.
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path.chmod(0o600)
        self._connection = sqlite3.connect(self._path, check_same_thread=False)
        # Enough against the end of the process; only a power cut could lose the last moment.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(TABLE)
        return self._connection
