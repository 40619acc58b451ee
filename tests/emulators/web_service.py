"""A small loyalty server speaking Apple's web service, so that phones have someone to talk to."""

import threading
from dataclasses import dataclass, field
from typing import Self

from flask import Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.serving import WSGIRequestHandler, make_server

from service.emulators.certificates import Authority, Issued

from .passes import TOKEN, a_content, a_pass


@dataclass
class FakeService:
    """Serves the passes in `contents`; every version of one has its own Last-Modified."""

    authority: Authority
    issued: Issued
    url: str = ""
    contents: dict[str, dict[str, object]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    registrations: dict[str, str] = field(default_factory=dict)
    tag: int = 0
    seen: list[tuple[str, str]] = field(default_factory=list)
    conditions: list[str | None] = field(default_factory=list)
    asked_since: list[str | None] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    forged: bytes | None = None
    hold: threading.Event | None = None

    def put(self, serial: str, **changes: object) -> None:
        updates = {"webServiceURL": self.url, "authenticationToken": TOKEN}
        self.contents[serial] = a_content(serialNumber=serial, **{**updates, **changes})
        self.versions[serial] = self.tag = self.tag + 1

    def pkpass(self, serial: str) -> bytes:
        return a_pass(self.authority, self.issued, self.contents[serial])

    def last_modified(self, serial: str) -> str:
        return f"Thu, 01 Jan 2026 00:00:{self.versions[serial]:02d} GMT"

    def calls(self, method: str, part: str) -> int:
        return sum(1 for seen, path in self.seen if seen == method and part in path)

    def app(self) -> Flask:
        app = Flask("shop")
        app.before_request(self._note)
        base = "/v1/devices/<device>/registrations/<pass_type>"
        app.add_url_rule(f"{base}/<serial>", "one", self._register, methods=["POST", "DELETE"])
        app.add_url_rule(base, "list", self._list)
        app.add_url_rule("/v1/passes/<pass_type>/<serial>", "fetch", self._fetch)
        app.add_url_rule("/v1/log", "log", self._log, methods=["POST"])
        app.add_url_rule("/download/<serial>", "download", self._download)
        app.add_url_rule("/page", "page", lambda: "<html>")
        return app

    def _note(self) -> ResponseReturnValue | None:
        self.seen.append((request.method, request.path))
        if self.hold is not None:
            self.hold.wait(5)
        if self.failures and request.path != "/v1/log":
            return "", self.failures.pop(0)
        return None

    def _is_authorized(self) -> bool:
        return request.headers.get("Authorization") == f"ApplePass {TOKEN}"

    def _register(self, device: str, pass_type: str, serial: str) -> ResponseReturnValue:
        if not self._is_authorized():
            return "", 401
        if request.method == "DELETE":
            self.registrations.pop(serial, None)
            return "", 200
        self.registrations[serial] = request.get_json()["pushToken"]
        return "", 201

    def _list(self, device: str, pass_type: str) -> ResponseReturnValue:
        since = request.args.get("passesUpdatedSince")
        self.asked_since.append(since)
        changed = [
            serial
            for serial in self.registrations
            if since is None or self.versions[serial] > int(since)
        ]
        if not changed:
            return "", 204
        return {"serialNumbers": changed, "lastUpdated": str(self.tag)}

    def _fetch(self, pass_type: str, serial: str) -> ResponseReturnValue:
        condition = request.headers.get("If-Modified-Since")
        self.conditions.append(condition)
        if not self._is_authorized():
            return "", 401
        if condition == self.last_modified(serial):
            return "", 304
        headers = {"Last-Modified": self.last_modified(serial)}
        return self.forged or self.pkpass(serial), 200, headers

    def _log(self) -> ResponseReturnValue:
        self.complaints.extend(request.get_json()["logs"])
        return ""

    def _download(self, serial: str) -> ResponseReturnValue:
        return self.pkpass(serial), 200, {"Content-Type": "application/vnd.apple.pkpass"}


class Served:
    """Serves an app on a free loopback port until the block ends."""

    def __init__(self, app: Flask, handler: type[WSGIRequestHandler] | None = None) -> None:
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)
