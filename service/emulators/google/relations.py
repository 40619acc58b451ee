"""What a class or object owes to what is stored already: review, its class, its links.

Sources: docs/sources.md, g-2 and g-3.
"""

from collections.abc import Callable
from http import HTTPStatus

from service.emulators.google.checks import Json
from service.emulators.google.errors import GoogleRefused, invalid, not_found
from service.emulators.google.stored import CLASS, OBJECT, Kind, Stored

Look = Callable[[Kind, str], Stored | None]


def settle(kind: Kind, before: Json, content: Json, look: Look) -> Json:
    """Return the content as it is stored after the change from `before`.

    Raises:
        GoogleRefused: its review, class or links do not allow it.
    """
    if kind is CLASS:
        return {**content, "reviewStatus": _review(before.get("reviewStatus"), content)}
    _check_class(content, look)
    _check_links(content, look)
    return content


def check_review(body: Json) -> None:
    """Check that a body asks for no review status that only Google gives.

    Raises:
        GoogleRefused: 400, for example an APPROVED echoed back.
    """
    status = body.get("reviewStatus")
    if status not in (None, "DRAFT", "UNDER_REVIEW"):
        raise invalid(f"Invalid review status {status}: only DRAFT and UNDER_REVIEW may be set.")


def issuer_of(resource_id: object) -> str:
    """Return the issuer id a resource id begins with; the rest may hold dots of its own."""
    return str(resource_id).partition(".")[0]


def _review(before: object, content: Json) -> object:
    wanted = content["reviewStatus"]
    if wanted == "DRAFT" and before not in (None, "DRAFT"):
        raise invalid("A class that has left DRAFT cannot go back to it.")
    return "APPROVED" if wanted == "UNDER_REVIEW" else wanted


def _check_class(content: Json, look: Look) -> None:
    class_id = str(content["classId"])
    if issuer_of(class_id) != issuer_of(content["id"]):
        raise GoogleRefused(HTTPStatus.FORBIDDEN, "permissionDenied", "Permission denied.")
    stored = look(CLASS, class_id)
    if stored is None:
        raise not_found(f"The class {class_id} was not found.", CLASS.missing)
    if stored.content["reviewStatus"] == "DRAFT":
        raise invalid(f"The class {class_id} is a draft: it cannot have objects.")


def _check_links(content: Json, look: Look) -> None:
    linked = content.get("linkedObjectIds")
    for object_id in linked if isinstance(linked, list) else []:
        if object_id == content["id"] or issuer_of(object_id) != issuer_of(content["id"]):
            raise invalid(f"linkedObjectIds: {object_id} is itself or of another issuer.")
        stored = look(OBJECT, str(object_id))
        if stored is None:
            raise not_found(f"The object {object_id} was not found.", OBJECT.missing)
        if stored.content.get("linkedObjectIds"):
            raise invalid(f"linkedObjectIds: {object_id} links to others itself.")
