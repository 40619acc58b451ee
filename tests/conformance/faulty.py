"""A small web service that does everything right, but for the faults it is told to have."""

import gzip
import json
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from fnmatch import fnmatch
from time import time
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler

from service.conformance.copy import Copy
from service.emulators.certificates import Authority, Issued
from tests.emulators.passes import PASS_TYPE_ID, a_content, a_pass

UNKNOWN_AT_MOST = 200
REFUSED = "unauthorized"
SERIALS = ("S-1", "S-2")


class OldHandler(WSGIRequestHandler):
    """Speaks the HTTP of before there were chunks."""

    protocol_version = "HTTP/1.0"


@dataclass
class Card:
    """A pass: `sequence` is that of its last change, `last_modified` in whole seconds."""

    token: str
    version: int = 1
    sequence: int = 0
    last_modified: int = field(default_factory=lambda: int(time()) - 60)
    changed_at: float = field(default_factory=lambda: time() - 60)


class FaultyService:
    """Serves two passes of one type, and a push service's control API beside it."""

    def __init__(self, authority: Authority, issued: Issued, faults: Collection[str]) -> None:
        self.authority, self.issued, self.faults = authority, issued, set(faults)
        self.url = ""
        self.cards = {serial: Card(f"token-of-{serial}-0123456789") for serial in SERIALS}
        self.sequence = 1
        self.installed: list[tuple[str, str]] = []  # (device, serial)
        self.push_tokens: dict[str, str] = {}
        self.old_tokens: list[str] = []
        self.told: set[tuple[str, str, int]] = set()
        self.unknown_asked = 0
        self.pushes: list[dict[str, Any]] = []
        self.swallowed: list[str] = []
        self.answers: dict[str, int] = {}
        self.is_dead = False
        self.lock = threading.RLock()

    def has(self, fault: str) -> bool:
        return fault in self.faults

    def app(self) -> Flask:
        app = Flask("faulty")
        one = "/v1/devices/<device>/registrations/<type_id>/<serial>"
        some = "/v1/devices/<device>/registrations/<type_id>"
        a_pass_path = "/v1/passes/<type_id>/<serial>"
        self._route(app, one, self.register, "POST")
        self._route(app, one, self.unregister, "DELETE")
        self._route(app, some, self.changed, "GET")
        self._route(app, a_pass_path, self.fetch, "GET")
        if self.has("POST gives the pass"):
            self._route(app, a_pass_path, self.give, "POST")
        self._route(app, "/v1/log", self.log, "POST")
        self._route(app, "/pushes", self.show_pushes, "GET")
        self._route(app, "/control", self.control, "POST")
        return app

    def _route(self, app: Flask, path: str, view: Callable[..., Any], method: str) -> None:
        def locked(**parts: str) -> Any:
            with self.lock:
                return view(**parts)

        methods = ["GET", "HEAD"] if method == "GET" else [method]
        app.add_url_rule(path, view.__name__, locked, methods=methods)

    # what phones call

    def register(self, device: str, type_id: str, serial: str) -> Any:
        if not self.is_own("anybody registers", type_id, serial):
            return self.refusal(serial)
        if not request.is_json and self.has("a JSON type is demanded"):
            return "", 415
        push_token = json.loads(request.data)["pushToken"]
        if self.has("push tokens have 64 small digits") and not fnmatch(
            push_token, "[0-9a-f]" * 64
        ):
            return "", 400
        if self.has("one device per pass"):
            self.installed = [each for each in self.installed if each[1] != serial]
        key = (device, serial)
        is_known = key in self.installed
        if not is_known or self.has("registrations pile up"):
            self.installed.append(key)
        if not (is_known and self.has("D2: the first push token is kept")):
            if is_known and self.has("old push tokens are pushed too"):
                self.old_tokens.append(self.push_tokens[device])
            self.push_tokens[device] = push_token
        return "", self._status(is_known)

    def _status(self, is_known: bool) -> int:
        if self.has("registrations are always 200"):
            return 200
        return 200 if is_known and not self.has("registrations are always 201") else 201

    def unregister(self, device: str, type_id: str, serial: str) -> Any:
        if not self.is_own("anybody unregisters", type_id, serial):
            return self.refusal(serial)
        if (device, serial) not in self.installed:
            return "", 404 if self.has("removing again is 404") else 200
        if not self.has("removed passes stay"):
            self.installed.remove((device, serial))
        return "", 204 if self.has("removing is 204") else 200

    def changed(self, device: str, type_id: str) -> Any:
        if self.has("the list wants a token") and "Authorization" not in request.headers:
            return "", 401
        if self.has("awkward ids crash") and ("\0" in device or len(device) > 255):
            return "", 500
        serials = self._serials(device)
        if type_id != PASS_TYPE_ID and not self.has("D8: the list ignores the type"):
            serials = []
        if not serials:
            return self._nothing_known()
        tag = request.args.get("passesUpdatedSince")
        if tag and self.has("a bad tag is 400") and not tag.isdecimal():
            return "", 400
        return self._listed(device, serials, tag)

    def _serials(self, device: str) -> list[str]:
        if self.has("a device hears of everything") and device in self.push_tokens:
            return list(SERIALS)
        if self.has("device ids are patterns"):
            like = device.replace("%", "*").replace("_", "?")
            return [serial for known, serial in self.installed if fnmatch(known, like)]
        return [serial for known, serial in self.installed if known == device]

    def _nothing_known(self) -> Any:
        self.unknown_asked += 1
        if self.unknown_asked > UNKNOWN_AT_MOST and not self.has("D9: the list has no limit"):
            return "", 429
        return "", 404 if self.has("unknown devices are 404") else 204

    def _listed(self, device: str, serials: list[str], tag: str | None) -> Any:
        known, newest = self._known(tag), self.sequence
        if self.has("D5: tags are whole seconds"):
            newest = max(int(self.cards[serial].changed_at) for serial in serials)
            news = [s for s in serials if known is None or int(self.cards[s].changed_at) > known]
        else:
            news = [s for s in serials if known is None or self.cards[s].sequence > known]
        if known is not None:
            news = self._withheld(device, news)
        if not news:
            return "", 204
        if self.has("D1: only the newest change is listed") and known is not None:
            news = [max(news, key=lambda serial: self.cards[serial].sequence)]
        return self._said(news, newest, known)

    def _known(self, tag: str | None) -> int | None:
        if self.has("tags are ignored") or not tag:
            return None
        digits = tag.rpartition(" ")[2]
        if not (digits.isascii() and digits.isdigit()):
            return None
        highest = int(time()) if self.has("D5: tags are whole seconds") else self.sequence
        too_high = int(digits) > highest and not self.has("a high tag is silence")
        return None if too_high else int(digits)

    def _withheld(self, device: str, news: list[str]) -> list[str]:
        """Leave out what a server forgets that keeps no word of whom it told what."""
        left = []
        for serial in news:
            version = self.cards[serial].version
            told_to = {told for told, which, v in self.told if (which, v) == (serial, version)}
            once = self.has("news is told once per device") and device in told_to
            first = self.has("the first device takes the news") and told_to - {device}
            if not once and not first:
                left.append(serial)
            self.told.add((device, serial, version))
        return left

    def _said(self, news: list[str], newest: int, known: int | None) -> Any:
        tag = str(newest)
        if self.has("the tag stays") and known is not None:
            tag = str(known)
        if self.has("tags have a blank"):
            tag = f"at {tag}"
        said = newest if self.has("tags are numbers") else tag
        body = json.dumps({"serialNumbers": news, "lastUpdated": said})
        media_type = "text/plain" if self.has("the list is text") else "application/json"
        return Response(body, content_type=media_type)

    def fetch(self, type_id: str, serial: str) -> Any:
        if request.method == "HEAD" and self.has("HEAD is 405"):
            return "", 405
        fault = "HEAD needs no token" if request.method == "HEAD" else "anybody fetches"
        if not self.is_own(fault, type_id, serial):
            return self.refusal(serial)
        since = request.headers.get("If-Modified-Since")
        if since is not None and self._is_same(since, serial):
            return self._dated(Response(status=304), serial)
        return self.give(type_id, serial)

    def _is_same(self, since: str, serial: str) -> bool:
        if self.has("D7: dates are read as numbers"):
            return since.isdecimal() and int(since) == self.cards[serial].last_modified
        if self.has("D8: If-Modified-Since is ignored"):
            return False
        try:
            date = int(parsedate_to_datetime(since).timestamp())
        except ValueError:
            if self.has("garbled dates crash"):
                raise
            return False
        return self.has("every date is 304") or date == self.cards[serial].last_modified

    def give(self, type_id: str, serial: str) -> Any:
        file = self.pkpass(serial)
        in_parts = self.faults & {"the length is missing", "chunks", "chunks without an end"}
        response = Response(self._parts(file) if in_parts else file)
        if self.has("gzip") and "gzip" in request.headers.get("Accept-Encoding", ""):
            response.data = gzip.compress(file)
            response.headers["Content-Encoding"] = "gzip"
        response.content_type = "application/vnd.apple.pkpass"
        if self.has("D6: passes are octet-stream"):
            response.content_type = "application/octet-stream"
        public = self.has("passes are public")
        response.headers["Cache-Control"] = "public, max-age=60" if public else "private, no-store"
        return self._dated(response, serial)

    def _parts(self, file: bytes) -> Iterator[bytes]:
        """Yield what is sent in chunks by HTTP/1.1, and without any length by HTTP/1.0."""
        yield file
        if self.has("chunks without an end"):
            raise BrokenPipeError

    def _dated(self, response: Response, serial: str) -> Response:
        date = datetime.fromtimestamp(self.cards[serial].last_modified, UTC)
        if self.has("D6: Last-Modified is a local date"):
            response.headers["Last-Modified"] = str(date)
        elif not self.has("D8: there is no Last-Modified"):
            response.headers["Last-Modified"] = format_datetime(date, usegmt=True)
        return response

    def log(self) -> Any:
        if self.has("the log wants a token"):
            return "", 401
        if self.has("a JSON type is demanded") and not request.is_json:
            return "", 415
        if self.has("garbage crashes the log"):
            json.loads(request.data)
        if len(request.data) > 32_000:
            return "", 500 if self.has("big reports crash the log") else 413
        return ""

    # the passes

    def is_own(self, fault: str, type_id: str, serial: str) -> bool:
        card = self.cards.get(serial)
        if self.has(fault):
            return card is not None
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "ApplePass" or card is None:
            return False
        if type_id != PASS_TYPE_ID and not self.has("the type is not compared"):
            return False
        if self.has("any token opens any pass"):
            return token in {each.token for each in self.cards.values()}
        return token == card.token

    def refusal(self, serial: str) -> Any:
        if self.has("unknown serials are 404") and serial not in self.cards:
            return "", 404
        is_missing = "Authorization" not in request.headers
        differs = self.has("refusals say what is missing") and is_missing
        return "no token" if differs else REFUSED, 401

    def pkpass(self, serial: str) -> bytes:
        card = self.cards[serial]
        token = card.token
        if self.has("tokens change with the pass"):
            token += str(card.version)
        points = 1 if self.has("a change is not in the pass") else card.version
        content = a_content(
            serialNumber="S-9" if self.has("another pass is given out") else serial,
            authenticationToken=token[:5] if self.has("tokens are short") else token,
            webServiceURL=self.url + "/v1" * self.has("the address has /v1"),
            storeCard={"headerFields": [{"key": "points", "label": "P", "value": points}]},
        )
        file = a_pass(self.authority, self.issued, content)
        return file[:-30] if self.has("passes are torn") else file

    def copy(self, serial: str) -> Copy:
        return Copy(PASS_TYPE_ID, serial, self.cards[serial].token, self.url)

    def change(self, serial: str) -> None:
        with self.lock:
            card = self.cards[serial]
            self.sequence += 1
            card.version, card.sequence, card.changed_at = card.version + 1, self.sequence, time()
            if self.has("dates are whole seconds"):
                card.last_modified = int(time())
            elif not self.has("Last-Modified stays"):
                card.last_modified = max(int(time()), card.last_modified + 1)
            self._push_all([device for device, each in self.installed if each == serial])

    # pushes

    def _push_all(self, devices: list[str]) -> None:
        if self.has("nobody is pushed"):
            return
        for token in self.old_tokens:
            self._note(token, 200)
        for device in devices:
            status = self._push(device)
            if status is None and self.has("D3: a broken connection ends the loop"):
                return
            if status == 400 and self.has("D4: a refusal ends the loop"):
                return
            if status is None:
                self.swallowed.append(device)
            if status == 410 and not self.has("410 is not heard"):
                self.installed = [each for each in self.installed if each[0] != device]

    def _push(self, device: str) -> int | None:
        if self.is_dead:
            return None
        token = self.push_tokens[device]
        status = self.answers.get(token, 200)
        self._note(token, status)
        return status

    def _note(self, token: str, status: int) -> None:
        self.pushes.append({"token": token, "topic": PASS_TYPE_ID, "status": status})

    def show_pushes(self) -> Any:
        token = request.args["token"]
        return {"pushes": [push for push in self.pushes if push["token"] == token]}

    def control(self) -> Any:
        body = request.get_json()
        self.answers |= body.get("respond", {})
        self.is_dead = body.get("black_hole", False)
        if body.get("reset"):
            self.answers.clear()
            devices, self.swallowed = self.swallowed, []
            self._push_all(devices)
        return {}
