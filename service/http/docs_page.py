"""The page `/docs`: the API's contract for people, drawn on the server without any script."""

import base64
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from service.http.contract import here
from service.http.docs_outline import groups, problems
from service.http.openapi import document

blueprint = Blueprint("docs_page", __name__)
TICKED = re.compile(r"`([^`]+)`")
# A string with a colon after it is a key.
TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(:)?|(?<=[\s\[])(?:true|false|null|-?\d+)(?=[,\s\]}])')
MARKED = Markup('<span class="{}">{}</span>')
HEADERS = {
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


@blueprint.get("/docs")
def docs() -> Response:
    """The contract as a page; a browser that has it is answered 304."""
    context = here()
    html, style = _page(context.templates / "api", context.settings.base_url)
    response = Response(html, 200, content_type="text/html; charset=utf-8")
    response.headers.update(HEADERS)
    response.headers["Content-Security-Policy"] = _policy(style)
    response.add_etag()
    response.make_conditional(request)
    return response


@cache
def _page(folder: Path, base_url: str) -> tuple[str, str]:
    """Return the page and its style: neither changes while the process lives."""
    contract = document(base_url)
    style = (folder / "docs.css").read_text(encoding="utf-8")
    parts = groups(contract, base_url)
    html = (
        _environment(folder)
        .get_template("docs.html")
        .render(
            info=contract["info"],
            groups=parts,
            problems=problems(parts),
            style=Markup(style),  # noqa: S704  # our own file
            base_url=base_url,
        )
    )
    return html, style


def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"ticked": _ticked, "colored": _colored}
    return environment


def _policy(style: str) -> str:
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'"
    return f"{allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def _ticked(text: str) -> Markup:
    """Return the text with what stands between backticks as code."""
    return Markup(TICKED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped


def _colored(text: str) -> Markup:
    """Return JSON, or a call that holds some, with its parts marked for the style."""
    marked, end = Markup(), 0
    for token in TOKEN.finditer(text):
        kind = "value" if token[1] is None else "key" if token[2] else "text"
        marked += escape(text[end : token.start()]) + MARKED.format(kind, token[0])
        end = token.end()
    return marked + escape(text[end:])
