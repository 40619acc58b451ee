"""Log lines never hold the secrets that addresses carry, whoever writes them."""

import logging

import pytest

from service.cli.logs import Redacted

TOKEN = "RhvLMG1V_OyMgUeXYpMFSTXW9tyYE_2O"


def line(message: str, *arguments: object, error: Exception | None = None) -> str:
    record = logging.LogRecord(
        "any", logging.INFO, "file.py", 1, message, arguments, error and (type(error), error, None)
    )
    return Redacted("%(message)s").format(record)


@pytest.mark.parametrize(
    "path",
    [
        f"/add/{TOKEN}",
        f"/add/{TOKEN}/apple.pkpass",
        f"/add/all/{TOKEN}/cards.pkpasses",
        f"/add/all/{TOKEN}",
        f"https://cards.example.com/add/{TOKEN}?lang=ru",
        f"/apple/v1/devices/{TOKEN}/registrations/pass.com.example/1",
        f"https://pay.google.com/gp/v/save/{TOKEN}",
    ],
)
def test_a_secret_in_a_path_is_left_out(path: str) -> None:
    assert TOKEN not in line("Client disconnected while serving %s", path)
    assert TOKEN not in line(f"Exception while serving {path}")
    assert TOKEN not in line("failed", error=ValueError(f"GET {path} failed"))


def test_the_rest_of_the_line_stays() -> None:
    said = line("lost %s after %d s", f"/add/{TOKEN}/google", 3)

    assert said == "lost /add/.../google after 3 s"
