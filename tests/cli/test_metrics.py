"""The listener of /metrics beside the service: there if it has a port of its own."""

import socket
from dataclasses import replace

import pytest
import requests

from service.cli.metrics import measured
from service.context import Context
from service.domain.errors import SetupError
from tests.e2e.deployment import free_port
from tests.world import World


def with_port(world: World, port: int | None) -> Context:
    settings = world.context.settings.model_copy(update={"metrics_port": port})
    return replace(world.context, settings=settings)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_figures_are_served_on_a_port_of_their_own_while_the_service_runs(
    world: World,
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"

    with measured(with_port(world, port)):
        figures = requests.get(f"{address}/metrics", timeout=10)
        elsewhere = requests.get(f"{address}/v1/cards", timeout=10)

    assert figures.status_code == 200
    assert 'tessera_certificate_days_left{brand="Tests"' in figures.text
    assert elsewhere.status_code == 404
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/metrics", timeout=10)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_port_of_their_own_nothing_listens(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with (
            pytest.raises(SetupError, match="TESSERA_METRICS_PORT"),
            measured(with_port(world, port)),
        ):
            pass
        settings = world.context.settings.model_copy(update={"metrics_port": port, "port": port})
        with measured(replace(world.context, settings=settings)), measured(with_port(world, None)):
            pass  # neither tries to listen
