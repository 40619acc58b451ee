"""Brings Google's copy of a pass up to date: the class first, then the object.

PATCH, if it is missing insert it, if it is there after all PATCH (docs/sources.md, g-9). Every call
carries the whole pass as it is now, so repeating one is harmless.
"""

import time
from typing import Any

from service.domain.designs import Design
from service.domain.passes import PassContent
from service.wallets.google.answers import EXISTS, NOT_FOUND, is_over_budget
from service.wallets.google.classes import KnownClasses
from service.wallets.google.client import NO_TURN, GoogleAnswer, GoogleClient, Limit
from service.wallets.google.content import (
    STATES,
    class_id,
    loyalty_class,
    loyalty_object,
    without_empty,
)

CLASS, OBJECT = "loyaltyClass", "loyaltyObject"
CLASS_WAIT_S = 1.0


class GoogleObjects:
    """Classes and objects of one issuer. Safe to use from several threads."""

    def __init__(self, client: GoogleClient) -> None:
        self._client = client
        self._classes = KnownClasses()

    def put(self, content: PassContent, design: Design, limit: Limit) -> GoogleAnswer:
        """Make Google's object what the content says, wherever it is now.

        Phones are notified if the balance changed; over Google's budget the change goes silently.

        Raises:
            InvalidInput: the design lacks what Google asks for.
        """
        ensured = self._ensure_class(content, design, limit)
        # A class that Google refuses must not keep a block from the object that is there.
        answer = self._patch(content, design, limit)
        if answer.status == NOT_FOUND:
            answer = self.insert(content, design, limit) if ensured.is_good else ensured
        if answer.status == EXISTS:
            answer = self._patch(content, design, limit)
        return answer

    def insert(self, content: PassContent, design: Design, limit: Limit) -> GoogleAnswer:
        """Add the object if Google does not have it; 409 if it does, and nothing changes.

        Raises:
            InvalidInput: the design lacks what Google asks for.
        """
        ensured = self._ensure_class(content, design, limit)
        if not ensured.is_good:
            return ensured
        body = without_empty(loyalty_object(content, design))
        answer = self._client.call("POST", OBJECT, body, limit)
        if answer.status == NOT_FOUND:  # the class is not there, whatever was known of it
            self._classes.forget(class_id(content))
            ensured = self._ensure_class(content, design, limit)
            answer = self._client.call("POST", OBJECT, body, limit) if ensured.is_good else ensured
        return answer

    def knows_class(self, content: PassContent, design: Design) -> bool:
        """Say whether Google was seen, not long ago, to take the class as it is now."""
        name, body = class_id(content), loyalty_class(content, design)
        known = self._classes.last_answer(name, body, time.monotonic())
        return known is not None and known.is_good

    def _patch(self, content: PassContent, design: Design, limit: Limit) -> GoogleAnswer:
        body = loyalty_object(content, design)
        loud: dict[str, Any] = {**body, "notifyPreference": "NOTIFY_ON_UPDATE"}
        may_notify = STATES[content.status] == "ACTIVE"
        sent = loud if may_notify else body
        answer = self._client.call("PATCH", OBJECT, sent, limit, content.serial)
        if is_over_budget(answer):
            answer = self._client.call("PATCH", OBJECT, body, limit, content.serial)
        return answer

    def _ensure_class(self, content: PassContent, design: Design, limit: Limit) -> GoogleAnswer:
        """Bring the class up to date, unless it is known to be; one thread at a time does it."""
        body, name = loyalty_class(content, design), class_id(content)
        began = time.monotonic()
        with self._classes.sole_use(name, min(CLASS_WAIT_S, limit.left_s)) as is_mine:
            known = self._classes.last_answer(name, body, began)
            if known is not None:
                return known
            if not is_mine:
                return GoogleAnswer(NO_TURN, "noTurn", "another call is about the class", 1.0)
            answer = self._client.call("PATCH", CLASS, body, limit, name)
            if answer.status == NOT_FOUND:
                answer = self._client.call("POST", CLASS, without_empty(body), limit)
            if answer.status == EXISTS:
                answer = self._client.call("PATCH", CLASS, body, limit, name)
            self._classes.remember(name, body, answer)
            return answer
