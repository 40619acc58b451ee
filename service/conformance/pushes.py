"""Reads what the APNs emulator was sent, and gives it orders."""

import time
from http import HTTPStatus

import requests

from service.conformance.outcomes import Failed, Unreachable
from service.conformance.server import TIMEOUT_S

LOOK_EVERY_S = 0.1


class PushService:
    """The control side of the push service that the server under test pushes to."""

    def __init__(self, control_url: str, patience_s: float) -> None:
        self._url = control_url.rstrip("/")
        self._patience_s = patience_s
        self._session = requests.Session()
        self._session.trust_env = False

    def topics(self, token: str, status: int = HTTPStatus.OK) -> list[str]:
        """Return the topics of the pushes to a token that were answered with `status`."""
        answer = self._call("GET", f"/pushes?token={token}")
        pushes = answer.json()["pushes"]
        return [str(push["topic"]) for push in pushes if push["status"] == status]

    def wait_for(self, token: str, status: int = HTTPStatus.OK, more_than: int = 0) -> list[str]:
        """Return the topics as soon as there are more than that many of them.

        Raises:
            Failed: there were not while patience lasted.
        """
        end = time.monotonic() + self._patience_s
        while len(topics := self.topics(token, status)) <= more_than:
            if time.monotonic() > end:
                raise Failed(f"no push to {token[:8]}... came in {self._patience_s:g} s")
            time.sleep(LOOK_EVERY_S)
        return topics

    def refuse(self, token: str, status: int) -> None:
        """Let every push to this token be answered with `status`."""
        self._call("POST", "/control", {"respond": {token: status}})

    def answer_nothing(self) -> None:
        """Take pushes and answer none of them."""
        self._call("POST", "/control", {"black_hole": True})

    def cut(self) -> None:
        """Cut every connection, and answer again from now on; orders are forgotten."""
        self._call("POST", "/control", {"reset": True})

    def close(self) -> None:
        self._session.close()

    def _call(self, method: str, path: str, body: object = None) -> requests.Response:
        try:
            answer = self._session.request(method, self._url + path, json=body, timeout=TIMEOUT_S)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise Unreachable(f"{self._url}: {type(error).__name__}") from error
        return answer
