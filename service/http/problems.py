"""Errors as answers: RFC 9457 problems with stable codes, mapped here and nowhere else."""

import json
import logging
from http import HTTPStatus

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from service.domain import errors

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = "1"

# The first class that an error belongs to gives its status.
STATUS_OF: dict[type[errors.ServiceError], int] = {
    errors.UnsupportedMedia: 415,
    errors.BodyTooLarge: 413,
    errors.InvalidInput: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.TooManyCalls: 429,
    errors.IdempotencyMismatch: 422,
    errors.StaleCard: 412,
    errors.Conflict: 409,
    errors.Unavailable: 503,
    errors.ServiceError: 500,
}
WITH_RETRY_AFTER = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}
# What the web framework itself refuses, before any of our code is asked.
FRAMEWORK_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def status_of(error: type[errors.ServiceError]) -> int:
    return next(status for known, status in STATUS_OF.items() if issubclass(error, known))


def problem(status: int, code: str, detail: str, faults: list[dict[str, str]]) -> Response:
    """Return a problem+json answer; `faults` lists the fields that are wrong."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if faults:
        body["errors"] = faults
    response = Response(json.dumps(body), status, content_type=MEDIA_TYPE)
    if status in WITH_RETRY_AFTER or code == errors.IdempotencyInProgress.code:
        response.headers["Retry-After"] = RETRY_AFTER_S
    if status == HTTPStatus.UNAUTHORIZED and request.path.startswith("/v1/"):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def install(app: Flask) -> None:
    """Make every error of the app answer with a problem."""
    app.register_error_handler(errors.ServiceError, _expected)
    app.register_error_handler(HTTPException, _framework)
    app.register_error_handler(Exception, _unexpected)


def _expected(error: errors.ServiceError) -> Response:
    status = status_of(type(error))
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request %s: %s", g.get("request_id"), error.detail)
        return problem(500, errors.InternalError.code, "An operator must look into this.", [])
    faults = error.faults if isinstance(error, errors.InvalidInput) else ()
    listed = [{"field": field, "problem": text} for field, text in faults]
    return problem(status, error.code, error.detail, listed)


def _framework(error: HTTPException) -> Response:
    status = error.code or 500
    code = FRAMEWORK_CODES.get(status, "invalid_request")
    answer = problem(status, code, error.description or "", [])
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> Response:
    log.exception("request %s failed", g.get("request_id"), exc_info=error)
    return problem(500, errors.InternalError.code, "Something went wrong on our side.", [])
