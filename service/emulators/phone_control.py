"""The phone emulator's control API over HTTP."""

from typing import Protocol

from flask import Flask, request
from flask.typing import ResponseReturnValue

from service.emulators.control import ControlRefused, control_app, json_object, problem
from service.emulators.pass_refused import PassRefused
from service.emulators.pass_rendering import NEWEST_IOS
from service.emulators.phone_requests import PKPASS_MEDIA_TYPE, ServerUnavailable
from service.emulators.phone_state import Phone, PhoneNotFound

ZIP_MAGIC = b"PK\x03\x04"

GUIDE = {
    "what": "iPhone emulator: control API",
    "POST /phones": {"language, ios": "optional, default en, 27; answers 201 with the phone's ids"},
    "GET /phones": "all phones",
    "GET /phones/{id}": "its passes as rendered, notifications, changes, refusals, protocol log",
    "POST /phones/{id}/add": f'a .pkpass as {PKPASS_MEDIA_TYPE}, or {{"url": "..."}}; 422: refused',
    "POST /phones/{id}/poll": {"serial": "optional: pull to refresh that pass only"},
    "DELETE /phones/{id}/passes/{serial}": "delete a pass",
}


class Phones(Protocol):
    """What the control API needs of the emulator."""

    def create_phone(self, language: str = "en", ios: int = NEWEST_IOS) -> Phone: ...
    def phones(self) -> list[Phone]: ...
    def add(self, phone_id: str, pkpass: bytes) -> dict[str, object]: ...
    def add_from_url(self, phone_id: str, url: str) -> dict[str, object]: ...
    def poll(self, phone_id: str, serial: str | None = None) -> list[str]: ...
    def delete(self, phone_id: str, serial: str) -> None: ...
    def view(self, phone_id: str) -> dict[str, object]: ...


def phone_control_app(phones: Phones) -> Flask:
    """Return the control API's app."""
    app = control_app("phone", GUIDE)
    _add_phone_routes(app, phones)
    _add_pass_routes(app, phones)
    _add_errors(app)
    return app


def _add_phone_routes(app: Flask, phones: Phones) -> None:
    @app.post("/phones")
    def create_phone() -> ResponseReturnValue:
        body = json_object(["language", "ios"], may_be_empty=True)
        language, ios = _text(body, "language") or "en", body.get("ios", NEWEST_IOS)
        if type(ios) is not int:
            raise ControlRefused(400, "invalid_value", "ios must be a number, like 26")
        return phones.create_phone(language, ios).introduce(), 201

    @app.get("/phones")
    def list_phones() -> ResponseReturnValue:
        return {"phones": [phone.introduce() for phone in phones.phones()]}

    @app.get("/phones/<phone_id>")
    def view_phone(phone_id: str) -> ResponseReturnValue:
        return phones.view(phone_id)


def _add_pass_routes(app: Flask, phones: Phones) -> None:
    @app.post("/phones/<phone_id>/add")
    def add_pass(phone_id: str) -> ResponseReturnValue:
        body = request.get_data()
        if request.mimetype == PKPASS_MEDIA_TYPE or body.startswith(ZIP_MAGIC):
            return phones.add(phone_id, body)
        url = _text(json_object(["url"]), "url")
        if url is None:
            raise ControlRefused(400, "url_missing", "url must be the link of a pass")
        return phones.add_from_url(phone_id, url)

    @app.post("/phones/<phone_id>/poll")
    def poll(phone_id: str) -> ResponseReturnValue:
        body = json_object(["serial"], may_be_empty=True)
        return {"replaced": phones.poll(phone_id, _text(body, "serial"))}

    @app.delete("/phones/<phone_id>/passes/<path:serial>")
    def delete_pass(phone_id: str, serial: str) -> ResponseReturnValue:
        phones.delete(phone_id, serial)
        return "", 204


def _add_errors(app: Flask) -> None:
    @app.errorhandler(PassRefused)
    def pass_refused(error: PassRefused) -> ResponseReturnValue:
        return problem(422, error.code, str(error))

    @app.errorhandler(PhoneNotFound)
    def phone_not_found(error: PhoneNotFound) -> ResponseReturnValue:
        return problem(404, "phone_not_found", str(error))

    @app.errorhandler(ServerUnavailable)
    def server_unavailable(error: ServerUnavailable) -> ResponseReturnValue:
        return problem(502, "server_unavailable", str(error))


def _text(body: dict[str, object], key: str) -> str | None:
    value = body.get(key)
    if value is None or isinstance(value, str):
        return value
    raise ControlRefused(400, "invalid_value", f"{key} must be a string")
