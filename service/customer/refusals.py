"""Errors on a customer's link: a page for a browser, the problem itself for anything else."""

from http import HTTPStatus
from urllib.parse import quote

from flask import Response, request

from service.customer import pages
from service.domain.errors import PassUnavailable

LINKS, BUNDLES = "/add/", "/add/all/"
PROBLEM = "application/problem+json"


def shown(answer: Response) -> Response:
    """Return the answer as its reader understands it, private if it is about a link."""
    if not request.path.startswith(LINKS):
        return answer
    if answer.mimetype == PROBLEM and is_browser():
        answer = _page(answer)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def is_browser() -> bool:
    """Say whether HTML was asked for by name; phones and scripts send `*/*`."""
    named = [quality for kind, quality in request.accept_mimetypes if kind == "text/html"]
    return any(quality > 0 for quality in named)


def _page(problem: Response) -> Response:
    token, _, wallet = request.path.removeprefix(LINKS).partition("/")
    again, is_bundle = pages.address_of(quote(request.path)), request.path.startswith(BUNDLES)
    page = pages.rendered(
        _template(problem),
        pages.language(),
        problem.status_code,
        again=again,
        card=again if is_bundle else pages.path_of(token),
        is_card_page=is_bundle or not wallet,
    )
    for name in ("Retry-After", "Allow"):
        if name in problem.headers:
            page.headers[name] = problem.headers[name]
    return page


def _template(problem: Response) -> str:
    if problem.status_code == HTTPStatus.NOT_FOUND:
        return "not_found.html"
    if problem.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return "refused.html"
    if problem.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
        return "failed.html"
    is_wallet = problem.get_json()["code"] == PassUnavailable.code
    return "wallet_away.html" if is_wallet else "busy.html"
