"""A roll-out's steps: the next passes get the design, until none is left."""

from collections.abc import MutableMapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from service.context import Context
from service.domain.deliveries import LEASE
from service.domain.passes import WalletName
from service.domain.programs import Program
from service.domain.roll_outs import ALL, RollOut, moved_on, settled
from service.storage import moves, passes, programs, roll_outs
from service.storage.database import Transaction
from service.storage.moves import Taken, Wave

# Google has one class for all passes of a program, so they are moved after all others, at once with
# the design that new passes show.
KEPT = frozenset(name for name in WalletName if name.keeps_passes)
OWN = frozenset(WalletName) - KEPT


def left_of(context: Context, transaction: Transaction, roll_out: RollOut) -> Wave:
    """Return all passes that the roll-out has yet to move."""
    return _wave(context, transaction, roll_out, OWN | KEPT if roll_out.below == ALL else OWN)


def _wave(
    context: Context, transaction: Transaction, roll_out: RollOut, wallets: frozenset[WalletName]
) -> Wave:
    """Return the passes in these wallets that the roll-out has yet to move.

    Passes that Google keeps stay as they are if it cannot show the design.
    """
    to_id = roll_out.to_design_id
    known = roll_outs.designs_of(transaction, roll_out.program_id) | {roll_out.from_design_id}
    target = context.design(transaction, roll_out.target_id)
    return Wave(
        program_id=roll_out.program_id,
        sources=frozenset({to_id} if roll_out.is_back else known - {to_id}),
        wallets=wallets if target.has_google_logo else wallets - KEPT,
        below=roll_out.below,
    )


def step(context: Context, reached: MutableMapping[UUID, int]) -> bool:
    """Move the next passes of a roll-out that is due; False if none is due.

    All of a step commits together, so a worker that dies neither loses nor doubles a pass.
    `reached`, which the caller keeps between steps, is roll-out -> bucket where the next passes
    are; without it a step reads those in vain that cannot be moved yet.
    """
    with context.transaction() as transaction:
        now = context.now()
        roll_out = roll_outs.claim(transaction, now)
        if roll_out is None:
            return False
        bucket = reached.get(roll_out.id, 0)
        wave = _next(context, transaction, roll_out)
        taken = moves.take(transaction, wave, roll_out.step, bucket)
        changed = roll_out
        if taken:
            changed = _moved(transaction, roll_out, taken, now)
        elif not bucket:
            changed = _at_the_end(context, transaction, roll_out, now)
        roll_outs.save(transaction, changed)
    # At the last bucket, what was locked then or made since is looked for from the first one.
    reached[roll_out.id] = taken[-1].bucket if len(taken) == roll_out.step else 0
    return True


def _next(context: Context, transaction: Transaction, roll_out: RollOut) -> Wave:
    program = programs.get(transaction, roll_out.brand_id, roll_out.program_id)
    is_published = program.design_id == roll_out.target_id
    return _wave(context, transaction, roll_out, OWN | KEPT if is_published else OWN)


def _moved(
    transaction: Transaction, roll_out: RollOut, taken: list[Taken], now: datetime
) -> RollOut:
    ids = [each.pass_id for each in taken]
    passes.show_design(transaction, ids, roll_out.target_id, now)
    return moved_on(roll_out, len(ids), now)


def _at_the_end(
    context: Context, transaction: Transaction, roll_out: RollOut, now: datetime
) -> RollOut:
    """Return what follows when no pass was found: the design is published, or all is done."""
    program = programs.lock(transaction, roll_out.brand_id, roll_out.program_id)
    # Passes that others had locked, or were making until now, are left for the next step.
    if moves.is_left(transaction, _next(context, transaction, roll_out)):
        return moved_on(roll_out, 0, now)
    if roll_out.below == ALL and program.design_id != roll_out.target_id:
        return published(context, transaction, program, roll_out)
    return settled(roll_out, now)


def published(
    context: Context, transaction: Transaction, program: Program, roll_out: RollOut
) -> RollOut:
    """Make the roll-out's design the one that new passes show, and return when it goes on.

    The program must be locked. A call to Google that is in hand still brings the design before;
    passes that are moved after its lease have the last word on the class.
    """
    programs.publish(transaction, program.id, roll_out.target_id)
    is_kept = moves.is_left(transaction, _wave(context, transaction, roll_out, KEPT))
    return replace(roll_out, due_at=context.now() + (LEASE if is_kept else timedelta(0)))


def idle_s(context: Context, at_most: float) -> float:
    """Return how many seconds may pass before a step that is known now becomes due."""
    with context.reading() as transaction:
        due_at = roll_outs.next_due(transaction)
    if due_at is None:
        return at_most
    return max(0.0, min(at_most, (due_at - context.now()).total_seconds()))
