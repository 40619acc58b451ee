"""All loyalty classes and objects, and everything Google allows to be done to them.

One lock guards them; it is never held while an image is fetched.
"""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus

from service.emulators.control import Clock
from service.emulators.google.checks import Json, check_shape
from service.emulators.google.errors import GoogleRefused, invalid, not_found
from service.emulators.google.images import Images, image_urls
from service.emulators.google.notices import check_budget, told_changes
from service.emulators.google.relations import check_review, settle
from service.emulators.google.rules import check_rules
from service.emulators.google.state import StateDatabase
from service.emulators.google.stored import CLASS, KINDS, OBJECT, Kind, Stored, merged

RESOURCE_ID = re.compile(r"(\d{1,20})\.[A-Za-z0-9._-]+")
FORBIDDEN = HTTPStatus.FORBIDDEN

Change = Callable[[Stored | None], Stored]


class Resources:
    """The classes and objects of all issuers; every content handed out is to be read only."""

    def __init__(self, state: StateDatabase, images: Images, now: Clock) -> None:
        self._state = state
        self._images = images
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[Kind, dict[str, Stored]] = {
            kind: {name: Stored.from_json(saved) for name, saved in state.load(kind.path).items()}
            for kind in KINDS.values()
        }
        self.may_use_merchant_locations = False

    def insert(self, kind: Kind, issuer_id: str, body: Json) -> Stored:
        """Create a class or object.

        Raises:
            GoogleRefused: the id is taken, or the content breaks a rule.
        """
        _check_body(kind, body)
        resource_id = str(body.get("id", ""))
        check_access(resource_id, issuer_id)

        def create(before: Stored | None) -> Stored:
            if before is not None:
                message = f"The {kind.noun} {resource_id} already exists."
                raise GoogleRefused(HTTPStatus.CONFLICT, "existingResource", message)
            content = merged({}, body)
            content.pop("notifyPreference", None)
            return Stored(self._settled(kind, {}, content))

        return self._commit(kind, resource_id, create)

    def patch(self, kind: Kind, resource_id: str, body: Json) -> Stored:
        """Change what the body names.

        Raises:
            GoogleRefused: it is not there, a rule is broken, or its notifications are used up.
        """
        return self._update(kind, resource_id, body, lambda before: merged(before, body))

    def replace(self, kind: Kind, resource_id: str, body: Json) -> Stored:
        """Put the body in place of what is there; refusals as for `patch`."""
        return self._update(kind, resource_id, body, lambda _: merged({}, body))

    def add_message(self, kind: Kind, resource_id: str, body: Json) -> Stored:
        """Append a message, which may make phones notify.

        Raises:
            GoogleRefused: it is not there, there are ten, or its notifications are used up.
        """
        check_shape(body, "AddMessageRequest")
        wanted = merged({}, body)
        check_rules(wanted, "AddMessageRequest")
        message = wanted["message"]

        def append(before: Stored | None) -> Stored:
            stored = _present(before, kind, resource_id)
            messages = stored.content.get("messages")
            earlier = messages if isinstance(messages, list) else []
            content = {**stored.content, "messages": [*earlier, message]}
            check_rules(content, kind.schema)
            return self._with_message(kind, replace(stored, content=content), message)

        return self._commit(kind, resource_id, append)

    def get(self, kind: Kind, resource_id: str) -> Stored:
        """Return a class or object.

        Raises:
            GoogleRefused: 404, it is not there.
        """
        return _present(self.find(kind, resource_id), kind, resource_id)

    def find(self, kind: Kind, resource_id: str) -> Stored | None:
        """Return a class or object, or None."""
        with self._lock:
            return self._kept[kind].get(resource_id)

    def all(self, kind: Kind) -> list[Stored]:
        """Return all classes or objects, oldest first."""
        with self._lock:
            return list(self._kept[kind].values())

    def hold(self, object_id: str, holders: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Stored:
        """Change who has saved an object.

        Raises:
            GoogleRefused: 404, it is not there.
        """

        def change(before: Stored | None) -> Stored:
            stored = _present(before, OBJECT, object_id)
            return replace(stored, holders=holders(stored.holders))

        return self._commit(OBJECT, object_id, change)

    def _update(
        self, kind: Kind, resource_id: str, body: Json, content_from: Callable[[Json], Json]
    ) -> Stored:
        _check_body(kind, body)
        if body.get("id") not in (None, resource_id):
            raise invalid(f"Invalid resource ID: the body says {body['id']}.")

        def change(before: Stored | None) -> Stored:
            stored = _present(before, kind, resource_id)
            content = content_from(stored.content)
            preference = content.pop("notifyPreference", None)
            after = replace(stored, content=self._settled(kind, stored.content, content))
            is_told = preference == "NOTIFY_ON_UPDATE"
            return self._with_update(kind, stored, after) if is_told else after

        return self._commit(kind, resource_id, change)

    def _commit(self, kind: Kind, resource_id: str, change: Change) -> Stored:
        while True:
            with self._lock:
                before = self._kept[kind].get(resource_id)
                after = change(before)
                unknown = self._images.unknown(_new_images(kind, before, after))
                if not unknown:
                    self._keep(kind, resource_id, after)
                    self._pass_on(kind, resource_id, before, after)
                    return after
            self._images.fetch(unknown)

    def _keep(self, kind: Kind, resource_id: str, stored: Stored) -> None:
        self._state.put(kind.path, resource_id, stored.to_json())
        self._kept[kind][resource_id] = stored

    def _settled(self, kind: Kind, before: Json, content: Json) -> Json:
        check_rules(content, kind.schema)
        if "merchantLocations" in content and not self.may_use_merchant_locations:
            raise invalid("Issuer not allowlisted for Merchant Locations. Please contact support.")
        return settle(kind, before, content, self._look)

    def _look(self, kind: Kind, resource_id: str) -> Stored | None:
        return self._kept[kind].get(resource_id)

    def _with_update(self, kind: Kind, before: Stored, after: Stored) -> Stored:
        changes = told_changes(kind, before.content, after.content)
        if not changes or not self._is_saved(kind, after):
            return after
        subject = f"updating {kind.noun} {after.content['id']} with NOTIFY_ON_UPDATE"
        check_budget(before.notes, "update", self._now(), subject)
        return after.noted("update", self._now(), changes=changes)

    def _with_message(self, kind: Kind, stored: Stored, message: object) -> Stored:
        if not isinstance(message, dict) or message.get("messageType") != "TEXT_AND_NOTIFY":
            return stored
        if not self._is_saved(kind, stored):
            return stored
        subject = f"adding TEXT_AND_NOTIFY message to {kind.noun} {stored.content['id']}"
        check_budget(stored.notes, "message", self._now(), subject)
        words = {name: message.get(name) for name in ("header", "body")}
        return stored.noted("message", self._now(), **words)

    def _is_saved(self, kind: Kind, stored: Stored) -> bool:
        if kind is OBJECT:
            return bool(stored.holders)
        return any(True for _ in self._holders_of(str(stored.content["id"])))

    def _pass_on(self, kind: Kind, resource_id: str, before: Stored | None, after: Stored) -> None:
        """Note what a class tells on each of its saved objects, apart from their own budget."""
        if kind is OBJECT or before is None or before.notes == after.notes:
            return
        note = {**after.notes[-1], "what": f"class_{after.notes[-1]['what']}"}
        for object_id, stored in list(self._holders_of(resource_id)):
            told = replace(stored, notes=(*stored.notes, note))
            self._keep(OBJECT, object_id, told)

    def _holders_of(self, class_id: str) -> Iterator[tuple[str, Stored]]:
        for object_id, stored in self._kept[OBJECT].items():
            if stored.holders and stored.content["classId"] == class_id:
                yield object_id, stored


def check_access(resource_id: str, issuer_id: str) -> None:
    """Check that an id is well formed and belongs to the issuer.

    Raises:
        GoogleRefused: 400 or 403.
    """
    match = RESOURCE_ID.fullmatch(resource_id)
    if match is None:
        raise invalid(f"Invalid resource ID: {resource_id:.100}.")
    if match.group(1) != issuer_id:
        raise GoogleRefused(FORBIDDEN, "permissionDenied", "Permission denied.")


def _check_body(kind: Kind, body: Json) -> None:
    check_shape(body, kind.schema)
    if kind is CLASS:
        check_review(body)


def _present(stored: Stored | None, kind: Kind, resource_id: str) -> Stored:
    if stored is None:
        raise not_found(f"The {kind.noun} {resource_id} was not found.", kind.missing)
    return stored


def _new_images(kind: Kind, before: Stored | None, after: Stored) -> set[str]:
    known = image_urls(before.content, kind.schema) if before else set()
    return image_urls(after.content, kind.schema) - known
