"""Roll-outs in tests: another version of a design, passes whose buckets are known, steps."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from service.domain.designs import GOOGLE_LOGO, Design
from service.operations import designs, moving
from service.storage.tables import DeliveryRow, PassRow
from service.wiring import templates_folder
from tests.http.phone import Phone
from tests.world import World

KIND = "points"
SHIPPED = designs.shipped(templates_folder(), KIND)
OLD, NEW = SHIPPED.source["colors"]["background"], "rgb(1, 2, 3)"
OLD_LABEL = SHIPPED.source["strings"]["en"]["label.points"]


def a_design(
    world: World, color: str = NEW, *, label: str = OLD_LABEL, has_google_logo: bool = True
) -> Design:
    """Publish the next version of the brand's points design, in another color."""
    source: dict[str, Any] = copy.deepcopy(dict(SHIPPED.source))
    source["colors"]["background"] = color
    for strings in source["strings"].values():
        strings["label.points"] = label
    images = {
        name: png for name, png in SHIPPED.images.items() if name != GOOGLE_LOGO or has_google_logo
    }
    changed = replace(SHIPPED, source=source, images=images)
    return designs.publish(world.context, world.brand.id, changed).design


def a_fleet(world: World, buckets: Sequence[int], start: int = 0) -> list[dict[str, Any]]:
    """Return cards, each on a phone of its own; their passes have the buckets, in order."""
    cards = [world.card(f"m-{start + n}", points=100) for n in range(len(buckets))]
    for number, card in enumerate(cards, start):
        Phone(world, f"device-{number}", f"aa{number:04}").add(card)
    with world.context.transaction() as transaction:
        for card, bucket in zip(cards, buckets, strict=True):
            mine = PassRow.card_id == UUID(card["id"])
            transaction.session.execute(update(PassRow).where(mine).values(bucket=bucket))
    return cards


def shown(world: World) -> dict[str, Any]:
    """Return every pass by its card's id."""
    with world.context.reading() as transaction:
        rows = transaction.session.execute(select(PassRow.__table__).order_by(PassRow.id)).all()
    return {str(row.card_id): row for row in rows}


def moved(world: World, cards: Sequence[dict[str, Any]], design: Design) -> list[int]:
    """Return the places of the cards whose pass shows the design."""
    known = shown(world)
    return [n for n, card in enumerate(cards) if known[card["id"]].design_id == design.id]


def debts(world: World) -> list[Any]:
    """Return every target to which something is owed."""
    with world.context.reading() as transaction:
        owed = select(DeliveryRow.__table__).where(DeliveryRow.due_at.is_not(None))
        return list(transaction.session.execute(owed).all())


def begin(world: World, design: Design, **asked: Any) -> dict[str, Any]:
    """Start a roll-out of the brand's program by the API."""
    path = f"/v1/programs/{world.brand.program.id}/roll-outs"
    answer = world.call("POST", path, {"design": str(design.id), **asked})
    assert answer.status_code == 201, answer.text
    started: dict[str, Any] = answer.json
    return started


def act(world: World, begun: dict[str, Any], act: str, **body: Any) -> dict[str, Any]:
    answer = world.call("POST", f"/v1/roll-outs/{begun['id']}/{act}", body or None)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json
    return changed


def read(world: World, begun: dict[str, Any]) -> dict[str, Any]:
    answer = world.call("GET", f"/v1/roll-outs/{begun['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def due_steps(world: World, reached: dict[UUID, int] | None = None) -> int:
    """Do what is due now, on a clock that stands still; return how many steps that took."""
    known = {} if reached is None else reached
    steps = 0
    while moving.step(world.context, known):
        steps += 1
    return steps


def run(world: World, seconds: int = 100) -> None:
    """Do all steps of that many seconds."""
    reached: dict[UUID, int] = {}
    for _ in range(seconds):
        due_steps(world, reached)
        world.clock.forward(seconds=1)
