"""Passes: what each wallet shows of a card, and the debts that a change makes."""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Update, and_, bindparam, case, func, select, update

from service.domain.deliveries import Priority
from service.domain.passes import Pass, WalletName
from service.storage.database import Transaction
from service.storage.rounds import Write, in_one_round, table_of
from service.storage.tables import DeliveryRow, PassRow
from service.storage.types import Amount, UtcTime


def insert(transaction: Transaction, new: Pass, token: str | None = None) -> None:
    """Add a pass; only Apple's has a token, with which its phones prove their right to it."""
    values = {**vars(new), "last_modified": int(new.last_modified.timestamp())}
    row = PassRow(**values)
    if token is not None:
        row.token = transaction.vault.seal(token, "passes", "token", new.id)
        row.token_digest = transaction.vault.digest("pass token", token)
    transaction.session.add(row)
    transaction.session.flush()


def of_card(transaction: Transaction, card_id: UUID, wallet: WalletName) -> Pass | None:
    return _one(transaction, PassRow.card_id == card_id, PassRow.wallet == wallet)


def all_of_card(transaction: Transaction, card_id: UUID) -> list[Pass]:
    """Return the card's pass in every wallet that has one."""
    query = select(PassRow).where(PassRow.card_id == card_id).order_by(PassRow.wallet)
    fresh = query.execution_options(populate_existing=True)
    return [_pass(row) for row in transaction.session.scalars(fresh)]


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
    own = row.token_digest if row is not None else None
    is_own = hmac.compare_digest(shown, own or b"\0" * len(shown))
    return _pass(row) if is_own and row is not None and own else None


def token(transaction: Transaction, pass_id: UUID) -> str:
    """Return Apple's authentication token; empty for a pass of another wallet."""
    row = transaction.session.get_one(PassRow, pass_id)
    return transaction.vault.open(row.token, "passes", "token", row.id) if row.token else ""


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


def note_design(transaction: Transaction, pass_id: UUID, design_id: UUID) -> None:
    """Remember in which design the vendor was given the pass."""
    transaction.session.execute(
        update(PassRow)
        .where(PassRow.id == pass_id, PassRow.design_id != design_id)
        .values(design_id=design_id)
    )


class Scope(StrEnum):
    """Whose passes change: all of an account, those of one card, or passes by their own ids."""

    ACCOUNT = "account_id"
    CARD = "card_id"
    PASSES = "id"


def raise_versions(
    transaction: Transaction,
    scope: Scope,
    owner_id: UUID,
    now: datetime,
    priority: Priority = Priority.NORMAL,
    also: Sequence[Write] = (),
) -> None:
    """Give the passes their next version and make every target's delivery due.

    The account must be locked. `also` are writes that go along in the same round trip.
    """
    values = {"owner": owner_id, "now": now, "second": int(now.timestamp())}
    owe, step = _owe(scope, priority), _next_version(scope)
    counts = in_one_round(transaction, [*also, Write(owe, values), Write(step, values)])
    transaction.owes_push |= counts[-2] > 0


def show_design(
    transaction: Transaction, pass_ids: Sequence[UUID], design_id: UUID, now: datetime
) -> None:
    """Give the passes another design and so their next version; phones are told when nobody waits.

    Their accounts must be locked.
    """
    values = {"owner": pass_ids, "now": now, "second": int(now.timestamp())}
    owe, step = _owe(Scope.PASSES, Priority.LATER), _next_design()
    counts = in_one_round(
        transaction, [Write(owe, values), Write(step, {**values, "design": design_id})]
    )
    transaction.owes_push |= counts[0] > 0


PASSES, DELIVERIES = table_of(PassRow), table_of(DeliveryRow)


def _of(scope: Scope) -> ColumnElement[bool]:
    if scope is Scope.PASSES:
        return PASSES.c.id.in_(bindparam("owner", expanding=True))
    return PASSES.c[scope] == bindparam("owner")


@cache
def _owe(scope: Scope, priority: Priority) -> Update:
    # Both writes of the round see the version before it, so the debt is that version plus one.
    wanted = select(PASSES.c.version + 1).where(PASSES.c.id == DELIVERIES.c.pass_id)
    theirs = select(PASSES.c.id).where(_of(scope))
    # In id order, as workers take them when they record results: else the two would deadlock.
    owed = (
        select(DELIVERIES.c.id)
        .where(DELIVERIES.c.pass_id.in_(theirs))
        .order_by(DELIVERIES.c.id)
        .with_for_update()
    )
    now = bindparam("now", type_=UtcTime())
    # What is only to be confirmed later does not make a new change wait for that.
    is_behind = DELIVERIES.c.sent_version < DELIVERIES.c.wanted_version
    calm = case(
        (and_(DELIVERIES.c.due_at.is_not(None), is_behind), DELIVERIES.c.due_at),
        (DELIVERIES.c.idle_at > now, DELIVERIES.c.idle_at),
        else_=now,
    )
    is_owed_sooner = and_(DELIVERIES.c.due_at.is_not(None), DELIVERIES.c.priority < int(priority))
    most_urgent = case((is_owed_sooner, DELIVERIES.c.priority), else_=int(priority))
    return (
        update(DELIVERIES)
        .where(DELIVERIES.c.id.in_(owed))
        .values(
            wanted_version=wanted.scalar_subquery(),
            due_at=now if priority is Priority.URGENT else calm,
            priority=most_urgent,
        )
    )


@cache
def _next_version(scope: Scope) -> Update:
    second = bindparam("second", type_=Amount)
    forward = case((PASSES.c.last_modified < second, second), else_=PASSES.c.last_modified + 1)
    return (
        update(PASSES)
        .where(_of(scope))
        .values(
            version=PASSES.c.version + 1,
            last_modified=forward,
            changed_at=bindparam("now", type_=UtcTime()),
        )
    )


@cache
def _next_design() -> Update:
    return _next_version(Scope.PASSES).values(design_id=bindparam("design"))


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
        design_id=row.design_id,
        bucket=row.bucket,
        wallet=WalletName(row.wallet),
        type_id=row.type_id,
        serial=row.serial,
        version=row.version,
        last_modified=datetime.fromtimestamp(row.last_modified, UTC),
        changed_at=row.changed_at,
        first_offered_version=row.first_offered_version,
        fetched_version=row.fetched_version,
        fetched_at=row.fetched_at,
        single_since=row.single_since,
    )
