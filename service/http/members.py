"""Members: the snapshot upsert, and a link to all cards of one."""

from service.domain.accounts import Tier
from service.domain.errors import (
    CardNotFound,
    InvalidInput,
    NumberTaken,
    OrderingMixed,
    ProgramNotFound,
)
from service.http.contract import Call, answer, api
from service.http.models import BalanceIn, CardOut, CardsLinkOut, SnapshotIn
from service.http.texts import MEMBER_ID, MEMBER_ID_RULE
from service.http.views import card_out
from service.operations import bundles
from service.operations.members import MemberData
from service.operations.runner import Answer
from service.operations.snapshots import BalanceData, Snapshot, upsert


@api.operation(
    "PUT",
    "/v1/programs/{program_id}/members/{external_id}",
    scope="members:write",
    body=SnapshotIn,
    answers={200: CardOut, 201: CardOut},
    problems=(ProgramNotFound, NumberTaken, OrderingMixed),
)
def upsert_member(call: Call) -> Answer:
    """Say how a member's account stands now; it is created if need be, and a first card issued."""
    details, is_new = upsert(call.context, call.actor, _snapshot(call))
    shown = card_out(details, call.context.settings.base_url)
    return answer(shown, 201 if is_new else 200)


@api.operation(
    "POST",
    "/v1/members/{external_id}/link",
    scope="cards:read",
    answers={200: CardsLinkOut},
    problems=(CardNotFound,),
    changes=False,
)
def link_member(call: Call) -> Answer:
    """Make a link that gives out all of a member's cards as Apple passes, good for 24 hours."""
    made = bundles.link(call.context, call.actor, _external_id(call))
    url = f"{call.context.settings.base_url}/add/all/{made.token}/cards.pkpasses"
    return answer(CardsLinkOut(url=url, expires_at=made.expires_at))


def _snapshot(call: Call) -> Snapshot:
    sent: SnapshotIn = call.body
    tier = Tier(sent.tier.code, sent.tier.name or sent.tier.code) if sent.tier else None
    return Snapshot(
        program_id=call.uuid("program_id"),
        member=MemberData(_external_id(call), sent.member.model_dump(exclude_unset=True)),
        number=sent.number,
        balances={code: _balance(said) for code, said in sent.balances.items()},
        tier=tier,
        says_tier="tier" in sent.model_fields_set,
        version=sent.version,
        occurred_at=sent.occurred_at,
        store=sent.store,
    )


def _external_id(call: Call) -> str:
    external_id = call.path["external_id"]
    if not MEMBER_ID.fullmatch(external_id):
        fault = ("external_id", MEMBER_ID_RULE)
        raise InvalidInput("The external id cannot be used.", [fault])
    return external_id


def _balance(said: int | BalanceIn) -> BalanceData:
    if isinstance(said, int):
        return BalanceData(said)
    if said.expiring is None:
        return BalanceData(said.amount, said.pending)
    expiring = tuple(each.model_dump(mode="json") for each in said.expiring)
    return BalanceData(said.amount, said.pending, expiring)
