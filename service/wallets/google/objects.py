"""Brings Google's copy of a pass up to date: the class first, then the object.

PATCH, if it is missing insert it, if it is there after all PATCH (docs/sources.md, g-9). Every call
carries the whole pass as it is now, so repeating one is harmless.
"""

import threading
from typing import Any

from service.domain.designs import Design
from service.domain.passes import PassContent
from service.wallets.google.answers import EXISTS, NOT_FOUND, is_over_budget, lacks_class
from service.wallets.google.client import GoogleAnswer, GoogleClient
from service.wallets.google.content import (
    STATES,
    Body,
    class_id,
    loyalty_class,
    loyalty_object,
    without_empty,
)

CLASS, OBJECT = "loyaltyClass", "loyaltyObject"
ALREADY_SO = GoogleAnswer(200)


class GoogleObjects:
    """Classes and objects of one issuer. Safe to use from several threads."""

    def __init__(self, client: GoogleClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._classes: dict[str, Body] = {}

    def put(self, content: PassContent, design: Design, until: float) -> GoogleAnswer:
        """Make Google's object what the content says, wherever it is now.

        Phones are notified if the balance changed; over Google's budget the change goes silently.

        Raises:
            InvalidInput: the design lacks what Google asks for.
        """
        ensured = self._ensure_class(content, design, until)
        if not ensured.is_good:
            return ensured
        answer = self._patch(content, design, until)
        if answer.status == NOT_FOUND:
            answer = self.insert(content, design, until)
        if answer.status == EXISTS:
            answer = self._patch(content, design, until)
        return answer

    def insert(self, content: PassContent, design: Design, until: float) -> GoogleAnswer:
        """Add the object if Google does not have it; 409 if it does, and nothing changes.

        Raises:
            InvalidInput: the design lacks what Google asks for.
        """
        ensured = self._ensure_class(content, design, until)
        if not ensured.is_good:
            return ensured
        body = without_empty(loyalty_object(content, design))
        answer = self._client.call("POST", OBJECT, body, until)
        if lacks_class(answer):
            self._forget_class(content)
            ensured = self._ensure_class(content, design, until)
            answer = self._client.call("POST", OBJECT, body, until) if ensured.is_good else ensured
        return answer

    def knows_class(self, content: PassContent, design: Design) -> bool:
        """Say whether this process has seen Google take the class as it is now."""
        with self._lock:
            return self._classes.get(class_id(content)) == loyalty_class(content, design)

    def _patch(self, content: PassContent, design: Design, until: float) -> GoogleAnswer:
        body = loyalty_object(content, design)
        loud: dict[str, Any] = {**body, "notifyPreference": "NOTIFY_ON_UPDATE"}
        may_notify = STATES[content.status] == "ACTIVE"
        sent = loud if may_notify else body
        answer = self._client.call("PATCH", OBJECT, sent, until, content.serial)
        if is_over_budget(answer):
            answer = self._client.call("PATCH", OBJECT, body, until, content.serial)
        return answer

    def _ensure_class(self, content: PassContent, design: Design, until: float) -> GoogleAnswer:
        body = loyalty_class(content, design)
        name = class_id(content)
        with self._lock:
            if self._classes.get(name) == body:
                return ALREADY_SO
        answer = self._client.call("PATCH", CLASS, body, until, name)
        if answer.status == NOT_FOUND:
            answer = self._client.call("POST", CLASS, without_empty(body), until)
        if answer.is_good or answer.status == EXISTS:
            with self._lock:
                self._classes[name] = body
            return ALREADY_SO
        return answer

    def _forget_class(self, content: PassContent) -> None:
        with self._lock:
            self._classes.pop(class_id(content), None)
