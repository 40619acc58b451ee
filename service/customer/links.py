"""The customer's link to a card."""

from flask import Blueprint, Response, current_app

from service.context import Context
from service.operations import passes
from service.operations.runner import retrying

blueprint = Blueprint("customer", __name__)


@blueprint.get("/add/<token>/apple.pkpass")
def apple_pass(token: str) -> Response:
    """Give out the card's Apple pass; the token in the address is the right to it."""
    context: Context = current_app.extensions["tessera"]
    signed = retrying(lambda: passes.offer_by_link(context, token))
    response = Response(signed.file, 200, content_type="application/vnd.apple.pkpass")
    response.headers["Content-Disposition"] = 'attachment; filename="card.pkpass"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
