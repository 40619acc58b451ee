"""Is the process alive, and can it serve?"""

from flask import Blueprint, Response

from service.http.contract import here

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Alive: 200 as long as the process answers at all."""
    return Response('{"status":"ok"}', 200, content_type="application/json")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Ready: 200 when the database answers, else 503."""
    here().database.check()
    return Response('{"status":"ready"}', 200, content_type="application/json")
