"""One process at a time on a SQLite file; network file systems are refused."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.domain.errors import SetupError
from service.storage.opening import exclusive

HOLD = """
import sys
from pathlib import Path
from service.storage.opening.exclusive import held

with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(database: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the database until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_second_process_is_refused_and_told_who_has_the_database(tmp_path: Path) -> None:
    database = tmp_path / "tessera.db"

    with (
        another_process(database) as holder,
        pytest.raises(exclusive.DatabaseInUse) as refused,
        exclusive.held(database, wait_s=0),
    ):
        raise AssertionError("both hold it")

    assert f"pid {holder.pid}" in refused.value.detail
    assert "TESSERA_DATABASE_URL" in refused.value.detail


def test_the_database_is_free_when_its_holder_is_killed(tmp_path: Path) -> None:
    database = tmp_path / "tessera.db"
    with another_process(database) as holder:
        holder.kill()
        holder.wait()

    with exclusive.held(database, wait_s=0):
        written = Path(f"{database}.lock").read_text()

    assert written == str(os.getpid())


def test_the_database_is_awaited_while_its_holder_ends(tmp_path: Path) -> None:
    database = tmp_path / "tessera.db"

    with another_process(database) as holder:
        assert holder.stdin is not None
        holder.stdin.close()
        with exclusive.held(database, wait_s=10):
            written = Path(f"{database}.lock").read_text()

    assert written == str(os.getpid())


def test_two_databases_do_not_disturb_each_other(tmp_path: Path) -> None:
    with exclusive.held(tmp_path / "one.db", wait_s=0), exclusive.held(tmp_path / "two.db"):
        names = {file.name for file in tmp_path.iterdir()}

    assert names == {"one.db.lock", "two.db.lock"}


def mounts(folder: Path, *lines: str) -> Path:
    file = folder / "mounts"
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p", "ext4"])
def test_the_file_system_of_the_nearest_mount_is_told(tmp_path: Path, kind: str) -> None:
    here = str(tmp_path.resolve())
    file = mounts(
        tmp_path,
        "/dev/sda1 / xfs rw 0 0",
        f"server:/x {here} {kind} rw 0 0",
        f"/dev/sdb1 {here}-other ext3 rw 0 0",
    )

    (tmp_path / "var").mkdir()

    assert exclusive.file_system(tmp_path / "var", file) == kind


def test_the_last_of_two_mounts_on_one_point_counts(tmp_path: Path) -> None:
    file = mounts(tmp_path, "overlay / overlay rw 0 0", "server:/x / nfs rw 0 0")

    assert exclusive.file_system(tmp_path, file) == "nfs"


def test_a_mount_point_with_a_space_is_recognized(tmp_path: Path) -> None:
    folder = tmp_path / "my share"
    folder.mkdir()
    escaped = str(folder.resolve()).replace(" ", "\\040")
    file = mounts(tmp_path, "/dev/sda1 / xfs rw 0 0", f"server:/x {escaped} nfs rw 0 0")

    assert exclusive.file_system(folder, file) == "nfs"


def test_where_mounts_cannot_be_read_nothing_is_claimed(tmp_path: Path) -> None:
    assert exclusive.file_system(tmp_path, tmp_path / "none") is None


def test_a_database_on_a_network_file_system_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = exclusive.file_system(tmp_path, Path("/proc/mounts"))
    monkeypatch.setattr(exclusive, "NETWORK_FILE_SYSTEMS", {kind})

    with pytest.raises(SetupError, match="network file system"), exclusive.held(tmp_path / "x.db"):
        raise AssertionError("it was taken")
