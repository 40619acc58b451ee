"""Points: one event at a time."""

from service.domain.accounts import Operator
from service.domain.errors import CardNotFound, EventConflict
from service.http.contract import Call, answer, api, digest
from service.http.models import PointsIn, PointsOut
from service.http.views import balances_out
from service.operations.points import PointsEvent, PointsResult, record
from service.operations.runner import Answer

API_SOURCE = "api"


@api.operation(
    "POST",
    "/v1/points",
    scope="points:write",
    body=PointsIn,
    answers={200: PointsOut},
    problems=(CardNotFound, EventConflict),
)
def record_points(call: Call) -> Answer:
    """Record that points changed; the same event is applied once, however often it is sent."""
    event = event_of(call.body, digest(call.plain))
    return answer(points_out(record(call.context, call.actor, API_SOURCE, event)))


def event_of(sent: PointsIn, body_digest: bytes) -> PointsEvent:
    """Return the event that a body speaks of."""
    operator, amount = (Operator.ADD, sent.add) if sent.set is None else (Operator.SET, sent.set)
    assert amount is not None
    return PointsEvent(
        event_id=sent.event_id,
        digest=body_digest,
        operator=operator,
        amount=amount,
        balance=sent.balance,
        card_number=sent.card_number,
        card_id=sent.card_id,
        account_id=sent.account_id,
        member=sent.member,
        program_id=sent.program,
        version=sent.version,
        occurred_at=sent.occurred_at,
        store=sent.store,
        reason=sent.reason,
        message=sent.message,
    )


def points_out(result: PointsResult) -> PointsOut:
    """Return the answer to an event; parts that do not apply are left out."""
    shown: dict[str, object] = {"outcome": result.outcome}
    if result.why is not None:
        shown["why"] = result.why
    if result.first is not None:
        shown["first"] = result.first
    if result.account is not None and result.program is not None:
        shown["balances"] = balances_out(result.account, result.program)
    return PointsOut.model_validate(shown)
