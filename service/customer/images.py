"""Images of designs, for pages and for Google, which fetches them without any right."""

import re

from flask import Blueprint, Response, current_app

from service.context import Context
from service.domain.errors import ImageNotFound
from service.operations import designs

blueprint = Blueprint("images", __name__)
DIGEST = re.compile(r"[0-9a-f]{64}")
A_YEAR_S = 365 * 24 * 3600


@blueprint.get("/images/<digest>.png")
def image(digest: str) -> Response:
    """Give out an image by its SHA-256: under this address there will never be another one."""
    context: Context = current_app.extensions["tessera"]
    if not DIGEST.fullmatch(digest):
        raise ImageNotFound("There is no such image.")
    response = Response(designs.image(context, digest), 200, content_type="image/png")
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR_S}, immutable"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
