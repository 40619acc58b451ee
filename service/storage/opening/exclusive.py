"""One process at a time on a SQLite file, and never on a network file system."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.domain.errors import SetupError

WAIT_S = 5.0
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph"}


class DatabaseInUse(SetupError):
    """Another process holds the database."""


@contextmanager
def held(database: Path, wait_s: float = WAIT_S) -> Iterator[None]:
    """Keep other processes off the database for as long as the block runs.

    Raises:
        DatabaseInUse: another process still has it after `wait_s`.
        SetupError: the file lies on a network file system, where SQLite's WAL cannot work.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    _refuse_network(database.parent)
    with open(f"{database}.lock", "a+", encoding="ascii") as lock:
        os.chmod(lock.name, 0o600)
        _take(lock.fileno(), database, wait_s)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _take(handle: int, database: Path, wait_s: float) -> None:
    end = time.monotonic() + wait_s
    while not _is_free(handle):
        if time.monotonic() >= end:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace") or "unknown"
            raise DatabaseInUse(
                f"Another Tessera process (pid {holder}) uses {database}. Stop it first, or "
                "use PostgreSQL (TESSERA_DATABASE_URL) to run several."
            )
        time.sleep(0.05)


def _is_free(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refuse_network(folder: Path) -> None:
    kind = file_system(folder, Path("/proc/mounts"))
    if kind in NETWORK_FILE_SYSTEMS:
        raise SetupError(
            f"{folder} is on a network file system ({kind}), where SQLite can lose data. Use a "
            "local disk, or PostgreSQL (TESSERA_DATABASE_URL)."
        )


def file_system(folder: Path, mounts: Path) -> str | None:
    """Return the type of the file system that holds `folder`; None where that cannot be told."""
    if not mounts.exists():
        return None
    here = str(folder.resolve())
    best, kind = "", None
    for line in mounts.read_text().splitlines():
        point, found = line.split()[1:3]
        point = point.replace("\\040", " ")  # how the kernel writes a space (proc(5))
        inside = here == point or here.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, found
    return kind
