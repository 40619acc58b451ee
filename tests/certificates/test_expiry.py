"""Before a certificate ends an operator is told, once per stage; after it nothing bad is signed."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from service.context import Context
from service.domain.certificates import State
from service.domain.passes import WalletName
from service.emulators.certificates import Authority
from service.operations import certificates, deliveries, expiry
from service.operations.expiry import Reach
from service.settings import Settings
from service.storage.tables import AlarmRow
from service.wiring import opened
from tests.http.phone import Phone
from tests.world import PASS_TYPE, World, built, files_of

from .conftest import Renew

LOGGER = "service.operations.expiry"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[int, str]]]:
    """Gives what was told since it was asked last: (level, line)."""
    caplog.set_level(logging.INFO, LOGGER)

    def told() -> list[tuple[int, str]]:
        found = [(r.levelno, r.getMessage()) for r in caplog.records if r.name == LOGGER]
        caplog.clear()
        return found

    return told


Lines = Callable[[], list[tuple[int, str]]]


def end_of(world: World) -> datetime:
    return expiry.standings(world.context)[0].certificate.facts.ends_at


@pytest.fixture
def at_days_left(settings: Settings, authority: Authority) -> Iterator[Callable[..., World]]:
    """A world whose machine's clock stands so many days before its certificate's end."""
    machines = []
    with built(settings, authority) as world:
        end = end_of(world)

        def travel(days: float) -> World:
            machine = time_machine.travel(end - timedelta(days=days), tick=False)
            machine.start()
            machines.append(machine)
            return world

        yield travel
        for machine in reversed(machines):
            machine.stop()


@pytest.mark.parametrize(
    ("days", "stage", "attention"),
    [
        (61, None, []),
        (31, 60, ["certificate_expires"]),
        (15, 30, ["certificate_expires"]),
        (8, 14, ["certificate_expires"]),
        (2, 7, ["certificate_expires"]),
        (1, 1, ["certificate_expires"]),
        (0, 0, ["certificate_expired"]),
        (-1, 0, ["certificate_expired"]),
    ],
)
def test_at_every_stage_an_alarm_and_after_the_end_no_pass_yet_all_else_goes_on(
    at_days_left: Callable[[float], World],
    lines: Lines,
    days: int,
    stage: int | None,
    attention: list[str],
) -> None:
    world = at_days_left(days)

    expiry.raise_alarms(world.context)
    told = lines()
    card = world.card(points=5)
    download = world.client.get(card["links"]["apple"].partition("//")[2].partition("/")[2])
    earned = world.points("e-1", card, add=1)
    looked_up = world.call("POST", "/v1/lookup", {"number": card["number"]})

    (standing,) = expiry.standings(world.context)
    assert (standing.stage, standing.days_left) == (stage, days)
    assert world.client.get("/readyz").json["attention"] == attention
    assert len(told) == (stage is not None)
    assert earned["outcome"] == "applied"
    assert looked_up.json["can_redeem"]
    assert download.status_code == (503 if stage == 0 else 200)
    if stage == 0:
        assert download.json["code"] == "pass_unavailable"
        assert "expired on" in download.json["detail"]
        assert not download.data.startswith(b"PK")


def test_after_the_end_updates_are_refused_with_the_reason_and_debts_are_kept(
    at_days_left: Callable[[float], World],
) -> None:
    world = at_days_left(1)
    card = world.card(points=5)
    phone = Phone(world)
    copy = phone.add(card)
    world = at_days_left(-1)
    world.points("e-1", card, add=1)

    fetched = phone.fetch(copy)
    asked = phone.ask(copy)
    (batch,) = deliveries.claim(world.context, WalletName.APPLE)

    assert (fetched.status_code, fetched.json["code"]) == (503, "pass_unavailable")
    assert asked.json["serialNumbers"] == [copy.serial]
    assert batch.wallet is None
    assert "expired on" in (batch.fault or "")
    (installed,) = world.call("GET", f"/v1/cards/{card['id']}/delivery").json["passes"]
    assert installed["installations"][0]["wanted_version"] == 2


def stages_reached(world: World) -> Iterator[int]:
    """Turn the clock to each stage in turn."""
    world.clock.freeze()
    end = end_of(world)
    for stage in (60, 30, 14, 7, 1, 0):
        world.clock.frozen_at = end - timedelta(days=stage)
        yield stage


def at_once(*works: Callable[[], None]) -> None:
    barrier = threading.Barrier(len(works))

    def go(work: Callable[[], None]) -> None:
        barrier.wait()
        work()

    threads = [threading.Thread(target=go, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_workers_that_look_at_once_tell_each_stage_once(
    world: World, settings: Settings, lines: Lines
) -> None:
    with opened(settings) as second:
        other: Context = replace(second.context, now=world.clock)
        for stage in stages_reached(world):
            at_once(*(lambda c=c: expiry.raise_alarms(c) for c in (world.context, other) * 2))

            ((level, line),) = lines()
            assert level == (logging.ERROR if stage <= 1 else logging.WARNING)
            assert PASS_TYPE in line
            assert "(Tests)" in line

    with world.context.reading() as transaction:
        kept = transaction.session.scalars(select(AlarmRow.stage).order_by(AlarmRow.id))
        assert list(kept) == [60, 30, 14, 7, 1, 0]


def test_a_stage_that_was_told_is_not_told_after_a_restart(
    world: World, settings: Settings, lines: Lines
) -> None:
    world.clock.forward(days=340)
    expiry.raise_alarms(world.context)
    assert len(lines()) == 1

    with opened(settings) as restarted:
        expiry.raise_alarms(replace(restarted.context, now=world.clock))

    assert lines() == []


def test_who_looks_late_is_told_the_last_stage_alone(world: World, lines: Lines) -> None:
    world.clock.frozen_at = end_of(world) - timedelta(days=5)

    expiry.raise_alarms(world.context)

    ((_, line),) = lines()
    assert "in 5 days" in line


def test_an_alarm_says_whom_it_concerns_and_what_to_do(world: World, lines: Lines) -> None:
    for number in range(3):
        card = world.card(f"m-{number}", points=1)
        copy = Phone(world, "device-1").add(card)
    Phone(world, "device-2").register(copy)
    unregistered = Phone(world, "device-3")
    unregistered.remove(unregistered.add(card))
    world.clock.frozen_at = end_of(world) - timedelta(days=7)

    expiry.raise_alarms(world.context)

    ((_, line),) = lines()
    assert expiry.reach(world.context) == {PASS_TYPE: Reach(passes=3, devices=2)}
    assert "(3, on 2 devices)" in line
    assert "`tessera certs csr --brand Tests --email YOURS`" in line
    assert "tessera certs import" in line


@pytest.mark.parametrize("after", [None, 3, 5])
def test_a_renewed_certificate_silences_the_alarm(
    world: World, renew: Renew, lines: Lines, after: float | None
) -> None:
    world.clock.frozen_at = end_of(world) - timedelta(days=5)
    renew(365, after=after)

    expiry.raise_alarms(world.context)

    assert lines() == []
    assert expiry.attention(expiry.standings(world.context)) == []
    assert expiry.faults(world.context) == []


def test_a_renewed_certificate_that_comes_too_late_silences_nothing(
    world: World, renew: Renew, lines: Lines
) -> None:
    world.clock.frozen_at = end_of(world) - timedelta(days=5)
    renew(365, after=5.5)

    expiry.raise_alarms(world.context)

    assert len(lines()) == 1


def test_the_end_of_the_intermediate_counts_if_it_comes_first(
    world: World, authority: Authority, lines: Lines
) -> None:
    world.clock.freeze()
    ending = authority.next_generation("G8", now=world.clock(), life=timedelta(days=400))
    issued = ending.pass_certificate(PASS_TYPE, "TESTTEAM01", now=world.clock(), days=500)
    certificates.import_certificate(world.context, world.brand.id, files_of(issued, ending))
    world.clock.forward(days=395)

    expiry.raise_alarms(world.context)

    ((_, line),) = lines()
    assert "by its intermediate G8," in line


def test_what_is_wrong_is_told_once_at_the_start(world: World) -> None:
    assert expiry.faults(world.context) == []

    world.clock.forward(days=400)
    (fault,) = expiry.faults(world.context)
    world.clock.forward(days=-800)
    (early,) = expiry.faults(world.context) or ["-"]

    assert "expired on" in fault
    assert early == "-"  # no switch-over has come: nothing signs, and nothing is overdue


def test_every_certificate_of_a_brand_stands_somewhere(world: World, renew: Renew) -> None:
    world.clock.freeze()
    renew(200)
    renew(400, after=100)

    standings = expiry.standings(world.context, world.brand.id)

    assert [each.state for each in standings] == [State.RETIRED, State.ACTIVE, State.WAITING]
    assert [each.is_last for each in standings] == [False, False, True]
    assert [each.days_left for each in standings] == [364, 200, 400]
