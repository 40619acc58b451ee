"""The watcher looks at certificates at once, tells what it sees, and survives what goes wrong."""

import logging
import threading
from dataclasses import replace
from datetime import datetime

import pytest

from service.worker import watching
from tests.e2e.deployment import until
from tests.world import World


def test_a_certificate_near_its_end_is_told_as_soon_as_a_worker_starts(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.clock.forward(days=350)
    stopping = threading.Event()
    thread = threading.Thread(target=watching.watch, args=(world.context, stopping))
    thread.start()

    until(lambda: "expires on" in caplog.text)
    stopping.set()
    thread.join(5)

    assert not thread.is_alive()
    assert caplog.text.count("expires on") == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_trouble_is_logged_and_looked_at_again_sooner(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> datetime:
        raise OSError("no clock")

    pause_s = watching._look(replace(world.context, now=broken))
    fine_s = watching._look(world.context)

    assert pause_s < fine_s == 3600
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert "no clock" in caplog.text
    assert record.exc_info
