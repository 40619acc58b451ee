"""The requests a phone makes: Apple's web service protocol, and the download of a pass.

Source: docs/sources.md, a-4. Every answer is noted in the phone's log; secrets are not.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import requests

from service.emulators.control import Clock
from service.emulators.pass_reader import LARGEST_PASS_BYTES
from service.emulators.pass_refused import PassRefused
from service.emulators.phone_state import HeldPass, Phone

TIMEOUT_S = (3.05, 10.0)
CHUNK_BYTES = 65536
PKPASS_MEDIA_TYPE = "application/vnd.apple.pkpass"
USER_AGENT = "Tessera phone emulator"


class ServerUnavailable(Exception):
    """The server could not be reached or said it is out of order: worth another try."""


@dataclass(frozen=True)
class Response:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        return self.status == HTTPStatus.OK

    @property
    def is_out_of_order(self) -> bool:
        is_server_fault = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return is_server_fault or self.status == HTTPStatus.TOO_MANY_REQUESTS


class PhoneRequests:
    """Sends a phone's requests over kept-alive connections; one session per thread."""

    def __init__(self, now: Clock, tls_ca_path: Path | None) -> None:
        self._now = now
        self._tls_ca_path = tls_ca_path
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[requests.Session] = []

    def close(self) -> None:
        """Close every connection; a later request opens new ones."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
            self._local = threading.local()
        for session in sessions:
            session.close()

    def register(self, phone: Phone, held: HeldPass) -> int:
        """Ask for updates of a pass; returns the status."""
        url, headers = _registration_url(phone, held), _authorization(held)
        body = {"pushToken": phone.push_token}
        return self._send(phone, requests.Request("POST", url, headers, json=body)).status

    def unregister(self, phone: Phone, held: HeldPass) -> int:
        """Ask for no more updates of a pass; returns the status."""
        url, headers = _registration_url(phone, held), _authorization(held)
        return self._send(phone, requests.Request("DELETE", url, headers)).status

    def list_updated(
        self, phone: Phone, service_url: str, pass_type_id: str, tag: str | None
    ) -> Response:
        """Ask which passes changed since `tag`; None asks for all."""
        url = f"{service_url}/v1/devices/{phone.device_library_identifier}/registrations/"
        query = "?" + urlencode({"passesUpdatedSince": tag}) if tag is not None else ""
        url += quote(pass_type_id, safe="") + query
        return self._send(phone, requests.Request("GET", url))

    def fetch(self, phone: Phone, held: HeldPass) -> Response:
        """Ask for the newest version of a pass."""
        pass_type_id, serial = (quote(part, safe="") for part in held.key)
        url = f"{held.opened.web_service_url}/v1/passes/{pass_type_id}/{serial}"
        headers = _authorization(held)
        if held.last_modified is not None:
            headers["If-Modified-Since"] = held.last_modified
        return self._send(phone, requests.Request("GET", url, headers))

    def complain(self, phone: Phone, service_url: str, message: str) -> None:
        """Tell the server's log what went wrong; nobody minds if that fails."""
        body = {"logs": [f"[{self._now():%Y-%m-%d %H:%M:%S} +0000] {message}"]}
        try:
            self._send(phone, requests.Request("POST", f"{service_url}/v1/log", json=body))
        except ServerUnavailable:
            return

    def download(self, phone: Phone, url: str) -> bytes:
        """Return the pass at a link, as Safari would take it.

        Raises:
            PassRefused: there is no pass.
            ServerUnavailable: nobody answers.
        """
        response = self._send(phone, requests.Request("GET", url), allow_redirects=True)
        if not response.is_ok:
            raise PassRefused("download_failed", f"the link answered {response.status}")
        media_type = response.headers.get("Content-Type", "").split(";", maxsplit=1)[0]
        if media_type != PKPASS_MEDIA_TYPE:
            detail = f"the link gave {media_type or 'no content type'}, not {PKPASS_MEDIA_TYPE}"
            raise PassRefused("wrong_content_type", detail)
        return response.body

    def _send(
        self, phone: Phone, request: requests.Request, *, allow_redirects: bool = False
    ) -> Response:
        session = self._session()
        try:
            prepared = session.prepare_request(request)
            with session.send(
                prepared, allow_redirects=allow_redirects, timeout=TIMEOUT_S, stream=True
            ) as answer:
                response = Response(answer.status_code, answer.headers, _read(answer))
        except (requests.RequestException, OSError) as error:
            self._note(phone, request, None, error)
            text = f"{request.method} {request.url}: {type(error).__name__}"
            raise ServerUnavailable(text) from error
        self._note(phone, request, response.status, None)
        if response.is_out_of_order:
            text = f"{request.method} {request.url} answered {response.status}"
            raise ServerUnavailable(text)
        return response

    def _note(
        self,
        phone: Phone,
        request: requests.Request,
        status: int | None,
        error: Exception | None,
    ) -> None:
        parts = urlsplit(request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        what: dict[str, object] = {"method": request.method, "path": path, "status": status}
        if error is not None:
            what["error"] = type(error).__name__
        phone.note(phone.log, self._now(), **what)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.headers["User-Agent"] = USER_AGENT
            session.verify = str(self._tls_ca_path) if self._tls_ca_path else True
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session


def _registration_url(phone: Phone, held: HeldPass) -> str:
    pass_type_id, serial = (quote(part, safe="") for part in held.key)
    device = f"{held.opened.web_service_url}/v1/devices/{phone.device_library_identifier}"
    return f"{device}/registrations/{pass_type_id}/{serial}"


def _authorization(held: HeldPass) -> dict[str, str]:
    return {"Authorization": f"ApplePass {held.opened.authentication_token}"}


def _read(answer: requests.Response) -> bytes:
    body = bytearray()
    for chunk in answer.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > LARGEST_PASS_BYTES:
            raise requests.ConnectionError("the answer is too large")
    return bytes(body)
