"""Visitors of a card's link, and brands with the wallets a test needs."""

from collections.abc import Callable
from typing import Any

import pytest
from uuid_utils.compat import uuid7
from werkzeug.test import TestResponse

from service.domain.credentials import GoogleCredential
from service.storage import credentials
from tests.customer.agents import BROWSER, IPHONE
from tests.world import World

Visit = Callable[..., TestResponse]


@pytest.fixture
def google(world: World) -> None:
    """A Google issuer for the brand of the world; nothing is sent with its key."""
    credential = GoogleCredential(
        id=uuid7(),
        type_id="3388000000012345678",
        email="wallet@example.iam.gserviceaccount.com",
        key_id="key-1",
        private_key_pem=b"never used",
    )
    now = world.context.now()
    with world.context.transaction() as transaction:
        credentials.insert(transaction, world.brand.id, credential, now, now)


@pytest.fixture
def visit(world: World) -> Visit:
    """Open a path as a browser does."""

    def opened(path: str, agent: str = IPHONE, **headers: str) -> TestResponse:
        sent = {"User-Agent": agent, "Accept": BROWSER}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return world.client.get(path, headers=sent)

    return opened


def path_of(card: dict[str, Any]) -> str:
    """Return the path of a card's page."""
    path: str = card["links"]["apple"].removesuffix("/apple.pkpass")
    return path[path.index("/add/") :]
