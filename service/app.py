"""The web application: edges put together around a context."""

from flask import Flask, Response, g
from uuid_utils.compat import uuid7

from service.context import Context
from service.customer import images, links
from service.http import (
    accounts,
    apple_devices,
    card_lists,
    cards,
    docs_page,
    health,
    lookup,
    members,
    openapi,
    points,
    problems,
    sources,
)
from service.http.contract import api

# Importing them declares their operations.
DECLARED = (cards, card_lists, members, accounts, points, lookup)


def create_app(context: Context) -> Flask:
    """Return the WSGI application that serves `context`."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # it would redirect to a host that a proxy does not know
    app.extensions["tessera"] = context
    app.before_request(_begin)
    app.after_request(_finish)
    problems.install(app)
    for blueprint in (
        api.blueprint,
        sources.blueprint,
        apple_devices.blueprint,
        links.blueprint,
        images.blueprint,
        openapi.blueprint,
        docs_page.blueprint,
        health.blueprint,
    ):
        app.register_blueprint(blueprint)
    return app


def _begin() -> None:
    g.request_id = str(uuid7())


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
