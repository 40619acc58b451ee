"""Fetches of an unchanged pass cost no signature.

The brand signs with an elliptic key, whose signatures are random: equal files were signed once.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from service.operations import certificates
from tests.http.phone import Phone, bearing
from tests.wallets.certified import elliptic
from tests.world import PASS_TYPE, TEAM, World, files_of

THREADS, FETCHES = 4, 10


@pytest.fixture(autouse=True)
def _elliptic_key(world: World) -> None:
    files = files_of(elliptic(world.authority, PASS_TYPE, TEAM), world.authority)
    certificates.import_certificate(world.context, world.brand.id, files)


def test_phones_that_fetch_one_version_at_once_get_one_signature(world: World) -> None:
    phone, card = Phone(world), world.card()
    copy = phone.add(card)
    world.points("e-1", card, add=5)
    path = f"/apple/v1/passes/{copy.pass_type_id}/{copy.serial}"
    gate = threading.Barrier(THREADS)

    def fetch(_: int) -> list[TestResponse]:
        client = world.client.application.test_client()
        gate.wait(30)
        return [client.get(path, headers=bearing(copy)) for _ in range(FETCHES)]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [answer for each in pool.map(fetch, range(THREADS)) for answer in each]

    assert [answer.status_code for answer in answers] == [200] * THREADS * FETCHES
    assert len({answer.data for answer in answers}) == 1
    assert phone.opened(answers[0]).serial == copy.serial


def test_a_change_is_signed_and_a_change_back_needs_no_new_signature(world: World) -> None:
    phone, card = Phone(world), world.card()
    copy = phone.add(card)
    first = phone.fetch(copy)

    world.points("e-1", card, add=5)
    changed = phone.fetch(copy)
    world.points("e-2", card, add=-5)
    back = phone.fetch(copy)

    assert len({first.data, changed.data}) == 2
    assert back.data == first.data
    assert back.headers["Last-Modified"] != first.headers["Last-Modified"]


def test_a_renewed_certificate_signs_at_once(world: World) -> None:
    phone = Phone(world)
    copy = phone.add(world.card())
    before = phone.fetch(copy)
    world.clock.forward(seconds=1)

    files = files_of(elliptic(world.authority, PASS_TYPE, TEAM), world.authority)
    certificates.import_certificate(world.context, world.brand.id, files)

    assert phone.fetch(copy).data != before.data
