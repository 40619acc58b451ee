"""Accounts: balances, tier and statement."""

from service.domain.accounts import Entry
from service.domain.errors import AccountNotFound
from service.http.contract import Call, answer, api
from service.http.lists import EntriesIn, EntriesOut, EntryOut
from service.http.models import AccountOut
from service.http.query import cursor
from service.http.views import balances_out, member_out, tier_out
from service.operations import accounts
from service.operations.runner import Answer


@api.operation(
    "GET",
    "/v1/accounts/{account_id}",
    scope="accounts:read",
    answers={200: AccountOut},
    problems=(AccountNotFound,),
)
def read_account(call: Call) -> Answer:
    """Read an account: its balances, its tier, its member."""
    found = accounts.details(call.context, call.actor, call.uuid("account_id"))
    shown = AccountOut(
        id=found.account.id,
        program=found.program.id,
        member=member_out(found.member),
        balances=balances_out(found.account, found.program),
        tier=tier_out(found.account.tier),
    )
    return answer(shown)


@api.operation(
    "GET",
    "/v1/accounts/{account_id}/entries",
    scope="accounts:read",
    query=EntriesIn,
    answers={200: EntriesOut},
    problems=(AccountNotFound,),
)
def read_entries(call: Call) -> Answer:
    """Read an account's statement: what changed its balances, newest first."""
    asked: EntriesIn = call.query
    account_id = call.uuid("account_id")
    name = f"entries of {account_id}"
    cut = asked.cut(name)
    page = accounts.statement(call.context, call.actor, account_id, asked.balance, cut)
    shown = [_entry(each) for each in page.items]
    return answer(EntriesOut(entries=shown, next_cursor=cursor(name, page.last)))


def _entry(entry: Entry) -> EntryOut:
    return EntryOut(
        id=entry.id,
        balance=entry.balance,
        operator=entry.operator,
        amount=entry.amount,
        balance_after=entry.balance_after,
        event_id=entry.event_id,
        source=entry.source,
        version=entry.order.version if entry.order else None,
        occurred_at=entry.order.occurred_at if entry.order else None,
        store=entry.store,
        reason=entry.reason,
        message=entry.message,
        created_at=entry.created_at,
    )
