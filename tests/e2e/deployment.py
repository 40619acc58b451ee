"""Tessera as an operator runs it: real processes, set up by the tessera command."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from standardwebhooks import Webhook

from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority
from service.emulators.google.emulator import GoogleEmulator
from service.emulators.phone import PhoneEmulator
from service.wiring import utc_now
from tests.google import ISSUER, check_bodies, key_file

PASS_TYPE = "pass.com.example.e2e"
TEAM = "E2ETEAM001"
TESSERA = (sys.executable, "-m", "service")
REPOSITORY = Path(__file__).parent.parent.parent
READY_S = 90
FOLLOW_S = 40


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(holds: Callable[[], object], within_s: float = FOLLOW_S) -> None:
    """Wait for a condition; AssertionError if it does not come to hold."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come to hold in time"
        time.sleep(0.02)


@dataclass(frozen=True)
class Access:
    """What the set-up of a brand gives to its callers."""

    api_key: str
    source_id: str
    source_secret: str
    program: str


NOBODY = Access("", "", "", "")


@dataclass
class Deployment:
    """One installation with its emulators. `commands` are the processes that make it up."""

    folder: Path
    database_url: str
    commands: tuple[tuple[str, ...], ...]
    authority: Authority
    access: Access = NOBODY
    base_url: str = ""
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.phones = PhoneEmulator(self.authority.root_pem, tls_ca_path=self._ca_file())
        self.apns = ApnsEmulator(self.authority, wake=self.phones.wake)
        self.google = GoogleEmulator(self.authority)
        self.phones.start()
        self.apns.start()
        self.google.start()
        self.base_url = self.base_url or f"http://127.0.0.1:{self.port}"
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {self.access.api_key}"

    def _ca_file(self) -> Path:
        file = self.folder / "ca.pem"
        file.write_bytes(self.authority.root_pem)
        return file

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TESSERA_")}
        return kept | {
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONWARNINGS": "default",
            "TESSERA_DATABASE_URL": self.database_url,
            "TESSERA_MASTER_KEY_FILE": str(self.folder / "master.key"),
            "TESSERA_BASE_URL": self.base_url,
            "TESSERA_PORT": str(self.port),
            "TESSERA_APNS_URL": self.apns.push_url,
            "TESSERA_APNS_CA_FILE": str(self.folder / "ca.pem"),
            "TESSERA_GOOGLE_API_URL": self.google.api_url,
            "TESSERA_GOOGLE_TOKEN_URL": self.google.token_url,
            "TESSERA_GOOGLE_SAVE_URL": self.google.save_url,
            "TESSERA_GOOGLE_CA_FILE": str(self.folder / "ca.pem"),
        }

    def tessera(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*TESSERA, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def shown(self, *arguments: str) -> dict[str, Any]:
        """Run a command with --json and return what it shows."""
        done = self.tessera(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        shown: dict[str, Any] = json.loads(done.stdout)
        return shown

    def set_up(self) -> Access:
        """Make a brand, its certificate, a program, a source and a key, as the README says."""
        assert self.tessera("migrate").returncode == 0
        self.shown("brands", "create", "Shop", "--mode", "test")
        issued = self.authority.pass_certificate(PASS_TYPE, TEAM, now=utc_now())
        for name, pem in (
            ("pass.pem", issued.certificate_pem),
            ("pass.key", issued.key_pem),
            ("wwdr.pem", self.authority.wwdr_pem),
        ):
            (self.folder / name).write_bytes(pem)
        files = ("--certificate", "pass.pem", "--key", "pass.key", "--wwdr", "wwdr.pem")
        self.shown("certs", "import", "--brand", "Shop", *files)
        program = self.shown("programs", "create", "--brand", "Shop", "--kind", "points")
        source = self.shown("sources", "create", "--brand", "Shop", "--name", "till")
        made = self.shown("keys", "create", "--brand", "Shop", "--name", "e2e", "--all-scopes")
        return Access(made["api_key"], source["id"], source["secret"], program["id"])

    def connect_google(self) -> None:
        """Give the brand a service account, as an operator does."""
        (self.folder / "google.json").write_bytes(key_file(self.google))
        account = ("--issuer", ISSUER, "--key-file", "google.json")
        shown = self.shown("google", "import", "--brand", "Shop", *account)
        assert shown["issuer"] == ISSUER

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            for command in self.commands:
                process = subprocess.Popen(
                    [*TESSERA, *command],
                    cwd=self.folder,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                self.processes.append(process)
        until(self._is_ready, READY_S)

    def _is_ready(self) -> bool:
        for process in self.processes:
            assert process.poll() is None, (self.folder / "log").read_text()
        try:
            answer = requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=1)
        except requests.ConnectionError:
            return False
        return answer.status_code == 200

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Signal every process, and wait for all of them to end."""
        for process in self.processes:
            if number is signal.SIGKILL:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        for process in self.processes:
            process.wait(30)
        self.processes.clear()

    def close(self) -> None:
        self.stop(signal.SIGKILL)
        check_bodies(self.google)
        self.google.stop()
        self.apns.stop()
        self.phones.stop()
        self.session.close()

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = self.session.request(
            method, f"http://127.0.0.1:{self.port}{path}", json=body, timeout=20
        )
        assert answer.ok, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def card(self, member: str, points: int) -> dict[str, Any]:
        path = f"/v1/programs/{self.access.program}/members/{member}"
        return self.call("PUT", path, {"member": {"name": "Ada"}, "balances": {"points": points}})

    def webhook(self, event_id: str, data: dict[str, Any]) -> dict[str, Any]:
        """Send a signed points event and return what is answered."""
        body = json.dumps({"type": "points.changed", "data": data})
        now = datetime.now(UTC)
        signature = Webhook(self.access.source_secret).sign(event_id, now, body)
        headers = {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        url = f"http://127.0.0.1:{self.port}/in/{self.access.source_id}"
        answer = requests.post(url, data=body, headers=headers, timeout=20)
        assert answer.ok, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def new_phone(self, card: dict[str, Any]) -> str:
        """Return a phone that has added the card."""
        phone = self.phones.create_phone()
        self.phones.add_from_url(phone.id, card["links"]["apple"])
        return phone.id

    def save_to_google(self, card: dict[str, Any]) -> str:
        """Open the card's Google link on a phone, save the card and return its object's id."""
        view: Any = self.google.save(card["links"]["google"])
        object_id: str = view["object"]["id"]
        return object_id

    def in_google(self, object_id: str) -> dict[str, Any]:
        """Return the card as Google Wallet shows it."""
        shown: Any = self.google.card(object_id)
        found: dict[str, Any] = shown
        return found

    def pass_on(self, phone_id: str) -> dict[str, Any]:
        view: Any = self.phones.view(phone_id)
        only: dict[str, Any] = view["passes"][0]
        return only

    def points_on(self, phone_id: str) -> str:
        shown: str = self.pass_on(phone_id)["fields"]["points"]["value"]
        return shown
