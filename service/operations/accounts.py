"""Accounts: found or opened for a member, and read with their statement."""

from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.accounts import Account, Entry
from service.domain.errors import InvalidInput
from service.domain.history import Actor
from service.domain.members import Member
from service.domain.pages import Cut, Page
from service.domain.programs import Program
from service.storage import accounts, entries, members, programs
from service.storage.database import Transaction


@dataclass(frozen=True)
class AccountDetails:
    account: Account
    program: Program
    member: Member | None


def details(context: Context, actor: Actor, account_id: UUID) -> AccountDetails:
    """Return an account with its program and owner.

    Raises:
        AccountNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        account = accounts.get(transaction, actor.brand_id, account_id)
        program = programs.get(transaction, actor.brand_id, account.program_id)
        return AccountDetails(account, program, members.owner(transaction, account_id))


def statement(
    context: Context, actor: Actor, account_id: UUID, balance: str | None, cut: Cut
) -> Page[Entry]:
    """Return a part of the account's statement (of one balance, if given), newest first.

    Raises:
        AccountNotFound: the brand has none with that id.
        InvalidInput: the account has no such balance.
    """
    with context.reading() as transaction:
        account = accounts.get(transaction, actor.brand_id, account_id)
        known = [each.code for each in account.balances]
        if balance is not None and balance not in known:
            fault = ("balance", "is not one of them")
            raise InvalidInput(f"The account has the balances {', '.join(known)}.", [fault])
        return entries.page(transaction, account_id, balance, cut)


def opened_for(
    context: Context, transaction: Transaction, program: Program, member: Member | None
) -> Account:
    """Return the member's account in the program, locked; a new one if there was none.

    Without a member a new anonymous account is opened. The member must be locked.
    """
    if member is not None:
        known = accounts.of_member(transaction, program.id, member.id)
        if known is not None:
            return accounts.lock(transaction, known)
    new = Account(id=uuid7(), brand_id=program.brand_id, program_id=program.id)
    accounts.insert_account(transaction, new, program.balances, context.now())
    if member is not None:
        accounts.add_owner(transaction, new, member.id)
    return accounts.lock(transaction, new.id)
