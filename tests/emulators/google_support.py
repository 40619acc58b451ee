"""What the tests of the Google emulator share: an issuer using google-auth, and a picture host."""

import itertools
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from google.auth import crypt
from google.auth import jwt as google_jwt
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.service_account import Credentials

from service.emulators.certificates import Authority, Issued
from service.emulators.google.accounts import SCOPE
from service.emulators.google.emulator import GoogleEmulator

ISSUER_ID = "3388000000022000001"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
JPEG = b"\xff\xd8\xff\xe0" + bytes(32)
NUMBERS = itertools.count(1)


class Issuer:
    """One issuer's client: the unmodified google-auth, trusting the test authority."""

    def __init__(
        self, wallet: GoogleEmulator, authority: Authority, issuer_id: str = ISSUER_ID
    ) -> None:
        self.issuer_id = issuer_id
        self.base = f"{wallet.api_url}/walletobjects/v1"
        self.save_url = wallet.save_url
        self.key_file = wallet.service_account(issuer_id)
        self._folder = tempfile.TemporaryDirectory()
        self.root = Path(self._folder.name) / "root.pem"
        self.root.write_bytes(authority.root_pem)
        self.plain = requests.Session()
        self.credentials = Credentials.from_service_account_info(self.key_file, scopes=[SCOPE])
        self.session = AuthorizedSession(self.credentials, auth_request=Request(self.plain))
        for session in (self.plain, self.session):
            # A bundle or proxy named in the environment would win over `verify`.
            session.trust_env = False
            session.verify = str(self.root)

    def close(self) -> None:
        self.session.close()
        self.plain.close()
        self._folder.cleanup()

    def send(self, method: str, path: str, body: object = None, **more: Any) -> requests.Response:
        more.setdefault("timeout", 10)
        return self.session.request(method, f"{self.base}/{path}", json=body, **more)

    def sent(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        reply = self.send(method, path, body)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def new_id(self) -> str:
        return f"{self.issuer_id}.n{next(NUMBERS)}"

    def a_class(self, **changes: object) -> dict[str, Any]:
        return self.sent("POST", "loyaltyClass", class_content(self.new_id(), **changes))

    def an_object(self, **changes: object) -> dict[str, Any]:
        class_id = changes.pop("classId", None) or self.a_class()["id"]
        content = object_content(self.new_id(), class_id, **changes)
        return self.sent("POST", "loyaltyObject", content)

    def a_saved_object(self, **changes: object) -> dict[str, Any]:
        made = self.an_object(**changes)
        assert self.opened(self.link({"id": made["id"], "classId": made["classId"]})).ok
        return made

    def link(self, *objects: object, **claims: object) -> str:
        content = {
            "iss": self.key_file["client_email"],
            "aud": "google",
            "typ": "savetowallet",
            "iat": 1_700_000_000,
            "payload": {"loyaltyObjects": list(objects)},
            **claims,
        }
        return f"{self.save_url}/{self.signed(content)}"

    def signed(self, claims: dict[str, object]) -> str:
        signer = crypt.RSASigner.from_service_account_info(self.key_file)
        return google_jwt.encode(signer, claims).decode()

    def opened(self, link: str, user: str | None = None) -> requests.Response:
        return self.plain.get(link, params={"user": user} if user else None, timeout=10)


def class_content(class_id: str, **changes: object) -> dict[str, Any]:
    content = {
        "id": class_id,
        "issuerName": "Kopi",
        "programName": "Kopi Club",
        "programLogo": shared_pictures().image("/png-of-all"),
        "reviewStatus": "UNDER_REVIEW",
        **changes,
    }
    return {name: value for name, value in content.items() if value is not ...}


def object_content(object_id: str, class_id: object, **changes: object) -> dict[str, Any]:
    content = {
        "id": object_id,
        "classId": class_id,
        "state": "ACTIVE",
        "accountId": "K-100",
        "loyaltyPoints": {"label": "Points", "balance": {"int": 120}},
        "barcode": {"type": "QR_CODE", "value": "K-100", "alternateText": "K-100"},
        **changes,
    }
    return {name: value for name, value in content.items() if value is not ...}


def points(balance: int) -> dict[str, object]:
    return {"loyaltyPoints": {"balance": {"int": balance}}}


def told(balance: int) -> dict[str, object]:
    return {**points(balance), "notifyPreference": "NOTIFY_ON_UPDATE"}


def reason(reply: requests.Response) -> tuple[int, str]:
    """Check Google's error shape and return the status and the reason."""
    error = reply.json()["error"]
    assert error["code"] == reply.status_code
    assert error["status"].isupper()
    assert error["errors"][0]["message"] == error["message"]
    assert error["errors"][0]["domain"]
    return reply.status_code, error["errors"][0]["reason"]


class PictureHost:
    """A web server with pictures and things that are none; `hits` are the paths asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.hits: list[str] = []

    def image(self, path: str) -> dict[str, object]:
        return {"sourceUri": {"uri": f"{self.url}{path}"}}

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        self.hits.append(path)
        if path.startswith("/png"):
            return 200, {}, PNG
        if path.startswith("/jpeg"):
            return 200, {}, JPEG
        if path == "/moved":
            return 302, {"Location": "/png-moved"}, b""
        if path == "/page":
            return 200, {}, b"<html>"
        if path == "/large":
            return 200, {}, PNG + bytes(6_000_000)
        return 404, {}, b""


@contextmanager
def picture_host(issued: Issued | None = None) -> Iterator[PictureHost]:
    """Serve pictures on loopback, over https with a certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = host.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "http" if issued is None else "https"
    if issued is not None:
        server.socket = _tls(issued).wrap_socket(server.socket, server_side=True)
    host = PictureHost(f"{scheme}://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield host
    server.shutdown()
    thread.join()
    server.server_close()


@cache
def shared_pictures() -> PictureHost:
    """Serve pictures for as long as the process lives: every class needs a logo."""
    return ExitStack().enter_context(picture_host())


def _tls(issued: Issued) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "chain.pem"
        chain.write_bytes(issued.certificate_pem + issued.key_pem)
        context.load_cert_chain(chain)
    return context
