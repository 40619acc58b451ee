"""The web application: edges put together around a context."""

from flask import Flask, Response, g
from uuid_utils.compat import uuid7
from werkzeug.middleware.proxy_fix import ProxyFix

from service.context import Context
from service.customer import images, links
from service.http import (
    accounts,
    apple_devices,
    card_lists,
    cards,
    designs,
    docs_page,
    health,
    lookup,
    members,
    metrics,
    openapi,
    points,
    problems,
    roll_outs,
    sources,
)
from service.http.contract import api

# Importing them declares their operations.
DECLARED = (designs, roll_outs, cards, card_lists, members, accounts, points, lookup, health)


def create_app(context: Context) -> Flask:
    """Return the WSGI application that serves `context`."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # it would redirect to a host that a proxy does not know
    app.extensions["tessera"] = context
    if context.settings.proxies:
        # Of what they forward only the caller's address is taken, and only as many as are there.
        behind = ProxyFix(app.wsgi_app, x_for=context.settings.proxies, x_proto=0)
        app.wsgi_app = behind  # type: ignore[method-assign]  # as Flask's own page shows it
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
        metrics.blueprint,
    ):
        app.register_blueprint(blueprint)
    return app


def create_metrics_app(context: Context) -> Flask:
    """Return the WSGI application that serves `/metrics` and nothing else, on a port of its own."""
    app = Flask(__name__, static_folder=None)
    app.extensions["tessera"] = context
    problems.install(app)
    app.register_blueprint(metrics.alone)
    return app


def _begin() -> None:
    g.request_id = str(uuid7())


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
