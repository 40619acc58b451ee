"""How a phone keeps its passes true: register, ask what changed, fetch, verify, replace, tell."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from service.emulators.control import Clock
from service.emulators.pass_content import is_loopback
from service.emulators.pass_reader import OpenedPass, open_pass
from service.emulators.pass_refused import PassRefused
from service.emulators.pass_rendering import (
    changed_fields,
    face_of,
    notification,
    render_fields,
)
from service.emulators.phone_requests import PhoneRequests, Response, ServerUnavailable
from service.emulators.phone_state import HeldPass, Phone

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """One place updates come from, for one type of pass."""

    url: str
    pass_type_id: str

    @property
    def tag_key(self) -> str:
        return f"{self.url} {self.pass_type_id}"


@dataclass(frozen=True)
class Listed:
    """The answer to "what changed?"."""

    serials: list[str]
    tag: str


class PhoneUpdates:
    """Carries out one phone's conversations with the servers of its passes.

    `saved` is called after each change of what a phone remembers.
    """

    def __init__(
        self, requests: PhoneRequests, root_pem: bytes, now: Clock, saved: Callable[[], None]
    ) -> None:
        self._requests = requests
        self._root_pem = root_pem
        self._now = now
        self._saved = saved
        self._warned: set[str] = set()
        self._warned_lock = threading.Lock()

    def add(self, phone: Phone, pkpass: bytes) -> HeldPass:
        """Put a pass on the phone and register it.

        The pass is kept even if its server cannot be reached; the next poll registers it.

        Raises:
            PassRefused: the pass is not accepted.
        """
        held = HeldPass(open_pass(pkpass, self._root_pem), pkpass)
        self._warn_if_plain(held.opened)
        with phone.busy:
            phone.hold(held)
            self._saved()
            self._try_to_register(phone, held)
            return phone.passes[held.key]

    def delete(self, phone: Phone, serial: str) -> int:
        """Remove the passes of a serial and unregister them; returns how many there were."""
        with phone.busy:
            removed = [held for held in phone.held() if held.opened.serial == serial]
            for held in removed:
                with phone.lock:
                    del phone.passes[held.key]
                self._saved()
                if held.opened.web_service_url is not None:
                    self._try_to_unregister(phone, held)
            return len(removed)

    def poll(self, phone: Phone, pass_type_id: str | None = None) -> list[str]:
        """Bring the phone's passes up to date; returns the serials that were replaced.

        `pass_type_id` limits it to one type, as a push does.

        Raises:
            ServerUnavailable: a server is out of order; what came before it is kept.
        """
        with phone.busy:
            replaced: list[str] = []
            for service in _services(phone):
                if pass_type_id in (None, service.pass_type_id):
                    self._register_missing(phone, service)
                    replaced += self._update(phone, service)
            return replaced

    def refresh(self, phone: Phone, serial: str) -> list[str]:
        """Fetch the passes of one serial without asking what changed: pull to refresh.

        Raises:
            ServerUnavailable: a server is out of order.
        """
        with phone.busy:
            return [
                serial
                for held in phone.held()
                if held.opened.serial == serial and held.opened.web_service_url is not None
                if self._refresh(phone, held).is_replaced
            ]

    def _try_to_register(self, phone: Phone, held: HeldPass) -> None:
        if held.opened.web_service_url is None:
            return
        try:
            status = self._requests.register(phone, held)
        except ServerUnavailable:
            return
        phone.hold(replace(held, registration_status=status))
        self._saved()

    def _try_to_unregister(self, phone: Phone, held: HeldPass) -> None:
        try:
            self._requests.unregister(phone, held)
        except ServerUnavailable:
            log.info("the server did not hear that pass %s was deleted", held.opened.serial)

    def _register_missing(self, phone: Phone, service: Service) -> None:
        for held in phone.held():
            is_refused = held.registration_status == HTTPStatus.UNAUTHORIZED
            if _service(held) == service and not held.is_registered and not is_refused:
                self._try_to_register(phone, held)

    def _update(self, phone: Phone, service: Service) -> list[str]:
        tag = phone.tags.get(service.tag_key)
        response = self._requests.list_updated(phone, service.url, service.pass_type_id, tag)
        listed = self._read_list(phone, service, response)
        if listed is None:
            return []
        if listed.serials and listed.tag == tag:
            detail = (
                f"Response to 'What changed?' request included {len(listed.serials)} serial "
                f"numbers but the lastUpdated tag ({tag}) remained the same."
            )
            self._requests.complain(phone, service.url, detail)
        keys = [(service.pass_type_id, serial) for serial in listed.serials]
        outcomes = [
            self._refresh(phone, phone.passes[key], asked_by_server=True)
            for key in keys
            if key in phone.passes
        ]
        # Kept only now: had a fetch failed, the next list must name its pass again.
        if all(outcome.is_ok for outcome in outcomes):
            with phone.lock:
                phone.tags[service.tag_key] = listed.tag
            self._saved()
        return [outcome.serial for outcome in outcomes if outcome.is_replaced]

    def _read_list(self, phone: Phone, service: Service, response: Response) -> Listed | None:
        if response.status == HTTPStatus.NO_CONTENT:
            return None
        listed = _listed(response.body) if response.is_ok else None
        if listed is None:
            fault = "Malformed response" if response.is_ok else "Unexpected response code"
            detail = (
                f"Get serial #s task (for device {phone.device_library_identifier}, pass type "
                f"{service.pass_type_id}) encountered error: {fault} {response.status}"
            )
            self._requests.complain(phone, service.url, detail)
        return listed

    def _refresh(
        self, phone: Phone, held: HeldPass, *, asked_by_server: bool = False
    ) -> "_Outcome":
        response = self._requests.fetch(phone, held)
        serial = held.opened.serial
        if response.status == HTTPStatus.NOT_MODIFIED:
            return _Outcome(serial, is_ok=True)
        if not response.is_ok:
            self._complain(phone, held, f"Unexpected response code {response.status}")
            return _Outcome(serial, is_ok=False)
        try:
            opened = self._open_update(held, response.body)
        except PassRefused as refusal:
            self._refuse(phone, held, refusal)
            return _Outcome(serial, is_ok=False)
        if opened.same_content(held.opened) and asked_by_server:
            detail = f"Server requested update to serial number '{serial}', but the pass was"
            self._requests.complain(phone, str(held.opened.web_service_url), f"{detail} unchanged.")
        self._replace(phone, held, opened, response)
        return _Outcome(serial, is_ok=True, is_replaced=not opened.same_content(held.opened))

    def _open_update(self, held: HeldPass, pkpass: bytes) -> OpenedPass:
        opened = open_pass(pkpass, self._root_pem)
        if (opened.pass_type_id, opened.serial) != held.key:
            raise PassRefused("different_pass", "the server sent a pass of another type or serial")
        return opened

    def _refuse(self, phone: Phone, held: HeldPass, refusal: PassRefused) -> None:
        serial = held.opened.serial
        what = {"serial": serial, "code": refusal.code, "detail": str(refusal)}
        phone.note(phone.refusals, self._now(), **what)
        self._complain(phone, held, f"{refusal} ({refusal.code})")

    def _complain(self, phone: Phone, held: HeldPass, fault: str) -> None:
        pass_type_id, serial = held.key
        task = f"Get pass task (pass type {pass_type_id}, serial number {serial})"
        url = str(held.opened.web_service_url)
        self._requests.complain(phone, url, f"{task} encountered error: {fault}")

    def _replace(
        self, phone: Phone, held: HeldPass, opened: OpenedPass, response: Response
    ) -> None:
        last_modified = response.headers.get("Last-Modified")
        phone.hold(replace(held, opened=opened, pkpass=response.body, last_modified=last_modified))
        self._announce(phone, held.opened, opened)
        self._saved()

    def _announce(self, phone: Phone, old: OpenedPass, new: OpenedPass) -> None:
        before = render_fields(old, phone.language, phone.ios)
        changed = changed_fields(before, render_fields(new, phone.language, phone.ios))
        if changed:
            fields = {
                key: {"old": before[key].value if key in before else None, "new": field.value}
                for key, field in changed.items()
            }
            phone.note(phone.changes, self._now(), serial=new.serial, fields=fields)
        text = notification(face_of(new, phone.ios), changed)
        if text is not None:
            phone.note(phone.notifications, self._now(), serial=new.serial, text=text)

    def _warn_if_plain(self, opened: OpenedPass) -> None:
        url = opened.web_service_url
        if url is None or url.startswith("https:") or not is_loopback(url):
            return
        host = urlsplit(url).netloc
        with self._warned_lock:
            is_new = host not in self._warned
            self._warned.add(host)
        if is_new:
            log.warning("%s is plain http: fine on this machine, a real phone needs https", url)


@dataclass(frozen=True)
class _Outcome:
    serial: str
    is_ok: bool
    is_replaced: bool = False


def _services(phone: Phone) -> list[Service]:
    found = [_service(held) for held in phone.held()]
    return list(dict.fromkeys(service for service in found if service is not None))


def _service(held: HeldPass) -> Service | None:
    url = held.opened.web_service_url
    return Service(url, held.opened.pass_type_id) if url is not None else None


def _listed(body: bytes) -> Listed | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    serials, tag = content.get("serialNumbers"), content.get("lastUpdated")
    if not isinstance(serials, list) or not isinstance(tag, str):
        return None
    return Listed(serials, tag) if all(isinstance(each, str) for each in serials) else None
