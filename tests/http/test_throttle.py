"""What phones call without a token is limited per address: enough for a shop, not for a flood."""

import threading
from collections.abc import Callable
from dataclasses import replace as replaced

import pytest
import requests
from werkzeug.test import TestResponse

from service.app import create_app
from service.cli.web import WebServer, bind
from service.http.apple_devices import LIMITS, Limits
from tests.http.phone import Phone
from tests.world import World

# Nothing here reaches the database, so one engine is as good as two.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SHOP, STRANGER = "192.0.2.1", "192.0.2.2"
PATH = "/apple/v1/devices/unknown/registrations/pass.unknown"


@pytest.fixture(autouse=True)
def _still(world: World) -> None:
    stop_time(world)


def stop_time(world: World) -> None:
    """Let no time pass in the limits of the app, so that a slow machine gets no more calls."""
    world.client.application.extensions[LIMITS] = Limits(lambda: 0.0)


def calls_until_refused(call: Callable[[], TestResponse]) -> int:
    for number in range(2000):
        if call().status_code == 429:
            return number
    raise AssertionError("never refused")


def ask(world: World, address: str, forwarded: str | None = None) -> Callable[[], TestResponse]:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return lambda: world.client.get(PATH, headers=headers, environ_base={"REMOTE_ADDR": address})


def report(world: World, address: str) -> Callable[[], TestResponse]:
    return lambda: world.client.post(
        "/apple/v1/log", json={"logs": []}, environ_base={"REMOTE_ADDR": address}
    )


def test_the_list_takes_500_at_once_and_refuses_with_a_code_and_a_time(world: World) -> None:
    taken = calls_until_refused(ask(world, STRANGER))
    refused = ask(world, STRANGER)()

    assert taken == 500
    assert refused.json["code"] == "too_many_calls"
    assert refused.headers["Retry-After"] == "1"
    assert ask(world, SHOP)().status_code == 204


def test_the_log_takes_50_at_once(world: World) -> None:
    taken = calls_until_refused(report(world, STRANGER))

    assert taken == 50
    assert report(world, SHOP)().status_code == 200
    assert ask(world, STRANGER)().status_code == 204


def test_what_needs_a_token_is_not_limited_by_it(world: World) -> None:
    phone = Phone(world)
    copy = phone.add(world.card())
    calls_until_refused(ask(world, "127.0.0.1"))

    assert phone.fetch(copy).status_code == 200
    assert phone.register(copy).status_code == 200
    assert phone.remove(copy).status_code == 200


def behind(world: World, proxies: int) -> World:
    """The same service as it runs behind so many proxies."""
    settings = world.context.settings.model_copy(update={"proxies": proxies})
    context = replaced(world.context, settings=settings)
    there = replaced(world, context=context, client=create_app(context).test_client())
    stop_time(there)
    return there


def test_without_proxies_nobody_is_believed_who_says_to_be_another(world: World) -> None:
    calls_until_refused(ask(world, STRANGER))

    assert ask(world, STRANGER, forwarded=SHOP)().status_code == 429


@pytest.mark.parametrize(
    ("proxies", "chain"), [(1, "{}"), (1, "203.0.113.9, {}"), (2, "{}, 10.0.0.1")]
)
def test_behind_proxies_the_caller_is_limited_and_not_the_proxy(
    world: World, proxies: int, chain: str
) -> None:
    there = behind(world, proxies)
    calls_until_refused(ask(there, "10.0.0.2", chain.format(STRANGER)))

    assert ask(there, "10.0.0.2", chain.format(STRANGER))().status_code == 429
    assert ask(there, "10.0.0.2", chain.format(SHOP))().status_code == 204


def test_the_web_server_hands_on_what_proxies_forward(world: World) -> None:
    there = behind(world, 1)
    with bind("127.0.0.1", 0) as bound, requests.Session() as session:
        server = WebServer(there.client.application, bound)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            list_url = f"http://127.0.0.1:{bound.getsockname()[1]}{PATH}"
            calls_until_refused(ask(there, "10.0.0.2", STRANGER))
            statuses = [
                session.get(list_url, headers={"X-Forwarded-For": address}, timeout=10).status_code
                for address in (STRANGER, SHOP)
            ]
        finally:
            session.close()
            server.drain()
            thread.join()

    assert statuses == [429, 204]


def test_what_a_caller_forwards_by_itself_is_not_its_address(world: World) -> None:
    there = behind(world, 1)
    calls_until_refused(ask(there, "10.0.0.2", STRANGER))

    lied = ask(there, "10.0.0.2", f"{SHOP}, {STRANGER}")()

    assert lied.status_code == 429
