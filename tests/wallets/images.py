"""Serves a design's images as the service does, for an emulator that fetches them."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, abort

from service.domain.designs import Design, image_digest
from service.emulators.control import ControlServer


@contextmanager
def served(design: Design) -> Iterator[str]:
    """Yield the base address under which the images are."""
    app = Flask("images")
    known = {image_digest(png): png for png in design.images.values()}

    @app.get("/images/<digest>.png")
    def image(digest: str) -> Response:
        if digest not in known:
            abort(404)
        return Response(known[digest], content_type="image/png")

    server = ControlServer(app)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()
