"""The Google emulator's control API over HTTP, and the page a save link opens."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Protocol

from flask import Flask, request
from flask.typing import ResponseReturnValue

from service.emulators.control import ControlRefused, control_app, json_object, problem
from service.emulators.google.desk import Seen
from service.emulators.google.page import error_page, saved_page
from service.emulators.google.save import SaveRefused
from service.emulators.google.settings import KEYS

SAVE_PATH = "/gp/v/save"
SOMEBODY = "somebody"
GUIDE = {
    "what": "Google Wallet emulator: control API",
    "POST /control": {
        "respond": "class or object id (or *): {status, reason, retry_after_s, times} or null",
        "token": "status every token request gets; null: none",
        "delay_s": "seconds each answer waits after the work is done; 0: none",
        "black_hole": "true: requests are lost until false, then their connections are cut",
        "rate": "requests a second an issuer may send; 20 as with Google",
        "merchant_locations": "true: the issuer is allow-listed for merchantLocations",
        "reset": "true: forget all orders and cut every connection; comes first",
    },
    "GET /objects": "all objects, briefly",
    "GET /objects/{id}": "object and class as stored, the card as read, holders, notifications",
    "POST /objects/{id}/remove": {"user": "optional: who deletes it; without it all do"},
    "GET /requests": "what was asked, newest last; ?path= keeps paths that begin so",
    "GET /gp/v/save/{jwt}": "what a phone's browser opens; ?user= says whose phone",
}


class ObjectNotFound(Exception):
    """There is no object of that id."""


class GoogleWallet(Protocol):
    """What the control API needs of the emulator."""

    @property
    def count(self) -> int: ...
    @property
    def highest_rate(self) -> int: ...
    def control(self, body: Mapping[str, object]) -> None: ...
    def requests(self, path: str | None = None) -> list[Seen]: ...
    def objects(self) -> list[dict[str, object]]: ...
    def view(self, object_id: str) -> dict[str, object]: ...
    def remove(self, object_id: str, user: str | None = None) -> None: ...
    def card(self, object_id: str) -> dict[str, object]: ...
    def open_link(self, token: str, user: str) -> list[str]: ...


def google_control_app(wallet: GoogleWallet) -> Flask:
    """Return the control API's app."""
    app = control_app("google-wallet", GUIDE)
    _add_orders(app, wallet)
    _add_objects(app, wallet)
    _add_save_page(app, wallet)
    return app


def _add_orders(app: Flask, wallet: GoogleWallet) -> None:
    @app.post("/control")
    def control() -> ResponseReturnValue:
        body = json_object(KEYS)
        wallet.control(body)
        return {"obeyed": sorted(body)}

    @app.get("/requests")
    def requests() -> ResponseReturnValue:
        seen = wallet.requests(request.args.get("path"))
        return {
            "requests": [{**asdict(each), "at": each.at.isoformat()} for each in seen],
            "count": wallet.count,
            "highest_rate": wallet.highest_rate,
        }


def _add_objects(app: Flask, wallet: GoogleWallet) -> None:
    @app.get("/objects")
    def objects() -> ResponseReturnValue:
        return {"objects": wallet.objects()}

    @app.get("/objects/<object_id>")
    def view(object_id: str) -> ResponseReturnValue:
        return wallet.view(object_id)

    @app.post("/objects/<object_id>/remove")
    def remove(object_id: str) -> ResponseReturnValue:
        user = json_object(["user"], may_be_empty=True).get("user")
        if user is not None and not isinstance(user, str):
            raise ControlRefused(400, "invalid_value", "user must be a string")
        wallet.remove(object_id, user)
        return wallet.view(object_id)

    @app.errorhandler(ObjectNotFound)
    def not_found(error: ObjectNotFound) -> ResponseReturnValue:
        return problem(404, "object_not_found", str(error))


def _add_save_page(app: Flask, wallet: GoogleWallet) -> None:
    @app.get(f"{SAVE_PATH}/<token>")
    def save(token: str) -> ResponseReturnValue:
        object_ids = wallet.open_link(token, request.args.get("user", SOMEBODY))
        return saved_page([wallet.card(object_id) for object_id in object_ids])

    @app.errorhandler(SaveRefused)
    def save_refused(error: SaveRefused) -> ResponseReturnValue:
        return error_page(error.status, str(error))
