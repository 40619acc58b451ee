"""What the database itself refuses, whatever our code would let through."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import exc, insert, select, update
from sqlalchemy.orm import Session

from service.domain.cards import Act, CardAction, Reason
from service.operations import cards, programs
from service.operations.members import MemberData
from service.storage.tables import CardRow
from tests.world import World


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with Session(world.context.database.engine) as opened:
        yield opened
        opened.rollback()


def a_copy(session: Session, card: dict[str, Any], **changes: Any) -> Any:
    """Return the insert of another card row of the same account."""
    row = session.execute(select(CardRow.__table__).where(CardRow.id == UUID(card["id"]))).one()
    number = uuid4().hex
    fresh = {"id": uuid4(), "number": number, "barcode": number, "link_digest": number.encode()}
    return insert(CardRow).values(**{**row._mapping, **fresh, **changes})


def test_a_second_active_card_of_one_account_is_refused(world: World, session: Session) -> None:
    second = a_copy(session, world.card())

    with pytest.raises(exc.IntegrityError):
        session.execute(second)


def test_an_active_card_outside_its_accounts_slots_is_refused(
    world: World, session: Session
) -> None:
    card = world.card()
    wrong: list[dict[str, Any]] = [
        {"active_slot": 2},
        {"active_slot": 0},
        {"active_slot": None},
        {"status": "blocked"},
        {"status": "closed", "active_slot": 2, "slots": 2},
    ]

    for changes in wrong:
        copy = a_copy(session, card, **changes)
        with pytest.raises(exc.IntegrityError):
            session.execute(copy)
        session.rollback()


def test_a_third_active_card_is_refused_where_two_are_allowed(
    world: World, session: Session
) -> None:
    program = programs.create_program(
        world.context, world.brand.id, "points", "Two", cards_per_account=2
    )
    member = MemberData("m-two")
    request = cards.IssueRequest(program.id, member)
    first = cards.issue(world.context, world.brand.actor, request)
    cards.issue(world.context, world.brand.actor, request)
    shown = {"id": str(first.card.id)}

    for slot in (1, 2, 3):
        with pytest.raises(exc.IntegrityError):
            session.execute(a_copy(session, shown, active_slot=slot))
        session.rollback()


def test_a_slot_is_free_again_when_its_card_is_blocked(world: World, session: Session) -> None:
    card = world.card()
    asked = Act(CardAction.BLOCK, Reason.LOST)

    cards.act(world.context, world.brand.actor, UUID(card["id"]), asked)
    row = session.execute(select(CardRow.active_slot, CardRow.status)).one()

    assert tuple(row) == (None, "blocked")


@pytest.mark.parametrize("column", ["number", "barcode"])
def test_a_number_is_never_used_twice_even_after_its_card_is_closed(
    world: World, session: Session, column: str
) -> None:
    card = world.card()
    world.act(card, "close", reason="duplicate")
    again = a_copy(session, card, **{column: card["number"]})

    with pytest.raises(exc.IntegrityError):
        session.execute(again)


def test_a_status_cannot_become_active_without_a_slot(world: World, session: Session) -> None:
    card = world.card()
    world.act(card, "block", reason="lost")

    with pytest.raises(exc.IntegrityError):
        session.execute(update(CardRow).values(status="active"))
