"""Where all connections of the APNs emulator get their answers, and faults are ordered.

Everything here runs in the emulator's event loop thread only, so nothing needs a lock.
"""

import queue
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from service.emulators.apns_rules import ACCEPTED, Answer, PushRequest, refusal
from service.emulators.apns_settings import ANY_DEVICE, Faults, Order, Reply
from service.emulators.apns_tokens import ProviderTokens

PUSHES_KEPT = 10_000
HANGS = 0  # the status recorded of a push that is never answered


@dataclass(frozen=True, slots=True)
class Push:
    """One push as it was answered; `status` 0: it is left without an answer."""

    token: str
    topic: str
    push_type: str | None
    priority: str | None
    expiration: str | None
    collapse_id: str | None
    apns_id: str
    status: int
    at: datetime


class Connection(Protocol):
    """What the desk does to connections."""

    missed_something: bool

    def go_away(self) -> None: ...

    def cut(self) -> None: ...


class Desk:
    """Decides and records every push; holds the faults ordered through the control API."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.accepted: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self.pushes: deque[Push] = deque(maxlen=PUSHES_KEPT)
        self.count = 0
        self.opened = 0
        self.faults = Faults()
        self.black_hole = False
        self.connections: set[Connection] = set()
        self.tokens = ProviderTokens(now)
        self._replies: dict[str, Reply] = {}
        self._now = now

    def decide(self, request: PushRequest, topic: str | None, apns_id: str) -> Answer | None:
        """Answer one complete request, record it, and hand an accepted one to the phones.

        `topic` is the certificate's; None: there is no certificate. None is answered: it hangs.
        """
        answer = self._refusal(request, topic) or self._ordered(request.token)
        self._record(request, answer, apns_id)
        if answer is ACCEPTED:
            self.accepted.put((request.token, request.headers["apns-topic"]))
        return answer

    def obey(self, order: Order) -> None:
        """Apply an order: a reset comes first, what ends connections last."""
        if order.reset:
            self._reset()
        for token, reply in order.replies.items():
            self._replies[token] = reply or Reply(ACCEPTED)
        self.faults = replace(self.faults, **dict(order.faults))  # type: ignore[arg-type]  # by name
        if order.sets_push_key:
            self.tokens.key = order.push_key
        if order.black_hole is not None:
            self._set_black_hole(order.black_hole)
        for connection in list(self.connections):
            if order.close:
                connection.cut()
            elif order.goaway:
                connection.go_away()

    def _refusal(self, request: PushRequest, topic: str | None) -> Answer | None:
        by_token = None if topic else self.tokens.refusal(request.headers.get("authorization"))
        return by_token or refusal(request, topic)

    def _ordered(self, token: str) -> Answer | None:
        for name in (token, ANY_DEVICE):
            reply = self._replies.get(name)
            if reply is not None:
                self._count_down(name, reply)
                return reply.answer
        return ACCEPTED

    def _count_down(self, name: str, reply: Reply) -> None:
        if reply.times is None:
            return
        if reply.times == 1:
            del self._replies[name]
        else:
            self._replies[name] = replace(reply, times=reply.times - 1)

    def _reset(self) -> None:
        self._replies.clear()
        self.faults, self.black_hole, self.tokens.key = Faults(), False, None
        for connection in list(self.connections):
            connection.cut()

    def _set_black_hole(self, wanted: bool) -> None:
        self.black_hole = wanted
        if not wanted:
            # What they missed is gone for good, so these connections can never work again.
            for connection in [each for each in self.connections if each.missed_something]:
                connection.cut()

    def _record(self, request: PushRequest, answer: Answer | None, apns_id: str) -> None:
        header = request.headers.get
        push = Push(
            token=request.token,
            topic=header("apns-topic", ""),
            push_type=header("apns-push-type"),
            priority=header("apns-priority"),
            expiration=header("apns-expiration"),
            collapse_id=header("apns-collapse-id"),
            apns_id=apns_id,
            status=HANGS if answer is None else int(answer.status),
            at=self._now(),
        )
        self.pushes.append(push)
        self.count += 1
