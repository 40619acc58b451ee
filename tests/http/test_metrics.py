"""What Prometheus reads: every figure with its labels, by few and cheap queries."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event

from service.app import create_app, create_metrics_app
from service.context import Context
from service.operations import figures
from tests.http.phone import Phone
from tests.http.test_health import halt, reads, stale_phone
from tests.storage.test_round_trips import statements
from tests.world import PASS_TYPE, World, a_brand

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(context: Context) -> Figures:
    answer = create_metrics_app(context).test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def figure(found: Figures, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


def with_port(world: World, port: int | None) -> Context:
    settings = world.context.settings.model_copy(update={"metrics_port": port})
    return replace(world.context, settings=settings)


def test_days_left_are_those_of_the_line_of_certificates(world: World) -> None:
    a_brand(world.context, world.authority, 'The "Other"\\', "pass.com.example.other")

    before = scraped(world.context)
    world.clock.forward(days=400)
    after = scraped(world.context)

    days_left = "tessera_certificate_days_left"
    assert figure(before, days_left, brand="Tests", pass_type=PASS_TYPE) == 364
    other = {"brand": 'The "Other"\\', "pass_type": "pass.com.example.other"}
    assert figure(before, days_left, **other) == 364
    assert figure(after, days_left, brand="Tests", pass_type=PASS_TYPE) < 0


def test_passes_and_due_deliveries_are_counted(world: World) -> None:
    world.clock.freeze()
    card = world.card(points=1)
    Phone(world).add(card)
    before = scraped(world.context)
    world.points("e-1", card, add=1)
    world.clock.forward(seconds=5)

    after = scraped(world.context)

    assert figure(before, "tessera_passes", pass_type=PASS_TYPE) == 1
    assert figure(before, "tessera_deliveries_due", wallet="apple") == 0
    assert figure(after, "tessera_deliveries_due", wallet="apple") == 1
    assert figure(after, "tessera_deliveries_due", wallet="google") == 0


def test_halts_phones_behind_and_reports_are_counted(world: World) -> None:
    before = scraped(world.context)
    world.clock.forward(minutes=6)
    stale_phone(world)
    halt(world, PASS_TYPE)
    world.client.post("/apple/v1/log", json={"logs": ["who knows"]})

    after = scraped(world.context)

    assert figure(before, "tessera_deliveries_stale") == 0
    assert figure(after, "tessera_deliveries_stale") == 1
    assert not any(name == "tessera_wallet_halted" for name, _ in before)
    assert figure(after, "tessera_wallet_halted", wallet="apple", type=PASS_TYPE) == 1
    reports = [
        figure(found, "tessera_device_reports", kind="unattributed") for found in (before, after)
    ]
    assert reports[1] == reports[0] + 1


def test_what_a_halt_holds_back_is_not_counted_for_it(world: World) -> None:
    halt(world, PASS_TYPE)

    with reads(world) as sent:
        scraped(world.context)

    (asked,) = [each for each in sent if "FROM halts" in each]
    assert "deliveries" not in asked


def test_figures_are_served_on_the_services_port_only_if_they_are_to_be(world: World) -> None:
    port = world.context.settings.port

    answers: list[Any] = [
        create_app(with_port(world, each)).test_client().get("/metrics")
        for each in (None, port + 1, port)
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 200]
    assert answers[0].json["code"] == "not_found"
    assert "tessera_passes" in answers[2].text


def test_every_figure_is_documented(world: World) -> None:
    page = (Path(__file__).parents[2] / "docs/operating.md").read_text(encoding="utf-8")
    halt(world, PASS_TYPE)
    world.card()

    names = {name for name, _ in scraped(world.context)}

    assert len(names) == 5  # no passes yet, so no figure of them
    assert all(f"| `{name}` |" in page for name in (*names, "tessera_passes"))


def test_the_listener_of_its_own_serves_nothing_else(world: World) -> None:
    client = create_metrics_app(with_port(world, 9100)).test_client()

    assert client.get("/metrics").status_code == 200
    assert client.get("/v1/cards").status_code == 404
    assert client.get("/readyz").status_code == 404


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_scrape_takes_few_statements_however_many_cards_there_are(world: World) -> None:
    def taken() -> int:
        with statements(world) as sent:
            scraped(world.context)
        return len([each for each in sent if each.startswith("SELECT")])

    world.card("m-0")
    scraped(world.context)
    few = taken()
    for number in range(5):
        Phone(world, f"d-{number}", f"aa{number}").add(world.card(f"m-{number}"))

    assert 0 < taken() == few <= 10


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_due_deliveries_are_read_from_an_index_of_what_is_owed(world: World) -> None:
    plans = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if "FROM deliveries" in statement:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in cursor.fetchall())

    reader = world.context.database._reader
    event.listen(reader, "before_cursor_execute", explain)
    figures.due(world.context)
    event.remove(reader, "before_cursor_execute", explain)

    (plan,) = plans
    assert "USING COVERING INDEX ix_deliveries_due" in plan
