"""What a simulated phone remembers, and the file it survives a restart in."""

import base64
import json
import logging
import os
import secrets
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from service.emulators.pass_reader import OpenedPass, PassRefused, open_pass
from service.emulators.pass_rendering import NEWEST_IOS, render_pass

NOTES_KEPT = 200
REGISTERED = (HTTPStatus.OK, HTTPStatus.CREATED)

PassKey = tuple[str, str]
Note = dict[str, object]

log = logging.getLogger(__name__)


class PhoneNotFound(Exception):
    """There is no phone of that id, or no pass of that serial on it."""


@dataclass
class HeldPass:
    """One pass on the phone. `last_modified` is the server's word for it, given back verbatim."""

    opened: OpenedPass
    pkpass: bytes = field(repr=False)
    last_modified: str | None = None
    registration_status: int | None = None

    @property
    def key(self) -> PassKey:
        return self.opened.pass_type_id, self.opened.serial

    @property
    def is_registered(self) -> bool:
        return self.registration_status in REGISTERED


def _notes() -> deque[Note]:
    return deque(maxlen=NOTES_KEPT)


@dataclass(eq=False)
class Phone:
    """One phone. `busy` is held through a whole conversation with a server, `lock` only to
    change or read what is remembered."""

    language: str = "en"
    ios: int = NEWEST_IOS
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    device_library_identifier: str = field(default_factory=lambda: secrets.token_hex(16))
    push_token: str = field(default_factory=lambda: secrets.token_hex(32))
    passes: dict[PassKey, HeldPass] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    notifications: deque[Note] = field(default_factory=_notes)
    changes: deque[Note] = field(default_factory=_notes)
    refusals: deque[Note] = field(default_factory=_notes)
    log: deque[Note] = field(default_factory=_notes)
    busy: threading.Lock = field(default_factory=threading.Lock, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def hold(self, held: HeldPass) -> None:
        """Keep a pass; one of the same type and serial is replaced."""
        with self.lock:
            self.passes[held.key] = held

    def held(self) -> list[HeldPass]:
        """Return the passes now on the phone."""
        with self.lock:
            return list(self.passes.values())

    def note(self, notes: deque[Note], at: datetime, **what: object) -> None:
        """Append to one of the phone's lists; the oldest lines fall off."""
        with self.lock:
            notes.append({**what, "at": at.isoformat()})

    def introduce(self) -> dict[str, object]:
        """Return what identifies the phone."""
        return {
            "id": self.id,
            "push_token": self.push_token,
            "device_library_identifier": self.device_library_identifier,
            "language": self.language,
            "ios": self.ios,
        }

    def view(self) -> dict[str, object]:
        """Return everything the phone shows and remembers; no pass's token is in it."""
        with self.lock:
            passes, tags = list(self.passes.values()), dict(self.tags)
            lists = {name: list(getattr(self, name)) for name in _LISTS}
        return {
            **self.introduce(),
            "passes": [self.show(held) for held in passes],
            "tags": tags,
            **lists,
        }

    def show(self, held: HeldPass) -> dict[str, object]:
        """Return one pass as rendered, with how its updates stand."""
        return {
            **render_pass(held.opened, self.language, self.ios),
            "registered": held.is_registered,
            "registration_status": held.registration_status,
            "last_modified": held.last_modified,
        }


_LISTS = ("notifications", "changes", "refusals", "log")


class StateFile:
    """Keeps all phones in one JSON file; without a path it keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    def save(self, phones: Iterable[Phone]) -> None:
        """Write the phones atomically, readable by the owner only."""
        if self._path is None:
            return
        with self._lock:
            content = json.dumps({"phones": [_phone_to_json(phone) for phone in phones]})
            _replace(self._path, content)

    def load(self, root_pem: bytes) -> list[Phone]:
        """Return the saved phones; passes that `root_pem` no longer vouches for are left out."""
        if self._path is None or not self._path.exists():
            return []
        content = json.loads(self._path.read_text())
        return [_phone_from_json(each, root_pem) for each in content["phones"]]


def _replace(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp creates it with mode 0600.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _phone_to_json(phone: Phone) -> dict[str, object]:
    with phone.lock:
        return {
            **phone.introduce(),
            "passes": [_pass_to_json(held) for held in phone.passes.values()],
            "tags": dict(phone.tags),
            "notifications": list(phone.notifications),
            "changes": list(phone.changes),
        }


def _pass_to_json(held: HeldPass) -> dict[str, object]:
    return {
        "pkpass": base64.b64encode(held.pkpass).decode(),
        "last_modified": held.last_modified,
        "registration_status": held.registration_status,
    }


def _phone_from_json(saved: Mapping[str, object], root_pem: bytes) -> Phone:
    content: dict[str, Any] = dict(saved)
    passes = [_pass_from_json(each, root_pem) for each in content.pop("passes")]
    for name in ("notifications", "changes"):
        content[name] = deque(content[name], maxlen=NOTES_KEPT)
    return Phone(**content, passes={held.key: held for held in passes if held is not None})


def _pass_from_json(saved: Mapping[str, Any], root_pem: bytes) -> HeldPass | None:
    pkpass = base64.b64decode(saved["pkpass"])
    try:
        opened = open_pass(pkpass, root_pem)
    except PassRefused as refusal:
        log.warning("a saved pass is left out: %s", refusal)
        return None
    return HeldPass(opened, pkpass, saved["last_modified"], saved["registration_status"])
