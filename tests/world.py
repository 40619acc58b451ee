"""A brand that is set up, on a clock that the test turns."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from service.app import create_app
from service.context import Context
from service.domain.brands import Mode
from service.domain.credentials import CertificateFiles
from service.domain.history import Actor
from service.domain.programs import Program
from service.emulators.certificates import Authority, Issued
from service.operations import access, certificates, programs
from service.settings import Settings
from service.wiring import opened, utc_now

PASS_TYPE = "pass.com.example.tests"
TEAM = "TESTTEAM01"


@dataclass
class Clock:
    """Says what time it is; moves only when told to, or freely with `offset` alone."""

    moved: timedelta = field(default_factory=timedelta)
    frozen_at: datetime | None = None

    def __call__(self) -> datetime:
        return (self.frozen_at or utc_now()) + self.moved

    def freeze(self) -> datetime:
        self.frozen_at = utc_now().replace(microsecond=0)
        return self.frozen_at

    def forward(self, **by: float) -> None:
        self.moved += timedelta(**by)


@dataclass
class Brand:
    """A brand with a points program and everything a caller needs."""

    id: UUID
    program: Program
    api_key: str
    source_id: UUID
    source_secret: str
    pass_type_id: str

    @property
    def actor(self) -> Actor:
        return Actor(self.id, "test", "api", "request-1", frozenset(access.SCOPES))


@dataclass
class World:
    context: Context
    clock: Clock
    brand: Brand
    client: FlaskClient
    authority: Authority
    kept: dict[str, Any] = field(default_factory=dict)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        """Call the API with the brand's key; header names take _ for -."""
        sent = {"Authorization": f"Bearer {self.brand.api_key}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body)
        return self.client.open(
            path, method=method, data=data, headers=sent, content_type="application/json"
        )

    def card(self, external_id: str = "m-1", points: int = 100, **more: Any) -> dict[str, Any]:
        """Return a member's card, made by a snapshot."""
        path = f"/v1/programs/{self.brand.program.id}/members/{external_id}"
        answer = self.call("PUT", path, {"balances": {"points": points}, **more})
        assert answer.status_code in (200, 201), answer.text
        shown: dict[str, Any] = answer.json
        return shown

    def points(self, event_id: str, card: dict[str, Any], **event: Any) -> dict[str, Any]:
        body = {"event_id": event_id, "card_number": card["number"], **event}
        answer = self.call("POST", "/v1/points", body)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json
        return shown

    def act(self, card: dict[str, Any], action: str, **body: str) -> TestResponse:
        return self.call("POST", f"/v1/cards/{card['id']}/{action}", body)

    def webhook(
        self, webhook_id: str, body: object, secret: str | None = None, **headers: str
    ) -> TestResponse:
        """Send a Standard Webhooks call of the brand's source."""
        raw = body if isinstance(body, str) else json.dumps(body)
        now = datetime.now(UTC)
        signature = Webhook(secret or self.brand.source_secret).sign(webhook_id, now, raw)
        signed = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        return self.client.post(
            f"/in/{self.brand.source_id}", data=raw, headers={**signed, **headers}
        )


@contextmanager
def built(settings: Settings, authority: Authority) -> Iterator[World]:
    clock = Clock()
    with opened(settings) as system:
        context = replace(system.context, now=clock)
        brand = a_brand(context, authority, "Tests", PASS_TYPE)
        app = create_app(context)
        yield World(context, clock, brand, app.test_client(), authority)


_certificates: dict[tuple[int, str], Issued] = {}


def _certificate(authority: Authority, pass_type_id: str) -> Issued:
    """Return the authority's certificate for a pass type, issued once: keys take long to make."""
    known = (id(authority), pass_type_id)
    if known not in _certificates:
        _certificates[known] = authority.pass_certificate(pass_type_id, TEAM, now=utc_now())
    return _certificates[known]


def files_of(issued: Issued, authority: Authority) -> CertificateFiles:
    """Return a certificate with key and intermediate, as an operator has them in three files."""
    return CertificateFiles(issued.certificate_pem, issued.key_pem, (authority.wwdr_pem,))


def a_brand(context: Context, authority: Authority, name: str, pass_type_id: str) -> Brand:
    """Set up a brand with one points program."""
    brand_id = programs.create_brand(context, name, Mode.TEST).id
    issued = _certificate(authority, pass_type_id)
    certificates.import_certificate(context, brand_id, files_of(issued, authority))
    program = programs.create_program(context, brand_id, "points")
    source_id, secret = programs.create_source(context, brand_id, "shop")
    key = access.create_key(context, brand_id, "tests", sorted(access.SCOPES))
    return Brand(brand_id, program, key, source_id, secret, pass_type_id)
