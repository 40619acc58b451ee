"""Roll-outs of designs: rehearsed, started, widened, stopped, resumed, taken back, read."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from uuid_utils.compat import uuid7

from service.context import Context
from service.domain.design_rules import without_balance
from service.domain.designs import Design
from service.domain.errors import (
    AlreadyPublished,
    DesignNotFound,
    IllegalTransition,
    InvalidInput,
    RollOutRunning,
)
from service.domain.history import Actor
from service.domain.pages import Cut, Page
from service.domain.passes import WalletName
from service.domain.programs import Program
from service.domain.roll_outs import (
    ALL,
    PER_SECOND,
    RollOut,
    RollOutAct,
    RollOutStatus,
    acted,
    forecast_s,
    shown_by_new,
)
from service.operations.moving import left_of, published
from service.storage import credentials, designs, moves, programs, roll_outs
from service.storage.database import Transaction

log = logging.getLogger(__name__)
COUNTED_EVERY = timedelta(seconds=10)


@dataclass(frozen=True)
class RollOutRequest:
    """`percent`: which part of the installed passes is moved; `per_second`: how many at most."""

    design_id: UUID
    percent: int = ALL
    per_second: int = PER_SECOND


@dataclass(frozen=True)
class Progress:
    """A roll-out, how many passes it has yet to move, and in how many seconds it will have."""

    roll_out: RollOut
    remaining: int
    forecast_s: int


def rehearse(context: Context, actor: Actor, program_id: UUID, asked: RollOutRequest) -> Progress:
    """Return what a roll-out would do, and keep nothing.

    Raises:
        As `start`.
    """
    with context.reading() as transaction:
        program = programs.get(transaction, actor.brand_id, program_id)
        planned = _begun(context, transaction, program, asked)
        return _told(context, planned, _left(context, transaction, planned))


def start(context: Context, actor: Actor, program_id: UUID, asked: RollOutRequest) -> Progress:
    """Begin to give a design to the program's passes; workers move them.

    Raises:
        ProgramNotFound: the brand has no such program.
        DesignNotFound: the brand has no such design.
        AlreadyPublished: the program shows this design.
        RollOutRunning: another roll-out of the program has not ended.
        InvalidInput: the design shows a balance that the program has not; or it uses NFC, and the
            brand's certificate carries none.
    """
    with context.transaction() as transaction:
        program = programs.lock(transaction, actor.brand_id, program_id)
        begun = _begun(context, transaction, program, asked)
        roll_outs.insert(transaction, begun)
        said = f"start to {begun.percent} %"
        transaction.afterwards.append(partial(_note, actor, begun, said))
    return details(context, actor, begun.id)


def _begun(
    context: Context, transaction: Transaction, program: Program, asked: RollOutRequest
) -> RollOut:
    design, _ = designs.of_brand(transaction, program.brand_id, asked.design_id)
    _check_balances(program, design)
    _check_nfc(context, transaction, design)
    if program.design_id == asked.design_id:
        raise AlreadyPublished("The program's cards show this design already.")
    running = roll_outs.unended(transaction, program.id)
    if running is not None:
        raise RollOutRunning(
            f"Roll-out {running.id} is {running.status}: let it be done, or roll it back."
        )
    now = context.now()
    return RollOut(
        id=uuid7(),
        brand_id=program.brand_id,
        program_id=program.id,
        from_design_id=program.design_id,
        to_design_id=asked.design_id,
        status=RollOutStatus.RUNNING,
        percent=asked.percent,
        per_second=asked.per_second,
        moved=0,
        due_at=now,
        created_at=now,
    )


def _check_balances(program: Program, design: Design) -> None:
    """Refuse a design whose cards would lack a field, or a strip that counts."""
    codes = [balance.code for balance in program.balances]
    lacking = without_balance(design, codes)
    if lacking:
        raise InvalidInput(
            f"The design shows balances that the program has not; it has {', '.join(codes)}.",
            [("design", place) for place in lacking],
        )


def _check_nfc(context: Context, transaction: Transaction, design: Design) -> None:
    """Refuse a design for terminals if the brand's certificate could not sign its passes."""
    brand_id, now = design.brand_id, context.now()
    type_id = credentials.type_in_use(transaction, brand_id, WalletName.APPLE, now)
    if "nfc" not in design.apple or type_id is None:
        return
    newest = credentials.active_ids(transaction, brand_id, WalletName.APPLE, type_id, now)[0]
    if not credentials.public_parts(transaction, [newest])[newest].is_nfc:
        raise InvalidInput(
            f"The certificate of {type_id} carries no NFC, so phones would refuse the passes: ask "
            "Apple for one with NFC and import it, or take apple.nfc out of the design.",
            [("design", "uses apple.nfc")],
        )


def act(
    context: Context,
    actor: Actor,
    roll_out_id: UUID,
    wanted: RollOutAct,
    percent: int | None = None,
) -> Progress:
    """Widen, stop, resume or take back a roll-out. Asking for what was done changes nothing.

    `percent` is what it is widened to.

    Raises:
        RollOutNotFound: the brand has none with that id.
        IllegalTransition: its status does not allow the act, or a newer roll-out has begun.
        InvalidInput: it is to be widened to less than it has.
    """
    with context.transaction() as transaction:
        found = roll_outs.lock(transaction, actor.brand_id, roll_out_id)
        # No pass is being made meanwhile in a design that is about to be taken back.
        program = programs.lock(transaction, actor.brand_id, found.program_id)
        changed = acted(found, wanted, context.now(), percent)
        if changed is not found:
            _check_newest(transaction, changed)
            if changed.is_back and program.design_id != changed.target_id:
                changed = published(context, transaction, program, changed)
            roll_outs.save(transaction, changed)
            said = wanted if percent is None else f"{wanted} to {percent} %"
            transaction.afterwards.append(partial(_note, actor, changed, said))
    return details(context, actor, roll_out_id)


def _check_newest(transaction: Transaction, roll_out: RollOut) -> None:
    if roll_outs.newest_id(transaction, roll_out.program_id) != roll_out.id:
        raise IllegalTransition("A newer roll-out of the program has begun since.")


def _note(actor: Actor, roll_out: RollOut, act: str) -> None:
    who = f"{actor.name} through {actor.channel}, request {actor.request_id}"
    log.info("roll-out %s of program %s: %s, by %s", roll_out.id, roll_out.program_id, act, who)


def details(context: Context, actor: Actor, roll_out_id: UUID) -> Progress:
    """Return a roll-out and how far it is.

    Raises:
        RollOutNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        found = roll_outs.get(transaction, actor.brand_id, roll_out_id)
        return _progress(context, transaction, found)


def listed(context: Context, actor: Actor, program_id: UUID, cut: Cut) -> Page[Progress]:
    """Return a part of the program's roll-outs, newest first.

    Raises:
        ProgramNotFound: the brand has none with that id.
    """
    with context.reading() as transaction:
        program = programs.get(transaction, actor.brand_id, program_id)
        page = roll_outs.page(transaction, program.id, cut)
        return page.mapped(lambda each: _progress(context, transaction, each))


def _progress(context: Context, transaction: Transaction, roll_out: RollOut) -> Progress:
    """Return how far it is: counted at most every ten seconds, and anew after each act."""
    if roll_out.ended_at is not None:
        return Progress(roll_out, 0, 0)
    name = f"left of {roll_out.id}: {roll_out.status} to {roll_out.percent} %"
    left = context.remembered(name, COUNTED_EVERY, lambda: _left(context, transaction, roll_out))
    return _told(context, roll_out, left)


def _left(context: Context, transaction: Transaction, roll_out: RollOut) -> dict[WalletName, int]:
    return moves.count(transaction, left_of(context, transaction, roll_out))


def _told(context: Context, roll_out: RollOut, left: Mapping[WalletName, int]) -> Progress:
    google = context.settings.google_calls_per_s
    seconds = forecast_s(left, roll_out.per_second, google)
    return Progress(roll_out, sum(left.values()), seconds)


def design_called(context: Context, actor: Actor, named: str) -> UUID:
    """Return the design that is called `NAME@VERSION`, or the newest of `NAME`.

    Raises:
        DesignNotFound: the brand has none.
    """
    name, at, version = named.partition("@")
    with context.reading() as transaction:
        found = designs.versions_of(transaction, actor.brand_id, name)
    if not at and found:
        return found[max(found)]
    if version.isdecimal() and int(version) in found:
        return found[int(version)]
    raise DesignNotFound(f"The brand has no design {named}: NAME or NAME@VERSION is asked for.")


def design_names(context: Context, design_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return each design as `NAME@VERSION`."""
    with context.reading() as transaction:
        known = [context.design(transaction, design_id) for design_id in design_ids]
    return {design.id: f"{design.name}@{design.version}" for design in known}


def design_for_new(
    transaction: Transaction, program: Program, wallet: WalletName, bucket: int
) -> UUID:
    """Return which design a new pass shows; the program must be held."""
    running = roll_outs.unended(transaction, program.id)
    return shown_by_new(program.design_id, running, wallet, bucket)
