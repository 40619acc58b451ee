"""How google-auth asks for an access token: once, and not beyond the time there is."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests
from google.auth import exceptions, transport
from google.auth.transport.requests import Request
from urllib3 import Timeout


@dataclass(frozen=True)
class TokenRequest:
    """A transport for google-auth that gives up where that would ask again and again.

    A time-out of ours bounds each request, not the pauses and repeats of google-auth between them.
    """

    session: requests.Session
    until: float
    timeout: Timeout

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> transport.Response:
        """Send the request.

        Raises:
            TransportError: there is no answer, none in time, or one that asks for another try.
        """
        if time.monotonic() > self.until:
            raise exceptions.TransportError("no time is left to ask for a token")
        request = Request(self.session)
        answer: transport.Response = request(
            url, method, body=body, headers=headers, timeout=self.timeout
        )
        if answer.status in transport.DEFAULT_RETRYABLE_STATUS_CODES:
            raise exceptions.TransportError(f"no token now: status {answer.status}")
        return answer
