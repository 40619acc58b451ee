"""A backup is restored, and the phones have seen more than it knows."""

import shutil
from pathlib import Path

from tests.e2e.deployment import Deployment, until
from tests.postgres import Postgres


def _backup(deployment: Deployment, postgres: Postgres) -> None:
    if deployment.database_url.startswith("sqlite"):
        file = Path(deployment.database_url.removeprefix("sqlite:///"))
        shutil.copy(file, file.with_name("backup.db"))
        return
    name = deployment.database_url.partition("@/")[2].partition("?")[0]
    postgres.execute(f"CREATE DATABASE {name}_backup TEMPLATE {name}")


def _restore(deployment: Deployment, postgres: Postgres) -> None:
    if deployment.database_url.startswith("sqlite"):
        file = Path(deployment.database_url.removeprefix("sqlite:///"))
        for leftover in file.parent.glob("tessera.db-*"):
            leftover.unlink()
        shutil.copy(file.with_name("backup.db"), file)
        return
    name = deployment.database_url.partition("@/")[2].partition("?")[0]
    postgres.execute(f"DROP DATABASE {name}")
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {name}_backup")


def test_a_poll_after_a_restore_brings_the_phone_to_what_the_backup_knows(
    deployment: Deployment, postgres: Postgres
) -> None:
    deployment.start()
    card = deployment.card("m-1", points=10)
    phone = deployment.new_phone(card)
    deployment.webhook("e-1", {"card_number": card["number"], "set": 11})
    until(lambda: deployment.points_on(phone) == "11")
    deployment.stop()
    _backup(deployment, postgres)
    deployment.start()
    for number in (12, 13):
        deployment.webhook(f"e-{number}", {"card_number": card["number"], "set": number})
        until(lambda number=number: deployment.points_on(phone) == str(number))
    deployment.stop()
    _restore(deployment, postgres)
    deployment.start()

    deployment.phones.poll(phone)

    assert deployment.points_on(phone) == "11"
    deployment.webhook("e-99", {"card_number": card["number"], "set": 99})
    until(lambda: deployment.points_on(phone) == "99")
