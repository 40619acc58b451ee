"""Cards: issue, read, act, and the proof of what each phone was given."""

from datetime import datetime
from typing import Any

from service.domain.cards import Act, CardAction, Reason
from service.domain.deliveries import Progress
from service.domain.device_reports import DeviceReport
from service.domain.errors import (
    ActionNotFound,
    CardNotFound,
    IllegalTransition,
    InvalidInput,
    NumberTaken,
    ProgramNotFound,
    StaleCard,
    TooManyActiveCards,
)
from service.domain.installations import Proof
from service.domain.passes import Pass
from service.domain.staleness import is_stale
from service.http.contract import Call, answer, api
from service.http.models import (
    ActIn,
    ActionOut,
    CardOut,
    DeliveryOut,
    DeviceReportOut,
    InstallationOut,
    IssueIn,
    PassDeliveryOut,
)
from service.http.views import card_out
from service.operations import cards, deliveries, device_reports
from service.operations.deliveries import PassProof
from service.operations.members import MemberData
from service.operations.runner import Answer

ACT_PROBLEMS = (CardNotFound, IllegalTransition, StaleCard, TooManyActiveCards)


@api.operation(
    "POST",
    "/v1/cards",
    scope="cards:issue",
    body=IssueIn,
    answers={201: CardOut},
    problems=(ProgramNotFound, NumberTaken, TooManyActiveCards),
)
def issue_card(call: Call) -> Answer:
    """Issue a card, to a member or anonymous."""
    sent: IssueIn = call.body
    request = cards.IssueRequest(
        program_id=sent.program,
        member=_member(sent),
        number=sent.number,
        reference=sent.reference,
        store=sent.store,
        activate=sent.activate,
    )
    issued = cards.issue(call.context, call.actor, request)
    return answer(card_out(issued, call.context.settings.base_url), 201)


def _member(sent: IssueIn) -> MemberData | None:
    if sent.member is None:
        return None
    given = sent.member.model_dump(exclude_unset=True)
    return MemberData(given.pop("external_id"), given)


@api.operation(
    "GET",
    "/v1/cards/{card_id}",
    scope="cards:read",
    answers={200: CardOut},
    problems=(CardNotFound,),
)
def read_card(call: Call) -> Answer:
    """Read a card."""
    found = cards.details(call.context, call.actor, call.uuid("card_id"))
    return answer(card_out(found, call.context.settings.base_url))


def _act(call: Call, action: CardAction) -> Answer:
    sent: ActIn = call.body
    try:
        reason = Reason(sent.reason)
    except ValueError as error:
        known = ", ".join(Reason)
        raise InvalidInput(f"Reasons are: {known}.", [("reason", "is not known")]) from error
    asked = Act(action, reason, sent.comment, call.actor.channel, call.if_match)
    acted, record = cards.act(call.context, call.actor, call.uuid("card_id"), asked)
    return answer(card_out(acted, call.context.settings.base_url, record))


@api.operation(
    "POST",
    "/v1/cards/{card_id}/activate",
    scope="cards:activate",
    body=ActIn,
    answers={200: CardOut},
    problems=ACT_PROBLEMS,
)
def activate_card(call: Call) -> Answer:
    """Activate a card that was issued inactive."""
    return _act(call, CardAction.ACTIVATE)


@api.operation(
    "POST",
    "/v1/cards/{card_id}/block",
    scope="cards:block",
    body=ActIn,
    answers={200: CardOut},
    problems=ACT_PROBLEMS,
)
def block_card(call: Call) -> Answer:
    """Block a card: tills refuse it from now on, wallets show it voided."""
    return _act(call, CardAction.BLOCK)


@api.operation(
    "POST",
    "/v1/cards/{card_id}/unblock",
    scope="cards:unblock",
    body=ActIn,
    answers={200: CardOut},
    problems=ACT_PROBLEMS,
)
def unblock_card(call: Call) -> Answer:
    """Unblock a card: it is what it was before."""
    return _act(call, CardAction.UNBLOCK)


@api.operation(
    "POST",
    "/v1/cards/{card_id}/close",
    scope="cards:close",
    body=ActIn,
    answers={200: CardOut},
    problems=ACT_PROBLEMS,
)
def close_card(call: Call) -> Answer:
    """Close a card for good."""
    return _act(call, CardAction.CLOSE)


@api.operation(
    "GET",
    "/v1/actions/{action_id}",
    scope="cards:read",
    answers={200: ActionOut},
    problems=(ActionNotFound,),
)
def read_action(call: Call) -> Answer:
    """Read how far each surface has followed an act on a card."""
    record, surfaces = deliveries.action(call.context, call.actor, call.uuid("action_id"))
    shown = ActionOut(
        id=record.id,
        card=record.card_id,
        action=record.action,
        reason=record.reason,
        comment=record.comment,
        from_status=record.from_status,
        to_status=record.to_status,
        actor=record.actor,
        channel=record.channel,
        created_at=record.created_at,
        surfaces={name: str(settled) for name, settled in surfaces.items()},
    )
    return answer(shown)


@api.operation(
    "GET",
    "/v1/cards/{card_id}/delivery",
    scope="cards:read",
    answers={200: DeliveryOut},
    problems=(CardNotFound,),
)
def read_delivery(call: Call) -> Answer:
    """Read what each installed copy of the card wanted, was pushed, asked for and fetched."""
    card_id = call.uuid("card_id")
    proofs = deliveries.proof(call.context, call.actor, card_id)
    reports = device_reports.of_card(call.context, call.actor, card_id)
    shown = DeliveryOut(
        card=card_id,
        passes=[_delivery(each, call.context.now()) for each in proofs],
        device_reports=[_report(each) for each in reports],
    )
    return answer(shown)


def _report(report: DeviceReport) -> DeviceReportOut:
    return DeviceReportOut(at=report.created_at, kind=report.kind, text=report.text)


def _delivery(proof: PassProof, now: datetime) -> PassDeliveryOut:
    shown = proof.shown
    return PassDeliveryOut(
        wallet=shown.wallet,
        serial=shown.serial,
        version=shown.version,
        changed_at=shown.changed_at,
        fetched_version=shown.fetched_version,
        fetched_at=shown.fetched_at,
        installations=[_installation(each, shown, now) for each in proof.installations],
        **(_kept(proof.kept) if proof.kept is not None else {}),
    )


def _kept(kept: Progress) -> dict[str, Any]:
    return {
        "accepted_version": kept.sent_version if kept.sent_at else None,
        "accepted_at": kept.sent_at,
        "attempts": kept.attempts,
        "last_error": kept.last_error,
    }


def _installation(proof: Proof, shown: Pass, now: datetime) -> InstallationOut:
    by = "this device" if proof.fetched_at else None
    if shown.fetched_at is not None and proof.fetched_by_one_of > 1:
        by = f"one of {proof.fetched_by_one_of} devices"
    return InstallationOut(
        id=proof.installation_id,
        provider=proof.provider,
        registered_at=proof.registered_at,
        wanted_version=proof.wanted_version,
        pushed_version=proof.pushed_version,
        pushed_at=proof.pushed_at,
        asked_version=proof.asked_version,
        asked_at=proof.asked_at,
        fetched_version=proof.fetched_version,
        fetched_at=proof.fetched_at,
        fetched_by=by,
        stale=is_stale(proof, now),
        repushes=proof.repushes,
        attempts=proof.attempts,
        last_error=proof.last_error,
    )
