"""Accounts: balances and tier."""

from service.domain.errors import AccountNotFound
from service.http.contract import Call, answer, api
from service.http.models import AccountOut
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
