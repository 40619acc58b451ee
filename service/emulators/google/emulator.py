"""Google Wallet, imitated: its API and token endpoint over TLS, its save link, its phones' view.

A second port is the control API, where a test or an integrator orders refusals and outages and
reads what a person would see; the save links live there too.
"""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

from service.emulators.certificates import Authority
from service.emulators.control import Clock, ControlServer, utc_now
from service.emulators.google.accounts import Accounts
from service.emulators.google.api import TOKEN_PATH, GoogleApi
from service.emulators.google.card import card
from service.emulators.google.checks import Json
from service.emulators.google.control import (
    SAVE_PATH,
    SOMEBODY,
    ObjectNotFound,
    google_control_app,
)
from service.emulators.google.desk import Desk, Seen
from service.emulators.google.errors import GoogleRefused
from service.emulators.google.fetch import Fetched, Fetcher, FetchFailed
from service.emulators.google.images import Images
from service.emulators.google.jwt import JwtRefused, unverified_claims
from service.emulators.google.resources import Resources
from service.emulators.google.save import SaveLinks, SaveRefused
from service.emulators.google.server import ApiAnswer, ApiRequest, ApiServer
from service.emulators.google.settings import read_order
from service.emulators.google.state import StateDatabase
from service.emulators.google.stored import CLASS, OBJECT, Stored, public

MOST_REDIRECTS = 5
LARGEST_PAGE_BYTES = 1_000_000
REDIRECTS = {301, 302, 303, 307, 308}


class GoogleEmulator:
    """Serves Google's loyalty API for any number of issuers; begins without accounts.

    `state_path` is the file in which accounts, classes, objects and saves survive a restart.
    Started again after a stop, it takes the same two ports.
    """

    def __init__(
        self,
        authority: Authority,
        *,
        state_path: Path | None = None,
        now: Clock = utc_now,
        api_port: int = 0,
        control_port: int = 0,
    ) -> None:
        self._state = StateDatabase(state_path)
        self._fetcher = Fetcher(authority.root_pem)
        self._accounts = Accounts(self._state, now)
        self._resources = Resources(self._state, Images(self._fetcher), now)
        self._links = SaveLinks(self._accounts, self._resources)
        self._desk = Desk()
        self._api = GoogleApi(self._accounts, self._resources, self._desk, now)
        self._server = ApiServer(authority, self._answer, api_port)
        self._control = ControlServer(google_control_app(self), control_port)
        self._state.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def api_url(self) -> str:
        """Where the wallet API listens, without `/walletobjects`; known after the first start."""
        return self._server.url

    @property
    def token_url(self) -> str:
        """Where access tokens are asked for; known after the first start."""
        return f"{self.api_url}{TOKEN_PATH}"

    @property
    def control_url(self) -> str:
        """Where the control API listens; known after the first start."""
        return self._control.url

    @property
    def save_url(self) -> str:
        """What stands before a save link's JWT, without the last slash."""
        return f"{self.control_url}{SAVE_PATH}"

    def start(self) -> None:
        """Listen on both ports; does nothing when it already does.

        Raises:
            OSError: a port is taken.
        """
        self._desk.open()
        self._control.start()
        try:
            self._server.start()
        except OSError:
            self._desk.close()
            self._control.stop()
            raise

    def stop(self) -> None:
        """Cut every connection and end the threads; does nothing when already stopped."""
        self._desk.close()
        self._control.stop()
        self._server.stop()
        self._state.close()

    @property
    def has_accounts(self) -> bool:
        """Say whether any service account was registered, now or before a restart."""
        return self._accounts.any()

    def service_account(self, issuer_id: str) -> dict[str, str]:
        """Return the key file of a new service account of the issuer; its key is kept nowhere."""
        return self._accounts.create(issuer_id, self.token_url)

    def control(self, body: Mapping[str, object]) -> None:
        """Obey what `POST /control` would; its effect is in place on return.

        Raises:
            ControlRefused: the body means nothing.
        """
        order = read_order(body)
        if order.reset:
            self._server.cut()
        if order.reset or order.merchant_locations is not None:
            self._resources.may_use_merchant_locations = bool(order.merchant_locations)
        self._desk.obey(order)

    def requests(self, path: str | None = None) -> list[Seen]:
        """Return the last 10,000 requests, newest last; `path` keeps those beginning with it."""
        return self._desk.seen(path)

    @property
    def count(self) -> int:
        """How many requests were answered so far, for tokens and forgotten ones included."""
        return self._desk.count

    @property
    def lost(self) -> int:
        """How many requests fell into a black hole so far."""
        return self._desk.lost

    @property
    def highest_rate(self) -> int:
        """The most requests to the wallet API that one issuer sent within a second."""
        return self._desk.highest_rate

    def objects(self) -> list[dict[str, object]]:
        """Return every object briefly, oldest first."""
        return [
            {
                "id": stored.content["id"],
                "classId": stored.content["classId"],
                "state": stored.content["state"],
                "saved": len(stored.holders),
            }
            for stored in self._resources.all(OBJECT)
        ]

    def view(self, object_id: str) -> dict[str, object]:
        """Return an object as stored and as a person would see it.

        Raises:
            ObjectNotFound: there is no such object.
        """
        stored = self._object(object_id)
        of_class = self._class_of(stored)
        return {
            "object": public(OBJECT, stored),
            "class": of_class,
            "card": card(stored.content, of_class),
            "saved": len(stored.holders),
            "holders": list(stored.holders),
            "notifications": list(stored.notes),
        }

    def card(self, object_id: str) -> dict[str, object]:
        """Return an object as a person reads it on the phone.

        Raises:
            ObjectNotFound: there is no such object.
        """
        stored = self._object(object_id)
        return card(stored.content, self._class_of(stored))

    def open_link(self, token: str, user: str = SOMEBODY) -> list[str]:
        """Save what a save link's JWT holds and return the objects' ids.

        Raises:
            SaveRefused: the JWT is not in order, or its content is not.
        """
        return self._links.save(token, user)

    def save(self, link_url: str, user: str = SOMEBODY) -> dict[str, object]:
        """Open a link as a phone's browser would, through redirects, and return the view.

        Raises:
            SaveRefused: it ends on an error page, or on no save link, or nobody answers.
        """
        url, page = self._browse(link_url, user)
        if page.status != HTTPStatus.OK:
            raise SaveRefused(page.status, page.body.decode(errors="replace"))
        return self.view(_object_in(url))

    def remove(self, object_id: str, user: str | None = None) -> None:
        """Delete a pass from one person's wallet, or without `user` from all.

        Raises:
            ObjectNotFound: there is no such object.
        """
        self._object(object_id)
        self._resources.hold(
            object_id,
            lambda holders: tuple(each for each in holders if user not in (None, each)),
        )

    def _answer(self, asked: ApiRequest) -> ApiAnswer | None:
        return self._api.answer(asked, self.token_url)

    def _object(self, object_id: str) -> Stored:
        try:
            return self._resources.get(OBJECT, object_id)
        except GoogleRefused as refusal:
            raise ObjectNotFound(str(refusal)) from refusal

    def _class_of(self, stored: Stored) -> Json:
        return self._resources.get(CLASS, str(stored.content["classId"])).content

    def _browse(self, url: str, user: str) -> tuple[str, Fetched]:
        for _ in range(MOST_REDIRECTS):
            is_save_link = urlsplit(url).path.startswith(SAVE_PATH)
            opened = f"{url}?user={quote(user)}" if is_save_link else url
            try:
                page = self._fetcher.get(opened, most_bytes=LARGEST_PAGE_BYTES)
            except FetchFailed as failure:
                raise SaveRefused(HTTPStatus.BAD_GATEWAY, str(failure)) from failure
            if page.status not in REDIRECTS or page.location is None:
                return url, page
            url = urljoin(url, page.location)
        raise SaveRefused(HTTPStatus.BAD_GATEWAY, "The link redirects too often.")


def _object_in(url: str) -> str:
    try:
        claims = unverified_claims(urlsplit(url).path.rpartition("/")[2])
    except JwtRefused as refusal:
        raise SaveRefused(HTTPStatus.BAD_GATEWAY, "The link leads to no save link.") from refusal
    match claims.get("payload"):
        case {"loyaltyObjects": [{"id": str(object_id)}, *_]}:
            return object_id
        case _:
            raise SaveRefused(HTTPStatus.BAD_GATEWAY, "The link leads to no save link.")
