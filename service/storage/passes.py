"""Passes: what each wallet shows of a card, and the debts that a change makes."""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select, update

from service.domain.deliveries import Priority
from service.domain.passes import Pass
from service.storage.database import Transaction
from service.storage.rounds import Write, in_one_round
from service.storage.tables import DeliveryRow, PassRow


def insert(transaction: Transaction, new: Pass, token: str) -> None:
    values = {**vars(new), "changed_at": int(new.changed_at.timestamp())}
    transaction.session.add(
        PassRow(
            **values,
            token=transaction.vault.seal(token, "passes", "token", new.id),
            token_digest=transaction.vault.digest("pass token", token),
        )
    )
    transaction.session.flush()


def of_card(transaction: Transaction, card_id: UUID, wallet: str) -> Pass | None:
    return _one(transaction, PassRow.card_id == card_id, PassRow.wallet == wallet)


def get(transaction: Transaction, pass_id: UUID) -> Pass | None:
    return _one(transaction, PassRow.id == pass_id)


def versions_of_card(transaction: Transaction, card_id: UUID) -> dict[str, int]:
    """Return pass id -> version for every wallet's pass of the card."""
    query = select(PassRow.id, PassRow.version).where(PassRow.card_id == card_id)
    return {str(pass_id): version for pass_id, version in transaction.session.execute(query)}


def with_token(transaction: Transaction, type_id: str, serial: str, token: str) -> Pass | None:
    """Return the pass if the token is its own; None alike for a wrong token or serial."""
    query = select(PassRow).where(PassRow.type_id == type_id, PassRow.serial == serial)
    row = transaction.session.scalars(query.execution_options(populate_existing=True)).first()
    shown = transaction.vault.digest("pass token", token)
    expected = row.token_digest if row is not None else b"\0" * len(shown)
    return _pass(row) if hmac.compare_digest(shown, expected) and row is not None else None


def token(transaction: Transaction, pass_id: UUID) -> str:
    row = transaction.session.get_one(PassRow, pass_id)
    return transaction.vault.open(row.token, "passes", "token", row.id)


def note_offer(transaction: Transaction, shown: Pass) -> Pass:
    """Remember the first version that a link gave out, and return the pass with it."""
    if shown.first_offered_version is not None:
        return shown
    transaction.session.execute(
        update(PassRow).where(PassRow.id == shown.id).values(first_offered_version=shown.version)
    )
    return replace(shown, first_offered_version=shown.version)


def note_fetch(transaction: Transaction, shown: Pass, now: datetime) -> None:
    """Remember that a device fetched this version, unless a newer one was fetched before."""
    transaction.session.execute(
        update(PassRow)
        .where(PassRow.id == shown.id, func.coalesce(PassRow.fetched_version, 0) <= shown.version)
        .values(fetched_version=shown.version, fetched_at=now)
    )


def set_single_since(transaction: Transaction, pass_id: UUID, since: datetime | None) -> None:
    transaction.session.execute(
        update(PassRow).where(PassRow.id == pass_id).values(single_since=since)
    )


def of_account(account_id: UUID) -> ColumnElement[bool]:
    return PassRow.account_id == account_id


def of_cards(card_ids: Sequence[UUID]) -> ColumnElement[bool]:
    return PassRow.card_id.in_(card_ids)


def raise_versions(
    transaction: Transaction,
    which: ColumnElement[bool],
    now: datetime,
    priority: Priority = Priority.NORMAL,
    also: Sequence[Write] = (),
) -> None:
    """Give the passes their next version and make every target's delivery due.

    The account must be locked. `also` are writes that go along in the same round trip.
    """
    counts = in_one_round(
        transaction, [*also, _owe(which, now, priority), _next_version(which, now)]
    )
    transaction.owes_push |= counts[-2] > 0


def _owe(which: ColumnElement[bool], now: datetime, priority: Priority) -> Write:
    # Both writes of the round see the version before it, so the debt is that version plus one.
    wanted = select(PassRow.version + 1).where(PassRow.id == DeliveryRow.pass_id)
    calm = case(
        (DeliveryRow.due_at.is_not(None), DeliveryRow.due_at),
        (DeliveryRow.idle_at > now, DeliveryRow.idle_at),
        else_=now,
    )
    most_urgent = case((DeliveryRow.priority < priority, DeliveryRow.priority), else_=priority)
    return (
        update(DeliveryRow)
        .where(DeliveryRow.pass_id.in_(select(PassRow.id).where(which)))
        .values(
            wanted_version=wanted.scalar_subquery(),
            due_at=now if priority is Priority.URGENT else calm,
            priority=most_urgent,
            attempts=0,
        )
    )


def _next_version(which: ColumnElement[bool], now: datetime) -> Write:
    second = int(now.timestamp())
    forward = case((PassRow.changed_at < second, second), else_=PassRow.changed_at + 1)
    return update(PassRow).where(which).values(version=PassRow.version + 1, changed_at=forward)


def _one(transaction: Transaction, *conditions: ColumnElement[bool]) -> Pass | None:
    query = select(PassRow).where(*conditions).execution_options(populate_existing=True)
    row = transaction.session.scalars(query).first()
    return None if row is None else _pass(row)


def _pass(row: PassRow) -> Pass:
    return Pass(
        id=row.id,
        brand_id=row.brand_id,
        account_id=row.account_id,
        card_id=row.card_id,
        wallet=row.wallet,
        type_id=row.type_id,
        serial=row.serial,
        version=row.version,
        changed_at=datetime.fromtimestamp(row.changed_at, UTC),
        first_offered_version=row.first_offered_version,
        fetched_version=row.fetched_version,
        fetched_at=row.fetched_at,
        single_since=row.single_since,
    )
