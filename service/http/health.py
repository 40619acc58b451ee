"""Is the process alive, can it serve, and what needs an operator?"""

import json
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response

from service.context import Context
from service.domain.certificates import State
from service.domain.halts import Halt
from service.http.contract import Call, answer, api, here
from service.http.models import Shown
from service.operations import deliveries, expiry, figures
from service.operations.expiry import NOBODY
from service.operations.runner import Answer

blueprint = Blueprint("health", __name__)


class CertificateOut(Shown):
    """An Apple certificate; `stage` only where nothing takes over before its end."""

    pass_type_id: str
    state: str
    active_from: datetime
    ends_at: datetime | None
    days_left: int | None
    stage: int | None
    passes: int
    devices: int


class HaltOut(Shown):
    """A pass type that is not pushed; what is owed is kept."""

    wallet: str
    type: str
    reason: str
    since: datetime
    until: datetime
    waiting: int


class HealthOut(Shown):
    """What an operator should know of the brand; `attention` is empty when all is well."""

    attention: list[str]
    certificates: list[CertificateOut]
    halts: list[HaltOut]
    stale_passes: int
    device_reports: dict[str, int]


@blueprint.get("/healthz")
def healthz() -> Response:
    """Alive: 200 as long as the process answers at all."""
    return Response('{"status":"ok"}', 200, content_type="application/json")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Ready: 200 when the database answers, else 503; `attention` makes nothing unready."""
    here().database.check()
    body = {"status": "ready", "attention": figures.attention(here())}
    return Response(json.dumps(body), 200, content_type="application/json")


@api.operation("GET", "/v1/health", scope="health:read", answers={200: HealthOut})
def read_health(call: Call) -> Answer:
    """Read what needs an operator: certificates before they end, refused pushes, phones behind."""
    context, brand_id = call.context, call.actor.brand_id
    return answer(
        HealthOut(
            attention=list(figures.attention(context, brand_id)),
            certificates=list(_certificates(context, brand_id)),
            halts=[_halt(each) for each in deliveries.halts(context, brand_id)],
            stale_passes=figures.stale(context).get(brand_id, 0),
            device_reports=figures.reports_of(context, brand_id),
        )
    )


def _certificates(context: Context, brand_id: UUID) -> Iterator[CertificateOut]:
    reached = expiry.recent_reach(context)
    for each in expiry.standings(context, brand_id):
        concerned = reached.get(each.type_id, NOBODY)
        yield CertificateOut(
            pass_type_id=each.type_id,
            state=each.state,
            active_from=each.certificate.active_from,
            ends_at=each.certificate.facts.ends_at,
            days_left=each.days_left,
            stage=each.stage,
            passes=concerned.passes,
            devices=concerned.devices,
        )
    for lost in expiry.unreadable(context, brand_id):
        concerned = reached.get(lost.type_id, NOBODY)
        yield CertificateOut(
            pass_type_id=lost.type_id,
            state=State.UNREADABLE,
            active_from=lost.active_from,
            ends_at=None,
            days_left=None,
            stage=None,
            passes=concerned.passes,
            devices=concerned.devices,
        )


def _halt(halt: Halt) -> HaltOut:
    return HaltOut(
        wallet=halt.wallet,
        type=halt.type_id,
        reason=halt.reason,
        since=halt.since,
        until=halt.until,
        waiting=halt.waiting,
    )
