"""A phone as Apple's web service sees it: adds, registers, asks, fetches, removes."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from service.emulators.pass_reader import OpenedPass, open_pass
from tests.world import World


class Phone:
    """One device. `add` takes a card's link and registers, as Wallet does."""

    PUSH_TOKEN: ClassVar = "aa11"

    def __init__(self, world: World, device: str = "device-1", push_token: str = "aa11") -> None:
        self.world = world
        self.device = device
        self.push_token = push_token

    def download(self, card: dict[str, Any]) -> OpenedPass:
        answer = self.world.client.get(urlsplit(card["links"]["apple"]).path)
        assert answer.status_code == 200, answer.text
        return open_pass(answer.data, self.world.authority.root_pem)

    def add(self, card: dict[str, Any]) -> OpenedPass:
        copy = self.download(card)
        answer = self.register(copy)
        assert answer.status_code == 201, answer.text
        return copy

    def register(
        self, copy: OpenedPass, body: object = None, token: str | None = None, **parts: str
    ) -> TestResponse:
        return self.world.client.post(
            self._registration(copy, **parts),
            json={"pushToken": self.push_token} if body is None else body,
            headers=bearing(copy, token),
        )

    def remove(self, copy: OpenedPass, token: str | None = None, **parts: str) -> TestResponse:
        path = self._registration(copy, **parts)
        return self.world.client.delete(path, headers=bearing(copy, token))

    def ask(self, copy: OpenedPass, tag: str | None = None) -> TestResponse:
        path = f"/apple/v1/devices/{self.device}/registrations/{copy.pass_type_id}"
        asked = {} if tag is None else {"passesUpdatedSince": tag}
        return self.world.client.get(path, query_string=asked)

    def fetch(
        self,
        copy: OpenedPass,
        since: str | None = None,
        token: str | None = None,
        method: str = "GET",
        **parts: str,
    ) -> TestResponse:
        serial = parts.get("serial", copy.serial)
        type_id = parts.get("type_id", copy.pass_type_id)
        headers = bearing(copy, token)
        if since is not None:
            headers["If-Modified-Since"] = since
        path = f"/apple/v1/passes/{type_id}/{serial}"
        return self.world.client.open(path, method=method, headers=headers)

    def opened(self, answer: TestResponse) -> OpenedPass:
        assert answer.status_code == 200, answer.text
        return open_pass(answer.data, self.world.authority.root_pem)

    def _registration(self, copy: OpenedPass, **parts: str) -> str:
        serial = parts.get("serial", copy.serial)
        type_id = parts.get("type_id", copy.pass_type_id)
        return f"/apple/v1/devices/{self.device}/registrations/{type_id}/{serial}"


def bearing(copy: OpenedPass, token: str | None = None) -> dict[str, str]:
    """The header with the pass's own token, or with another; none for the empty token."""
    used = copy.authentication_token if token is None else token
    return {"Authorization": f"ApplePass {used}"} if used else {}
