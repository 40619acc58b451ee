"""Lists of classes and objects, page by page, and answers cut down to the fields asked for."""

import base64
import binascii
from urllib.parse import parse_qs

from service.emulators.google.checks import Json
from service.emulators.google.errors import invalid
from service.emulators.google.resources import Resources, check_access
from service.emulators.google.server import ApiRequest
from service.emulators.google.stored import CLASS, OBJECT, Kind, Stored, public


def listed(resources: Resources, kind: Kind, asked: ApiRequest, issuer_id: str) -> Json:
    """Return one page of an issuer's classes or of a class's objects, oldest first.

    Raises:
        GoogleRefused: no or a wrong owner, page size or token.
    """
    query = _query(asked)
    found = (
        _classes(resources, query, issuer_id)
        if kind is CLASS
        else _objects(resources, query, issuer_id)
    )
    start = _start(query.get("token"))
    size = _page_size(query.get("maxResults")) or len(found)
    page = found[start : start + size]
    pagination: Json = {"resultsPerPage": len(page)}
    if start + size < len(found):
        pagination["nextPageToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return {"resources": [public(kind, stored) for stored in page], "pagination": pagination}


def only_fields(body: Json, asked: ApiRequest) -> Json:
    """Return the top level fields that the request's `fields` names; all without it."""
    wanted = _query(asked).get("fields")
    if wanted is None or wanted == "*":
        return body
    names = {name.strip() for name in wanted.split(",")}
    return {name: value for name, value in body.items() if name in names}


def _query(asked: ApiRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(asked.query).items()}


def _classes(resources: Resources, query: dict[str, str], issuer_id: str) -> list[Stored]:
    wanted = query.get("issuerId")
    if wanted is None:
        raise invalid("issuerId is required.")
    # Only the issuer's part counts here; the check wants a whole id.
    check_access(f"{wanted}.any", issuer_id)
    prefix = f"{wanted}."
    return [each for each in resources.all(CLASS) if str(each.content["id"]).startswith(prefix)]


def _objects(resources: Resources, query: dict[str, str], issuer_id: str) -> list[Stored]:
    wanted = query.get("classId")
    if wanted is None:
        raise invalid("classId is required.")
    check_access(wanted, issuer_id)
    resources.get(CLASS, wanted)
    return [each for each in resources.all(OBJECT) if each.content["classId"] == wanted]


def _page_size(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) == 0:
        raise invalid("maxResults must be a whole number above 0.")
    return int(text)


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError):
        raise invalid("token is not one this list gave.") from None
