"""Members: contacts sealed under each member's own key, found again by keyed hashes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from service.domain.accounts import Order, OrderKind
from service.domain.members import Member
from service.storage.database import Transaction
from service.storage.opening.vault import Box
from service.storage.rounds import insert_new
from service.storage.tables import AccountMemberRow, MemberRow

CONTACTS = ("name", "phone", "email", "birthday")


def ensure(
    transaction: Transaction, brand_id: UUID, external_id: str, member_id: UUID, now: datetime
) -> Member:
    """Return the member called `external_id`, locked; a new empty one if there was none."""
    insert_new(
        transaction,
        MemberRow,
        id=member_id,
        brand_id=brand_id,
        external_id=external_id,
        data_key=transaction.vault.new_member_key("members", member_id),
        created_at=now,
    )
    query = select(MemberRow).where(
        MemberRow.brand_id == brand_id, MemberRow.external_id == external_id
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    return _member(transaction, transaction.session.scalars(locked).one())


def id_of(transaction: Transaction, brand_id: UUID, external_id: str) -> UUID | None:
    """Return the id of the brand's member called `external_id`, or None if there is none."""
    query = select(MemberRow.id).where(
        MemberRow.brand_id == brand_id, MemberRow.external_id == external_id
    )
    return transaction.session.scalar(query)


def save(transaction: Transaction, member: Member) -> None:
    """Write the member's data over what is stored."""
    row = transaction.session.get_one(MemberRow, member.id)
    box = _box(transaction, row)
    row.name = _seal(box, row, "name", member.name)
    row.phone = _seal(box, row, "phone", member.phone)
    row.email = _seal(box, row, "email", member.email)
    birthday = member.birthday.isoformat() if member.birthday else None
    row.birthday = _seal(box, row, "birthday", birthday)
    found_by = member.phone if member.is_phone_confirmed else None
    row.phone_index = _index(transaction, member.brand_id, "phone", found_by)
    row.email_index = _index(transaction, member.brand_id, "email", member.email)
    row.locale = member.locale
    row.order_kind = member.order.kind if member.order else None
    row.order_position = member.order.position if member.order else None
    transaction.session.flush()


def owner(transaction: Transaction, account_id: UUID) -> Member | None:
    """Return the account's owner, or None for an anonymous account."""
    return owners(transaction, [account_id]).get(account_id)


def owners(transaction: Transaction, account_ids: Iterable[UUID]) -> dict[UUID, Member]:
    """Return each account's owner; an anonymous account has none."""
    query = (
        select(AccountMemberRow.account_id, MemberRow)
        .join(MemberRow, AccountMemberRow.member_id == MemberRow.id)
        .where(AccountMemberRow.account_id.in_(account_ids), AccountMemberRow.role == "owner")
    )
    rows = transaction.session.execute(query)
    return {account_id: _member(transaction, row) for account_id, row in rows}


def accounts_of(brand_id: UUID, external_id: str) -> Select[UUID]:
    """Return the query of the accounts that the member called `external_id` belongs to."""
    return _accounts_where(MemberRow.brand_id == brand_id, MemberRow.external_id == external_id)


def accounts_with_phone(
    transaction: Transaction, brand_id: UUID, phones: Iterable[str]
) -> Select[UUID]:
    """Return the query of the accounts of everybody with one of these phones (E.164)."""
    digests = [_index(transaction, brand_id, "phone", phone) for phone in phones]
    return _accounts_where(MemberRow.brand_id == brand_id, MemberRow.phone_index.in_(digests))


def _accounts_where(*conditions: ColumnElement[bool]) -> Select[UUID]:
    return (
        select(AccountMemberRow.account_id)
        .join(MemberRow, MemberRow.id == AccountMemberRow.member_id)
        .where(*conditions)
    )


def accounts_by_phone(transaction: Transaction, brand_id: UUID, phone: str) -> list[UUID]:
    """Return the accounts of everybody with this phone (E.164); at most 20."""
    query = accounts_with_phone(transaction, brand_id, [phone]).limit(20)
    return list(transaction.session.scalars(query))


def _member(transaction: Transaction, row: MemberRow) -> Member:
    order = None
    if row.order_kind is not None and row.order_position is not None:
        order = Order(OrderKind(row.order_kind), row.order_position)
    member = Member(
        id=row.id,
        brand_id=row.brand_id,
        external_id=row.external_id,
        locale=row.locale,
        order=order,
    )
    sealed = {name: getattr(row, name) for name in CONTACTS if getattr(row, name) is not None}
    if not sealed:
        return member
    box = _box(transaction, row)
    opened = {name: box.open(value, "members", name, row.id) for name, value in sealed.items()}
    birthday = date.fromisoformat(opened["birthday"]) if "birthday" in opened else None
    return replace(
        member,
        name=opened.get("name"),
        phone=opened.get("phone"),
        is_phone_confirmed=row.phone is None or row.phone_index is not None,
        email=opened.get("email"),
        birthday=birthday,
    )


def _box(transaction: Transaction, row: MemberRow) -> Box:
    return transaction.vault.member_box(row.data_key, "members", row.id)


def _seal(box: Box, row: MemberRow, column: str, value: str | None) -> bytes | None:
    return None if value is None else box.seal(value, "members", column, row.id)


def _index(transaction: Transaction, brand_id: UUID, kind: str, value: str | None) -> bytes | None:
    return None if value is None else transaction.vault.digest(f"{kind} {brand_id}", value.lower())
