"""Runs a whole request: again when the database gave it up, once when it carries a key."""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from service.context import Context
from service.domain.errors import IdempotencyMismatch, StorageBusy
from service.domain.requests import KeyedRequest
from service.storage import idempotency
from service.storage.database import TransactionConflict

T = TypeVar("T")
TRIES = 5
PAUSE_S = 0.02


@dataclass(frozen=True)
class Answer:
    """What a request is answered: an HTTP status and a JSON body."""

    status: int
    body: str


def retrying(work: Callable[[], T]) -> T:
    """Return what `work` returns, running it again after a deadlock or serialization failure.

    Raises:
        StorageBusy: it was given up five times.
    """
    for attempt in range(TRIES):
        try:
            return work()
        except TransactionConflict:
            time.sleep(PAUSE_S * attempt)
    raise StorageBusy("Too many calls change the same thing; try again.")


def answer_once(
    context: Context, request: KeyedRequest, work: Callable[[Context], Answer]
) -> Answer:
    """Answer a keyed request: the first time by `work`, then always by what it answered.

    Key, effect and answer commit in one transaction; an error keeps nothing, so that the
    request may be sent again.

    Raises:
        IdempotencyMismatch: the key was used for another request.
        IdempotencyInProgress: the first request is still running after 2 s.
    """
    with context.transaction() as transaction:
        kept = idempotency.reserve(transaction, request, context.now())
        if kept is not None:
            return _replay(request, kept)
        answer = work(context.joining(transaction))
        idempotency.keep_answer(transaction, request, answer.status, answer.body)
        return answer


def _replay(request: KeyedRequest, kept: idempotency.KeptAnswer) -> Answer:
    if not hmac.compare_digest(request.digest, kept.digest):
        raise IdempotencyMismatch("This Idempotency-Key was used for a different request.")
    return Answer(kept.status, kept.body)
