"""A new look on phones, with real processes: uploaded, rolled out, taken back."""

import io
import signal
import zipfile
from typing import Any

import requests

from service.designs.folder import files_at
from service.wiring import templates_folder
from tests.e2e.deployment import Deployment, until

OLD, NEW = "POINTS", "STARS"


def renamed() -> bytes:
    """Return a zip of the points design with another word for points."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files_at(templates_folder() / "passes" / "points").items():
            archive.writestr(name, content.replace(f'"{OLD}"'.encode(), f'"{NEW}"'.encode()))
    return stream.getvalue()


def published(deployment: Deployment) -> str:
    headers = {
        "Authorization": f"Bearer {deployment.access.api_key}",
        "Content-Type": "application/zip",
    }
    url = f"http://127.0.0.1:{deployment.port}/v1/designs"
    answer = requests.post(url, renamed(), headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text
    design_id: str = answer.json()["id"]
    return design_id


def words(deployment: Deployment, phones: list[str]) -> set[str]:
    """Return what the phones call points."""
    shown: list[dict[str, Any]] = [deployment.pass_on(phone)["fields"] for phone in phones]
    return {each["points"]["label"] for each in shown}


def test_phones_show_a_new_design_and_the_old_one_again_after_a_roll_back(
    deployment: Deployment,
) -> None:
    deployment.start()
    phones = [deployment.new_phone(deployment.card(f"m-{n}", points=n)) for n in range(4)]
    path = f"/v1/programs/{deployment.access.program}/roll-outs"
    asked = {"design": published(deployment), "per_second": 2}

    begun = deployment.call("POST", path, asked)
    late = deployment.card("late", points=9)
    deployment.stop(signal.SIGKILL)
    deployment.start()
    phones.append(deployment.new_phone(late))
    until(lambda: words(deployment, phones) == {NEW})
    one = f"/v1/roll-outs/{begun['id']}"
    until(lambda: deployment.call("GET", one)["status"] == "done")
    moved = deployment.call("GET", one)["moved"]
    deployment.call("POST", f"{one}/roll-back")
    until(lambda: words(deployment, phones) == {OLD})

    assert (begun["remaining"], begun["forecast_s"], moved) == (4, 2, 4)
    until(lambda: deployment.call("GET", one)["status"] == "rolled_back")
