"""Calls to a running demo: its API as a loyalty system or a till, its emulators as their owner."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests
from standardwebhooks import Webhook

from service.domain.errors import SetupError

Facts = dict[str, Any]
Found = TypeVar("Found")
ANSWER_WITHIN_S = 20.0
FOLLOW_WITHIN_S = 30.0
LOOK_EVERY_S = 0.05


class DemoClient:
    """Speaks to the demo that `told` (what var/demo.json says) describes.

    Every call raises SetupError if it is not answered, or not well; it says by what.
    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told
        self._session = requests.Session()
        self._session.trust_env = False  # everything is on this machine

    def close(self) -> None:
        self._session.close()

    @property
    def program(self) -> str:
        """Return the id of the demo's points program."""
        return str(self._told["programs"]["points"])

    def api(self, method: str, path: str, body: Facts | None = None) -> Facts:
        """Call the API with the demo's key."""
        key = {"Authorization": f"Bearer {self._told['api_key']}"}
        return self._call(method, self._told["base_url"] + path, body, key)

    def webhook(self, event_id: str, body: str) -> Facts:
        """Send a signed event as the demo's shop would."""
        now = datetime.now(UTC)
        signed = {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self._told["webhook"]["secret"]).sign(event_id, now, body),
        }
        return self._call("POST", self._told["webhook"]["url"], body, signed)

    def new_iphone(self, pass_url: str) -> str:
        """Add the pass to a new iPhone and return the phone's id."""
        phones = self._told["emulators"]["phone"]
        phone: str = self._call("POST", f"{phones}/phones")["id"]
        self._call("POST", f"{phones}/phones/{phone}/add", {"url": pass_url})
        return phone

    def iphone(self, phone: str) -> Facts:
        return self._call("GET", f"{self._told['emulators']['phone']}/phones/{phone}")

    def open_link(self, url: str) -> None:
        """Open a link as a browser would, through its redirects."""
        answered = self._answered("GET", url, None, {"Accept": "text/html"})
        must(answered.ok, f"The link was answered {answered.status_code}.")

    def google_object(self, object_id: str) -> Facts:
        return self._call("GET", f"{self._told['emulators']['google']}/objects/{object_id}")

    def google_calls(self, object_id: str) -> list[Facts]:
        """Return the calls about one object that Google answered, oldest first."""
        path = f"/walletobjects/v1/loyaltyObject/{object_id}"
        url = f"{self._told['emulators']['google']}/requests?path={path}"
        calls: list[Facts] = self._call("GET", url)["requests"]
        return calls

    def pushes(self) -> list[Facts]:
        """Return the pushes that APNs answered, oldest first."""
        pushes: list[Facts] = self._call("GET", f"{self._told['emulators']['apns']}/pushes")[
            "pushes"
        ]
        return pushes

    def _call(
        self, method: str, url: str, body: Facts | str | None = None, headers: Facts | None = None
    ) -> Facts:
        sent = json.dumps(body) if isinstance(body, dict) else body
        kind = {"Content-Type": "application/json"} if sent is not None else {}
        answered = self._answered(method, url, sent, {**kind, **(headers or {})})
        status = answered.status_code
        must(answered.ok, f"{method} {url} was answered {status}: {answered.text[:300]}")
        answer: Facts = answered.json()
        return answer

    def _answered(
        self, method: str, url: str, body: str | None, headers: Facts
    ) -> requests.Response:
        try:
            return self._session.request(
                method, url, data=body, headers=headers, timeout=ANSWER_WITHIN_S
            )
        except requests.RequestException as error:
            raise SetupError(f"The demo does not answer on {url.partition('?')[0]}.") from error


def until(found: Callable[[], Found | None], otherwise: str) -> Found:
    """Wait for something to be found and return it.

    Raises:
        SetupError: it was not within 30 s; `otherwise` says what.
    """
    end = time.monotonic() + FOLLOW_WITHIN_S
    while (result := found()) is None:
        must(time.monotonic() < end, f"{otherwise}, after {FOLLOW_WITHIN_S:.0f} s.")
        time.sleep(LOOK_EVERY_S)
    return result


def must(holds: bool, otherwise: str) -> None:
    """Raise SetupError with `otherwise` unless something holds."""
    if not holds:
        raise SetupError(otherwise)
