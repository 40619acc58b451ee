"""One phone, as the server under test sees it."""

import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote, urlencode

from service.conformance.copy import Copy
from service.conformance.outcomes import Failed
from service.conformance.server import Answer, NoAnswer, Server

LOOK_EVERY_S = 0.1


def authorization(copy: Copy) -> dict[str, str]:
    """Return the header with which a phone shows that it has the pass."""
    return {"Authorization": f"ApplePass {copy.token}"}


def a_push_token() -> str:
    return secrets.token_hex(32)


@dataclass(frozen=True)
class Listing:
    """An answer to "what changed?"."""

    serials: tuple[str, ...]
    tag: str


@dataclass
class Device:
    """A device with an id and a push token of its own. It remembers what it registered."""

    server: Server
    patience_s: float
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    push_token: str = field(default_factory=a_push_token)
    registered: set[Copy] = field(default_factory=set)

    def register(
        self,
        copy: Copy,
        headers: Mapping[str, str] | None = None,
        *,
        content_type: str | None = "application/json",
        note: str = "",
    ) -> Answer:
        """Ask to be told of a pass; `headers` take the place of the pass's own Authorization."""
        self.registered.add(copy)
        sent = dict(authorization(copy) if headers is None else headers)
        if content_type is not None:
            sent["Content-Type"] = content_type
        body = json.dumps({"pushToken": self.push_token}).encode()
        path = self._registration(copy)
        return self.server.send("POST", path, headers=sent, body=body, note=note)

    def unregister(
        self, copy: Copy, headers: Mapping[str, str] | None = None, *, note: str = ""
    ) -> Answer:
        """Ask for no more news of a pass; `headers` as in `register`."""
        sent = authorization(copy) if headers is None else headers
        return self.server.send("DELETE", self._registration(copy), headers=sent, note=note)

    def ask(self, type_id: str, tag: str | None = None) -> Answer:
        """Ask what changed since `tag`; None asks for everything."""
        query = "" if tag is None else "?" + urlencode({"passesUpdatedSince": tag})
        path = f"/devices/{_part(self.id)}/registrations/{_part(type_id)}{query}"
        return self.server.send("GET", path)

    def listing(self, copy: Copy, tag: str | None = None) -> Listing:
        """Return what is listed since `tag`; nothing is an empty list.

        Raises:
            Failed: the answer is none that a phone understands.
        """
        return read_listing(self.ask(copy.type_id, tag))

    def listing_with(self, copy: Copy, tag: str | None) -> Listing:
        """Return the first listing since `tag` that names the pass, waiting for it.

        Raises:
            Failed: none did while patience lasted.
        """
        end = time.monotonic() + self.patience_s
        while copy.serial not in (listing := self.listing(copy, tag)).serials:
            if time.monotonic() > end:
                raise Failed(f"the change was not listed since {tag!r} in {self.patience_s:g} s")
            time.sleep(LOOK_EVERY_S)
        return listing

    def fetch(
        self,
        copy: Copy,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        since: str | None = None,
        note: str = "",
    ) -> Answer:
        """Fetch the pass; `since` is the Last-Modified of the phone's copy, `headers` as above."""
        sent = dict(authorization(copy) if headers is None else headers)
        if since is not None:
            sent["If-Modified-Since"] = since
        path = f"/passes/{_part(copy.type_id)}/{_part(copy.serial)}"
        return self.server.send(method, path, headers=sent, note=note)

    def leave(self) -> None:
        """Unregister whatever was registered; nobody minds if that fails."""
        for copy in self.registered:
            with suppress(NoAnswer):
                self.unregister(copy)

    def _registration(self, copy: Copy) -> str:
        pass_parts = f"{_part(copy.type_id)}/{_part(copy.serial)}"
        return f"/devices/{_part(self.id)}/registrations/{pass_parts}"


def read_listing(answer: Answer) -> Listing:
    """Return what an answer to "what changed?" lists.

    Raises:
        Failed: it is none that a phone understands.
    """
    if answer.expect(200, 204).status == HTTPStatus.NO_CONTENT:
        return Listing((), "")
    try:
        content = json.loads(answer.body)
    except ValueError as error:
        raise Failed(f"{answer}; its body is not JSON") from error
    serials = content.get("serialNumbers") if isinstance(content, dict) else None
    if not isinstance(serials, list) or not all(isinstance(each, str) for each in serials):
        raise Failed(f"{answer}; its serialNumbers are no list of strings")
    tag = content.get("lastUpdated")
    if not isinstance(tag, str) or not tag:
        raise Failed(f"{answer}; its lastUpdated is {json.dumps(tag)}, not a string")
    return Listing(tuple(serials), tag)


def _part(text: str) -> str:
    return quote(text, safe="")
