"""One certificate takes over from another under load: no restart, no failed fetch, one connection.

The moment is a clock that the test turns; fetches run on in threads of their own meanwhile.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

from service.context import Context
from service.domain.passes import WalletName
from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority
from service.emulators.pass_reader import OpenedPass
from service.operations import expiry
from service.settings import Settings
from service.wiring import opened
from service.worker.loop import deliver_due
from tests.e2e.deployment import until
from tests.http.phone import Phone
from tests.wallets.builders import unpacked
from tests.world import World, built

from .conftest import Renew

PHONES = 3


@pytest.fixture
def apns(authority: Authority) -> Iterator[ApnsEmulator]:
    with ApnsEmulator(authority) as emulator:
        yield emulator


@pytest.fixture
def world(
    settings: Settings, authority: Authority, apns: ApnsEmulator, tmp_path: Path
) -> Iterator[World]:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.root_pem)
    changes = {"apns_url": apns.push_url, "apns_ca_file": ca_file}
    with built(settings.model_copy(update=changes), authority) as made:
        made.clock.freeze()
        yield made


def signer(pkpass: bytes) -> x509.Certificate:
    certificates = load_der_pkcs7_certificates(unpacked(pkpass)["signature"])
    return next(c for c in certificates if "Pass Type ID" in c.subject.rfc4514_string())


def active_serial(world: World) -> int:
    with world.context.reading() as transaction:
        wallet = world.context.wallet(
            transaction, world.brand.id, WalletName.APPLE, world.brand.pass_type_id
        )
    return wallet._identity.certificate.serial_number  # type: ignore[union-attr]


@dataclass
class Fetches:
    """Phones that fetch their passes over and over, each from a thread of its own."""

    world: World
    copies: list[tuple[Phone, OpenedPass]]
    failed: list[str] = field(default_factory=list)
    signed_by: list[int] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Fetches":
        self._threads = [threading.Thread(target=self._go, args=each) for each in self.copies]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _go(self, phone: Phone, copy: OpenedPass) -> None:
        client = self.world.client.application.test_client()
        phone = Phone(replace(self.world, client=client), phone.device, phone.push_token)
        while not self._stopping.is_set():
            answer = phone.fetch(copy)
            if answer.status_code == 200:
                self.signed_by.append(signer(answer.data).serial_number)
            else:
                self.failed.append(answer.text)

    def some_more(self) -> list[int]:
        """Return who signed the passes that are fetched from now on, after a number of them."""
        begun = len(self.signed_by) + len(self.copies)  # those under way began before
        until(lambda: self.failed or len(self.signed_by) >= begun + 2 * len(self.copies))
        return self.signed_by[begun:]


@pytest.fixture
def fetches(world: World) -> Fetches:
    copies = []
    for number in range(PHONES):
        phone = Phone(world, f"device-{number}", f"aa{number:02}")
        copies.append((phone, phone.add(world.card(f"m-{number}", points=1))))
    return Fetches(world, copies)


def push_all(world: World, event: str) -> None:
    for number in range(PHONES):
        card = world.card(f"m-{number}", points=1)
        world.points(f"{event}-{number}", card, add=1)
    world.clock.forward(seconds=5)
    while deliver_due(world.context, WalletName.APPLE):
        pass


def test_a_certificate_takes_over_under_load_without_a_failed_fetch(
    world: World, fetches: Fetches, renew: Renew
) -> None:
    old = active_serial(world)

    with fetches:
        before = fetches.some_more()
        renew(500, after=1)
        waiting = fetches.some_more()
        world.clock.forward(days=1)
        after = fetches.some_more()
        now = renew(600)
        at_once = fetches.some_more()

    assert fetches.failed == []
    assert set(before) == set(waiting) == {old}
    assert len(set(after)) == 1
    assert len(set(at_once)) == 1
    assert len({old, *after, *at_once}) == 3
    assert now.certificate.active_from == world.clock().replace(microsecond=0)


def test_pushes_go_over_a_new_connection_which_is_made_once(
    world: World, apns: ApnsEmulator, fetches: Fetches, renew: Renew
) -> None:
    push_all(world, "before")
    assert (apns.connections, len(open_now(apns))) == (1, 1)

    renew(500, after=1)
    push_all(world, "waiting")
    assert apns.connections == 1

    world.clock.forward(days=1)
    push_all(world, "after")
    push_all(world, "later")

    assert apns.connections == 2
    until(lambda: len(open_now(apns)) == 1)
    assert [push.token for push in apns.pushes()].count("aa00") == 4
    for phone, copy in fetches.copies:
        assert phone.register(copy).status_code == 200  # it is registered as before


def open_now(apns: ApnsEmulator) -> list[object]:
    return list(apns._desk.connections)


def test_an_idle_connection_is_closed_after_the_switch_over_by_who_looks(
    world: World, apns: ApnsEmulator, fetches: Fetches, renew: Renew
) -> None:
    push_all(world, "before")
    renew(500, after=1)
    expiry.raise_alarms(world.context)
    assert len(open_now(apns)) == 1

    world.clock.forward(days=1)
    expiry.raise_alarms(world.context)

    until(lambda: open_now(apns) == [])
    assert apns.connections == 1


def test_a_process_that_was_up_before_the_import_switches_by_itself(
    world: World, settings: Settings, fetches: Fetches, renew: Renew
) -> None:
    with opened(settings) as second:
        other: Context = replace(second.context, now=world.clock)
        there = replace(world, context=other)
        old = active_serial(there)
        renew(500, after=1)
        assert active_serial(there) == old

        world.clock.forward(days=1)

        assert active_serial(there) == active_serial(world) != old


def test_a_call_that_knows_less_does_not_call_the_old_certificate_back(
    world: World, renew: Renew
) -> None:
    slow_clock = replace(world.context, now=lambda: world.clock() - timedelta(days=1))
    of_a_slow_clock = replace(world, context=slow_clock)
    renew(500, after=1)
    world.clock.forward(days=1)
    new = active_serial(world)
    kept = dict(world.context._wallets)

    old = active_serial(of_a_slow_clock)

    assert old != new
    assert kept.items() <= world.context._wallets.items()  # nobody retired the new one
    assert active_serial(world) == new


def test_an_older_one_that_lasts_signs_again_when_the_newer_has_ended(
    world: World, renew: Renew
) -> None:
    of_a_year = active_serial(world)
    renew(10)
    short = active_serial(world)

    world.clock.forward(days=11)

    assert short != of_a_year
    assert active_serial(world) == of_a_year
