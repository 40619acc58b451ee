"""Incoming webhooks of configured senders."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, request

from service.context import Context
from service.domain.errors import (
    CardNotFound,
    EventConflict,
    InvalidInput,
    SourceNotFound,
)
from service.domain.history import Actor
from service.domain.sources import Source
from service.http import json_body
from service.http.contract import digest, here, whole_body
from service.http.models import PointsIn
from service.http.points import event_of, points_out
from service.operations.access import source
from service.operations.points import PointsResult, keep_dead_letter, record
from service.operations.runner import retrying
from service.sources.standard_webhooks import verified_id

blueprint = Blueprint("sources", __name__)
LONGEST_EVENT_ID = 255
TYPES = ("points.changed", "account.changed")


@blueprint.post("/in/<source_id>")
def receive(source_id: str) -> Response:
    """Take a signed event: 200 with its outcome, 401 if the signature is not right."""
    raw = whole_body()
    context = here()
    sender = source(context, _uuid(source_id))
    webhook_id = verified_id(sender.secrets, dict(request.headers), raw)
    actor = Actor(sender.brand_id, f"source {sender.name}", "webhook", g.request_id)
    result = retrying(lambda: _received(context, actor, sender, webhook_id, raw))
    body = points_out(result).model_dump_json(exclude_unset=True)
    return Response(body, 200, content_type="application/json")


def _uuid(source_id: str) -> UUID:
    try:
        return UUID(source_id)
    except ValueError as error:
        raise SourceNotFound("There is no source with this id.") from error


def _received(
    context: Context, actor: Actor, sender: Source, webhook_id: str, raw: bytes
) -> PointsResult:
    # After a good signature the sender is never to blame: a 4xx would make it repeat for days.
    source_key = str(sender.id)
    event_id, body_digest = webhook_id, digest(raw.decode("utf-8", "replace"))
    try:
        data = _data(json_body.parse(raw), webhook_id)
        event_id, body_digest = _usable(data["event_id"], webhook_id), digest(data)
        event = event_of(json_body.validated(PointsIn, data), body_digest)
        return record(context, actor, source_key, event)
    except (InvalidInput, CardNotFound) as error:
        text = raw.decode("utf-8", "replace")
        kept = (event_id, body_digest)
        return keep_dead_letter(context, actor, source_key, kept, error.code, text)
    except EventConflict as error:
        return PointsResult.refused(error.code)


def _usable(event_id: object, webhook_id: str) -> str:
    is_usable = isinstance(event_id, str) and 1 <= len(event_id) <= LONGEST_EVENT_ID
    return str(event_id) if is_usable else webhook_id


def _data(envelope: Any, webhook_id: str) -> dict[str, Any]:
    """Return the event inside a Standard Webhooks body, with an id in any case."""
    if not isinstance(envelope, dict) or envelope.get("type") not in TYPES:
        raise InvalidInput(f"`type` is one of: {', '.join(TYPES)}.", [("type", "is not known")])
    if not isinstance(envelope.get("data"), dict):
        raise InvalidInput("`data` holds the event.", [("data", "must be an object")])
    return {"event_id": webhook_id, **envelope["data"]}
