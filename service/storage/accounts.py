"""Accounts and their balances. Whoever changes what an account's passes show locks it first."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, bindparam, func, insert, select, update

from service.domain.accounts import (
    Account,
    Balance,
    Order,
    OrderKind,
    Statement,
    Tier,
)
from service.domain.errors import AccountNotFound
from service.domain.programs import BalanceType
from service.storage.database import Transaction
from service.storage.rounds import Write, table_of
from service.storage.tables import AccountMemberRow, AccountRow, BalanceRow, EntryRow


def insert_account(
    transaction: Transaction, account: Account, types: Iterable[BalanceType], now: datetime
) -> None:
    """Add an account with a balance of nought for each type, so that points find a row to lock."""
    session = transaction.session
    session.add(
        AccountRow(
            id=account.id, brand_id=account.brand_id, program_id=account.program_id, created_at=now
        )
    )
    session.flush()
    session.add_all(
        BalanceRow(
            brand_id=account.brand_id,
            account_id=account.id,
            code=each.code,
            amount=0,
            pending=0,
            expiring=[],
        )
        for each in types
    )
    session.flush()


def add_owner(transaction: Transaction, account: Account, member_id: UUID) -> None:
    transaction.session.add(
        AccountMemberRow(
            brand_id=account.brand_id,
            account_id=account.id,
            program_id=account.program_id,
            member_id=member_id,
            role="owner",
        )
    )
    transaction.session.flush()


def of_member(transaction: Transaction, program_id: UUID, member_id: UUID) -> UUID | None:
    query = select(AccountMemberRow.account_id).where(
        AccountMemberRow.program_id == program_id, AccountMemberRow.member_id == member_id
    )
    return transaction.session.scalar(query)


def all_of_member(transaction: Transaction, member_id: UUID) -> list[UUID]:
    """Return the member's accounts in id order, the order in which they are to be locked."""
    query = select(AccountMemberRow.account_id).where(AccountMemberRow.member_id == member_id)
    return sorted(transaction.session.scalars(query))


def lock(transaction: Transaction, account_id: UUID) -> Account:
    """Return the account as it is now and keep others from changing it until the commit."""
    query = (
        _selected()
        .where(AccountRow.id == account_id)
        .with_for_update(of=[AccountRow, BalanceRow])
        .execution_options(populate_existing=True)
    )
    rows = transaction.session.execute(query).all()
    return account_from(rows[0][0], (balance for _, balance in rows))


def get(transaction: Transaction, brand_id: UUID, account_id: UUID) -> Account:
    """Return an account of this brand.

    Raises:
        AccountNotFound: the brand has none with that id.
    """
    found = _selected().where(AccountRow.id == account_id, AccountRow.brand_id == brand_id)
    query = found.execution_options(populate_existing=True)
    rows = transaction.session.execute(query).all()
    if not rows:
        raise AccountNotFound(f"There is no account {account_id}.")
    return account_from(rows[0][0], (balance for _, balance in rows))


def of_ids(transaction: Transaction, account_ids: Iterable[UUID]) -> dict[UUID, Account]:
    """Return the accounts by id; the caller has already proved its right to them."""
    query = _selected().where(AccountRow.id.in_(account_ids))
    rows: dict[UUID, list[tuple[AccountRow, BalanceRow]]] = {}
    for row in transaction.session.execute(query.execution_options(populate_existing=True)):
        rows.setdefault(row[0].id, []).append((row[0], row[1]))
    return {key: account_from(each[0][0], (b for _, b in each)) for key, each in rows.items()}


def _selected() -> Select[AccountRow, BalanceRow]:
    return select(AccountRow, BalanceRow).join(BalanceRow, BalanceRow.account_id == AccountRow.id)


def account_from(row: AccountRow, balances: Iterable[BalanceRow]) -> Account:
    tier_order = None
    if row.tier_order_kind is not None and row.tier_order_position is not None:
        tier_order = Order(OrderKind(row.tier_order_kind), row.tier_order_position)
    return Account(
        id=row.id,
        brand_id=row.brand_id,
        program_id=row.program_id,
        tier=Tier(row.tier_code, row.tier_name or row.tier_code) if row.tier_code else None,
        tier_order=tier_order,
        balances=tuple(sorted((_balance(b) for b in balances), key=lambda b: b.code)),
    )


def _balance(row: BalanceRow) -> Balance:
    return Balance(
        account_id=row.account_id,
        code=row.code,
        amount=row.amount,
        pending=row.pending,
        expiring=tuple(row.expiring),
        order_kind=OrderKind(row.order_kind) if row.order_kind else None,
        set_position=row.set_position,
        add_position=row.add_position,
    )


def later_adds(transaction: Transaction, balance: Balance, order: Order) -> int:
    """Return the sum of applied adds of the same ordering kind that are later than `order`."""
    query = select(func.coalesce(func.sum(EntryRow.amount), 0)).where(
        EntryRow.account_id == balance.account_id,
        EntryRow.balance == balance.code,
        EntryRow.operator == "add",
        EntryRow.order_kind == order.kind,
        EntryRow.order_position > order.position,
    )
    return int(transaction.session.scalar(query) or 0)


BALANCES, ACCOUNTS, ENTRIES = table_of(BalanceRow), table_of(AccountRow), table_of(EntryRow)
BALANCE_COLUMNS = ("amount", "pending", "expiring", "order_kind", "set_position", "add_position")
SAVE_BALANCE = (
    update(BALANCES)
    .where(
        BALANCES.c.account_id == bindparam("balance_account"),
        BALANCES.c.code == bindparam("balance_code"),
    )
    .values({name: bindparam(f"balance_{name}") for name in BALANCE_COLUMNS})
)
TIER_COLUMNS = ("tier_code", "tier_name", "tier_order_kind", "tier_order_position")
SAVE_TIER = (
    update(ACCOUNTS)
    .where(ACCOUNTS.c.id == bindparam("account_id_of_tier"))
    .values({name: bindparam(f"new_{name}") for name in TIER_COLUMNS})
)
INSERT_ENTRY = insert(ENTRIES).values({c.name: bindparam(f"entry_{c.name}") for c in ENTRIES.c})


def save_balance(balance: Balance) -> Write:
    values = {f"balance_{name}": getattr(balance, name) for name in BALANCE_COLUMNS}
    values["balance_expiring"] = list(balance.expiring)
    key = {"balance_account": balance.account_id, "balance_code": balance.code}
    return Write(SAVE_BALANCE, values | key)


def save_tier(account_id: UUID, tier: Tier | None, order: Order | None) -> Write:
    values = {
        "new_tier_code": tier.code if tier else None,
        "new_tier_name": tier.name if tier else None,
        "new_tier_order_kind": order.kind if order else None,
        "new_tier_order_position": order.position if order else None,
    }
    return Write(SAVE_TIER, {**values, "account_id_of_tier": account_id})


def insert_entry(
    entry_id: UUID,
    account: Account,
    statement: Statement,
    amount_after: int,
    now: datetime,
    *,
    event_id: UUID | None = None,
    store: str | None = None,
    reason: str | None = None,
    message: str | None = None,
) -> Write:
    """Return the write of one line of the account's statement."""
    entry = {
        "id": entry_id,
        "brand_id": account.brand_id,
        "account_id": account.id,
        "event_id": event_id,
        "balance": statement.balance,
        "operator": statement.operator,
        "amount": statement.amount,
        "balance_after": amount_after,
        "order_kind": statement.order.kind if statement.order else None,
        "order_position": statement.order.position if statement.order else None,
        "store": store,
        "reason": reason,
        "message": message,
        "created_at": now,
    }
    return Write(INSERT_ENTRY, {f"entry_{name}": value for name, value in entry.items()})
