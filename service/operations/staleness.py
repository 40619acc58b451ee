"""Phones that Apple told of a change and that have not come for it are pushed again."""

from functools import partial
from uuid import UUID

from service.context import Context
from service.domain.staleness import step
from service.operations.runner import retrying
from service.storage import staleness

LOOKS_AT_ONCE = 200  # by one transaction, which others may have to wait for
MOST_LOOKS = 10_000
MOST_REPUSHES_AT_ONCE = 1_000


def sweep(context: Context) -> int:
    """Look at the phones whose time has come; return how many are pushed again.

    A bounded number: the next sweep goes on. Several processes may sweep at the same time.
    """
    looked = repushed = 0
    while looked < MOST_LOOKS and repushed < MOST_REPUSHES_AT_ONCE:
        looks, pushes = retrying(partial(_round, context))
        looked, repushed = looked + looks, repushed + pushes
        if looks < LOOKS_AT_ONCE:
            break
    return repushed


def _round(context: Context) -> tuple[int, int]:
    with context.transaction() as transaction:
        now = context.now()
        watched = staleness.to_look_at(transaction, now, LOOKS_AT_ONCE)
        steps = [(row_id, step(watch, now)) for row_id, watch in watched]
        staleness.save(transaction, steps, now)
    return len(steps), sum(each.is_repushed for _, each in steps)


def count(context: Context) -> dict[UUID, int]:
    """Return, per brand that has any, how many phones have not come although pushed again."""
    with context.reading() as transaction:
        return staleness.count_by_brand(transaction, context.now())
