"""Roll-outs by the API: rehearsed, started, widened, stopped, taken back; only one's own."""

import copy
import logging
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from service.domain.roll_outs import RollOutAct
from service.operations import access, designs, roll_outs
from service.operations.roll_outs import RollOutRequest
from service.wiring import templates_folder
from tests.http.lists import part, parts
from tests.roll_outs import SHIPPED, a_design, a_fleet, act, begin, moved, read, run, shown
from tests.storage.test_moves import sent
from tests.world import World

ACTS = ("widen", "stop", "resume", "roll-back")


@pytest.fixture(autouse=True)
def _still(world: World) -> None:
    world.clock.freeze()


def path(world: World) -> str:
    return f"/v1/programs/{world.brand.program.id}/roll-outs"


def asked(world: World, design: object, **more: Any) -> TestResponse:
    return world.call("POST", path(world), {"design": str(design), **more})


def refused(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def body_of(name: str) -> dict[str, int] | None:
    return {"percent": 100} if name == "widen" else None


def test_a_roll_out_says_what_it_will_do(world: World) -> None:
    a_fleet(world, range(5))
    new = a_design(world)

    begun = begin(world, new, per_second=2)

    assert UUID(begun.pop("id"))
    assert begun == {
        "program": str(world.brand.program.id),
        "from": str(world.brand.program.design_id),
        "to": str(new.id),
        "status": "running",
        "percent": 100,
        "per_second": 2,
        "moved": 0,
        "remaining": 5,
        "forecast_s": 3,
        "created_at": world.context.now().isoformat().replace("+00:00", "Z"),
        "ended_at": None,
    }


def test_the_pace_is_40_a_second_and_the_part_is_all_if_nothing_else_is_said(world: World) -> None:
    begun = begin(world, a_design(world))

    assert (begun["percent"], begun["per_second"]) == (100, 40)


def test_a_dry_run_says_how_many_passes_and_for_how_long_and_keeps_nothing(world: World) -> None:
    cards = a_fleet(world, [1, 2, 50])
    new = a_design(world)

    answer = asked(world, new.id, percent=10, per_second=1, dry_run=True)
    run(world, 3)

    assert answer.status_code == 200
    assert (answer.json["remaining"], answer.json["forecast_s"]) == (2, 2)
    assert answer.json.keys().isdisjoint({"id", "status", "created_at", "ended_at"})
    assert part(world, path(world))["roll_outs"] == []
    assert moved(world, cards, new) == []


def test_a_dry_run_is_refused_as_the_real_one_would_be(world: World) -> None:
    same = asked(world, world.brand.program.design_id, dry_run=True)
    begin(world, a_design(world))
    second = asked(world, a_design(world).id, dry_run=True)

    assert refused(same) == (409, "already_published")
    assert refused(second) == (409, "roll_out_running")


def test_the_design_that_cards_show_already_is_refused(world: World) -> None:
    assert refused(asked(world, world.brand.program.design_id)) == (409, "already_published")


def test_a_program_has_one_roll_out_at_a_time(world: World) -> None:
    begun = begin(world, a_design(world), percent=10)

    for _ in range(2):  # running, then holding
        assert refused(asked(world, a_design(world).id)) == (409, "roll_out_running")
        run(world, 2)
    act(world, begun, "roll-back")
    run(world, 2)

    assert asked(world, a_design(world).id).status_code == 201


def test_an_unknown_design_or_program_is_not_found(world: World) -> None:
    design = a_design(world)

    assert refused(asked(world, uuid4())) == (404, "design_not_found")
    unknown = world.call("POST", f"/v1/programs/{uuid4()}/roll-outs", {"design": str(design.id)})
    assert refused(unknown) == (404, "program_not_found")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("percent", 0),
        ("percent", 101),
        ("percent", "10"),
        ("per_second", 0),
        ("per_second", 1001),
        ("dry_run", 1),
        ("pace", 3),
    ],
)
def test_what_cannot_be_used_is_named(world: World, field: str, value: object) -> None:
    answer = asked(world, a_design(world).id, **{field: value})

    assert refused(answer) == (400, "invalid_input")
    assert [each["field"] for each in answer.json["errors"]] == [field]


def test_another_brand_sees_and_changes_nothing(world: World, rival: World) -> None:
    theirs = a_design(rival)
    a_fleet(world, [1])
    begun = begin(world, a_design(world))

    assert refused(asked(world, theirs.id)) == (404, "design_not_found")
    assert refused(rival.call("POST", path(world), {"design": str(theirs.id)})) == (
        404,
        "program_not_found",
    )
    assert refused(rival.call("GET", path(world))) == (404, "program_not_found")
    one = f"/v1/roll-outs/{begun['id']}"
    assert refused(rival.call("GET", one)) == (404, "roll_out_not_found")
    for name in ACTS:
        answer = rival.call("POST", f"{one}/{name}", body_of(name))
        assert refused(answer) == (404, "roll_out_not_found")
    assert read(world, begun) == begun


def test_an_unknown_roll_out_is_not_found(world: World) -> None:
    one = f"/v1/roll-outs/{uuid4()}"

    assert refused(world.call("GET", one)) == (404, "roll_out_not_found")
    for name in ACTS:
        answer = world.call("POST", f"{one}/{name}", body_of(name))
        assert refused(answer) == (404, "roll_out_not_found")


def test_an_act_may_be_repeated(world: World) -> None:
    a_fleet(world, range(3))
    begun = begin(world, a_design(world), percent=50, per_second=1)

    for name, body in (("widen", {"percent": 60}), ("stop", {}), ("resume", {}), ("roll-back", {})):
        first = act(world, begun, name, **body)
        world.clock.forward(seconds=1)
        assert act(world, begun, name, **body) == first


def test_what_the_status_does_not_allow_is_refused(world: World) -> None:
    begun = begin(world, a_design(world))
    run(world, 2)

    for name in ("widen", "stop", "resume"):
        answer = world.call("POST", f"/v1/roll-outs/{begun['id']}/{name}", body_of(name))
        assert refused(answer) == (409, "illegal_transition")


def test_a_part_is_not_made_smaller(world: World) -> None:
    begun = begin(world, a_design(world), percent=50)

    answer = world.call("POST", f"/v1/roll-outs/{begun['id']}/widen", {"percent": 49})

    assert refused(answer) == (400, "invalid_input")
    assert answer.json["errors"][0]["field"] == "percent"
    assert read(world, begun)["percent"] == 50


def test_only_the_newest_roll_out_is_taken_back(world: World) -> None:
    (card,) = a_fleet(world, [1])
    first_design, second_design = a_design(world), a_design(world)
    first = begin(world, first_design)
    run(world, 3)
    second = begin(world, second_design)
    run(world, 3)

    too_old = world.call("POST", f"/v1/roll-outs/{first['id']}/roll-back")
    act(world, second, "roll-back")
    run(world, 3)
    still = world.call("POST", f"/v1/roll-outs/{first['id']}/roll-back")

    assert refused(too_old) == refused(still) == (409, "illegal_transition")
    assert moved(world, [card], first_design) == [0]
    assert shown(world)[card["id"]].version == 4


def test_a_start_with_an_idempotency_key_is_one_roll_out(world: World) -> None:
    body = {"design": str(a_design(world).id), "percent": 5}

    answers = [world.call("POST", path(world), body, Idempotency_Key="k-1") for _ in range(2)]

    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert len(part(world, path(world))["roll_outs"]) == 1


def test_roll_outs_are_listed_newest_first_in_parts(world: World) -> None:
    begun = []
    for _ in range(3):
        begun.append(begin(world, a_design(world))["id"])
        run(world, 2)

    listed = [each for shown in parts(world, path(world), limit=2) for each in shown["roll_outs"]]

    assert [each["id"] for each in listed] == begun[::-1]
    assert {(each["status"], each["remaining"]) for each in listed} == {("done", 0)}


@pytest.mark.parametrize(
    ("scope", "reads", "acts"), [("designs:read", 200, 403), ("designs:write", 403, 200)]
)
def test_reading_and_acting_need_scopes_of_their_own(
    world: World, scope: str, reads: int, acts: int
) -> None:
    begun = begin(world, a_design(world))
    key = access.create_key(world.context, world.brand.id, "one scope", [scope])
    bearing = {"Authorization": f"Bearer {key}"}

    statuses = [
        world.call(method, where, **bearing).status_code
        for method, where in (
            ("GET", path(world)),
            ("GET", f"/v1/roll-outs/{begun['id']}"),
            ("POST", f"/v1/roll-outs/{begun['id']}/stop"),
        )
    ]

    assert statuses == [reads, reads, acts]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("kind", "places"),
    [
        ("stamps", ["stamps.balance shows stamps", "fields.header.stamps shows stamps"]),
        ("cashback", ["shows cashback"]),
    ],
)
def test_a_design_that_shows_a_balance_of_another_kind_is_refused_with_its_places(
    world: World, kind: str, places: list[str], dry_run: bool
) -> None:
    shipped = designs.shipped(templates_folder(), kind)
    unfit = designs.publish(world.context, world.brand.id, shipped).design

    answer = asked(world, unfit.id, dry_run=dry_run)

    assert refused(answer) == (400, "invalid_input")
    assert "it has points." in answer.json["detail"]
    assert {each["field"] for each in answer.json["errors"]} == {"design"}
    told = [each["problem"] for each in answer.json["errors"]]
    assert all(each.startswith("design.toml: ") for each in told)
    assert all(any(place in each for each in told) for place in places)
    assert part(world, path(world))["roll_outs"] == []


@pytest.mark.parametrize("shows", ["balance", "pending", "expiring", "expiring_at"])
def test_a_part_of_a_balance_that_the_program_has_not_is_refused_too(
    world: World, shows: str
) -> None:
    source: dict[str, Any] = copy.deepcopy(dict(SHIPPED.source))
    source["fields"]["back"].append({"key": "more", "shows": f"{shows}:miles"})
    changed = replace(SHIPPED, source=source)
    unfit = designs.publish(world.context, world.brand.id, changed).design

    answer = asked(world, unfit.id)

    assert refused(answer) == (400, "invalid_input")
    assert answer.json["errors"] == [
        {"field": "design", "problem": "design.toml: fields.back.more shows miles"}
    ]


def test_what_is_left_is_counted_anew_after_ten_seconds_and_after_every_act(world: World) -> None:
    a_fleet(world, range(8))
    begun = begin(world, a_design(world), percent=50, per_second=1)

    run(world, 3)
    remembered = read(world, begun), part(world, path(world))["roll_outs"][0]
    stopped = act(world, begun, "stop")
    world.clock.forward(seconds=8)
    resumed = act(world, begun, "resume")

    assert [each["moved"] for each in remembered] == [3, 3]
    assert [each["remaining"] for each in (begun, *remembered)] == [8, 8, 8]
    assert (stopped["remaining"], resumed["remaining"]) == (5, 5)


def test_the_passes_left_are_not_counted_at_every_reading(world: World) -> None:
    a_fleet(world, [1])
    begun = begin(world, a_design(world))

    with sent(world) as found:
        for _ in range(3):
            read(world, begun)
            part(world, path(world))
        world.clock.forward(seconds=11)
        read(world, begun)

    assert len([each for each, _ in found if "count(*)" in each and "passes" in each]) == 1


def test_an_act_is_logged_once_it_is_kept_and_not_if_its_commit_failed(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = RollOutRequest(a_design(world).id)

    def begin_and_stop(*, is_lost: bool) -> int:
        with world.context.transaction() as transaction:
            joined = world.context.joining(transaction)
            begun = roll_outs.start(joined, world.brand.actor, world.brand.program.id, wanted)
            roll_outs.act(joined, world.brand.actor, begun.roll_out.id, RollOutAct.STOP)
            if is_lost:
                raise OSError("lost")
            return len(caplog.records)

    with caplog.at_level(logging.INFO, "service.operations.roll_outs"):
        with pytest.raises(OSError, match="lost"):
            begin_and_stop(is_lost=True)
        before_the_commit = begin_and_stop(is_lost=False)

    assert before_the_commit == 0
    said = [each.getMessage() for each in caplog.records]
    assert ["start to 100 %" in said[0], "stop, by" in said[1]] == [True] * len(said)


def test_the_log_says_who_did_what(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "service.operations.roll_outs"):
        begun = begin(world, a_design(world), percent=10)
        act(world, begun, "widen", percent=20)
        act(world, begun, "stop")
        act(world, begun, "stop")
        asked(world, a_design(world).id, dry_run=True)

    said = [each.getMessage() for each in caplog.records]
    assert [each.split(": ")[1].split(", by")[0] for each in said] == [
        "start to 10 %",
        "widen to 20 %",
        "stop",
    ]
    assert all(begun["id"] in each and "by key tests through api" in each for each in said)
