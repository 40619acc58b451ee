"""A request with an Idempotency-Key is executed once, however often it is sent."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from sqlalchemy import func, select

from service.storage.tables import CardRow, IdempotencyKeyRow
from tests.world import World


def issue(world: World, key: str, **body: object) -> dict[str, object]:
    return {
        "method": "POST",
        "path": "/v1/cards",
        "body": {"program": str(world.brand.program.id), **body},
        "Idempotency_Key": key,
    }


def counted(world: World, row: type[CardRow] | type[IdempotencyKeyRow] = CardRow) -> int:
    with world.context.reading() as transaction:
        return transaction.session.scalar(select(func.count()).select_from(row)) or 0


def test_a_repeat_is_answered_byte_for_byte_and_does_nothing(world: World) -> None:
    request = issue(world, "k-1", reference="r")

    first = world.call(**request)
    again = world.call(**request)

    assert first.status_code == again.status_code == 201
    assert first.data == again.data
    assert first.content_type == again.content_type
    assert counted(world) == 1


def test_the_same_body_written_differently_is_the_same_request(world: World) -> None:
    program = str(world.brand.program.id)
    headers = {"Authorization": f"Bearer {world.brand.api_key}", "Idempotency-Key": "k-1"}
    bodies = (
        f'{{"program": "{program}", "reference": "\u00e9"}}'.encode(),
        f'{{ "reference":"\\u00e9",\n"program":"{program}" }}'.encode(),
    )

    answers = [
        world.client.post("/v1/cards", data=body, headers=headers, content_type="application/json")
        for body in bodies
    ]

    assert answers[0].data == answers[1].data
    assert counted(world) == 1


def test_the_same_key_with_another_body_is_refused(world: World) -> None:
    world.call(**issue(world, "k-1", reference="one"))

    other = world.call(**issue(world, "k-1", reference="two"))

    assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")
    assert counted(world) == 1


def test_the_same_key_on_another_path_is_another_request(world: World) -> None:
    cards = [world.card("m-1"), world.card("m-2")]

    answers = [
        world.call("POST", f"/v1/cards/{card['id']}/block", {"reason": "lost"}, Idempotency_Key="k")
        for card in cards
    ]

    assert [answer.json["id"] for answer in answers] == [card["id"] for card in cards]


def test_the_same_key_of_another_brand_is_independent(world: World, rival: World) -> None:
    mine = world.call(**issue(world, "k-1"))
    theirs = rival.call(**issue(rival, "k-1"))

    assert mine.status_code == theirs.status_code == 201
    assert mine.json["id"] != theirs.json["id"]


def test_an_error_keeps_nothing_so_that_the_request_may_be_sent_again(world: World) -> None:
    member = {"external_id": "m-1"}
    card = world.card("m-1")
    refused = world.call(**issue(world, "k-1", member=member))

    world.act(card, "block", reason="lost")
    again = world.call(**issue(world, "k-1", member=member))

    assert (refused.status_code, refused.json["code"]) == (409, "too_many_active_cards")
    assert again.status_code == 201


def test_a_key_whose_request_failed_may_carry_another_body(world: World) -> None:
    refused = world.call(**issue(world, "k-1", number="!!!!"))

    mended = world.call(**issue(world, "k-1", number="AB-123"))

    assert refused.status_code == 400
    assert mended.status_code == 201


def test_a_key_that_cannot_be_used_is_refused(world: World) -> None:
    cases: list[Any] = ["", "k" * 256, "a\tb", "\u00a0"]

    for key in cases:
        answer = world.call(**issue(world, key))

        assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
        assert counted(world) == 0


def test_a_read_needs_no_key_and_keeps_none(world: World) -> None:
    card = world.card()

    answer = world.call("GET", f"/v1/cards/{card['id']}", Idempotency_Key="k-1")

    assert answer.status_code == 200
    assert counted(world, IdempotencyKeyRow) == 0


def test_the_same_key_from_many_at_once_is_executed_once(world: World) -> None:
    request = issue(world, "k-1")
    start = Barrier(4)

    def send(_: int) -> tuple[int, bytes]:
        start.wait()
        answer = world.client.application.test_client().open(
            request["path"],
            method=request["method"],
            json=request["body"],
            headers={
                "Authorization": f"Bearer {world.brand.api_key}",
                "Idempotency-Key": "k-1",
            },
        )
        return answer.status_code, answer.data

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(send, range(4)))

    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert counted(world) == 1


def test_a_points_event_may_carry_a_key_too(world: World) -> None:
    card = world.card()
    body = {"event_id": "e-1", "card_number": card["number"], "add": 5}

    first = world.call("POST", "/v1/points", body, Idempotency_Key="k")
    again = world.call("POST", "/v1/points", body, Idempotency_Key="k")
    without = world.call("POST", "/v1/points", body)

    assert first.json["outcome"] == again.json["outcome"] == "applied"
    assert without.json["outcome"] == "duplicate"
    assert without.json["balances"]["points"]["amount"] == 105
