"""Keyed requests and the first answer to each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exc, select, text, update

from service.domain.errors import IdempotencyInProgress
from service.domain.requests import KeyedRequest
from service.storage.database import LOCK_NOT_AVAILABLE, Transaction
from service.storage.rounds import insert_new
from service.storage.tables import IdempotencyKeyRow


@dataclass(frozen=True)
class KeptAnswer:
    digest: bytes
    status: int
    body: str


def reserve(transaction: Transaction, request: KeyedRequest, now: datetime) -> KeptAnswer | None:
    """Take the key for this transaction, or return the answer that was given under it.

    The reservation commits with the answer or not at all. If another transaction holds the key,
    this waits up to 2 s for it to end.

    Raises:
        IdempotencyInProgress: it did not end.
    """
    session = transaction.session
    if transaction.is_postgresql:
        session.execute(text("SET LOCAL lock_timeout = '2s'"))
    try:
        is_new = insert_new(transaction, IdempotencyKeyRow, **vars(request), created_at=now)
    except exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise IdempotencyInProgress("A request with this key is still running.") from error
        raise
    if transaction.is_postgresql:
        session.execute(text("SET LOCAL lock_timeout = '10s'"))
    return None if is_new else _kept(transaction, request)


def _kept(transaction: Transaction, request: KeyedRequest) -> KeptAnswer:
    query = select(IdempotencyKeyRow).where(
        IdempotencyKeyRow.brand_id == request.brand_id,
        IdempotencyKeyRow.endpoint == request.endpoint,
        IdempotencyKeyRow.key == request.key,
    )
    row = transaction.session.scalars(query).one()
    body = transaction.vault.open(row.body or b"", "idempotency_keys", row.id)
    return KeptAnswer(row.digest, row.status or 0, body)


def keep_answer(transaction: Transaction, request: KeyedRequest, status: int, body: str) -> None:
    transaction.session.execute(
        update(IdempotencyKeyRow)
        .where(IdempotencyKeyRow.id == request.id)
        .values(status=status, body=transaction.vault.seal(body, "idempotency_keys", request.id))
    )
