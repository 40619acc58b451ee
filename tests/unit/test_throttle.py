"""A bucket of tokens per address: it fills by itself, and the memory for it is bounded."""

import pytest

from service.http.throttle import MOST_ADDRESSES, Throttle, network_of

SHOP, STRANGER = "192.0.2.1", "192.0.2.2"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_full_bucket_is_given_out_at_once_and_then_so_many_a_second() -> None:
    clock = Clock()
    throttle = Throttle(per_s=5, burst=50, clock=clock)

    at_once = sum(throttle.allows(SHOP) for _ in range(100))
    clock.now += 2
    after_two_seconds = sum(throttle.allows(SHOP) for _ in range(100))
    clock.now += 3600
    after_an_hour = sum(throttle.allows(SHOP) for _ in range(100))

    assert (at_once, after_two_seconds, after_an_hour) == (50, 10, 50)


def test_being_refused_does_not_make_the_wait_longer() -> None:
    clock = Clock()
    throttle = Throttle(per_s=1, burst=1, clock=clock)
    throttle.allows(SHOP)

    for _ in range(9):
        clock.now += 0.1
        throttle.allows(SHOP)
    clock.now += 0.15

    assert throttle.allows(SHOP)


def test_one_address_uses_up_nothing_of_another() -> None:
    throttle = Throttle(per_s=1, burst=3, clock=Clock())

    while throttle.allows(STRANGER):
        pass

    assert throttle.allows(SHOP)


def test_the_addresses_not_seen_for_longest_are_forgotten() -> None:
    throttle = Throttle(per_s=0.001, burst=1, clock=Clock())
    throttle.allows(SHOP)
    for number in range(MOST_ADDRESSES - 1):
        throttle.allows(f"address-{number}")
    still_known = throttle.allows(SHOP)
    for number in range(MOST_ADDRESSES):
        throttle.allows(f"later-{number}")

    assert not still_known
    assert len(throttle) == MOST_ADDRESSES
    assert throttle.allows(SHOP)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", "unknown"),
        ("x" * 100_000, "x" * 64),
    ],
)
def test_an_ipv6_network_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
