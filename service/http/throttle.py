"""Limits how often one address may call what needs no key. Per process; nothing is stored."""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_ADDRESSES = 10_000
IPV6_NETWORK = 64  # what one household or one server is given
LONGEST_ADDRESS = 64


class Throttle:
    """A bucket of tokens per address; any thread may take.

    A full bucket holds `burst` tokens, and `per_s` come back each second. The addresses not seen
    for longest are forgotten, so memory is bounded; whoever comes anew has a full bucket.
    """

    def __init__(
        self, per_s: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, address: str | None) -> bool:
        """Take one token of an address; False if there is none left."""
        key, now = network_of(address or ""), self._clock()
        with self._lock:
            left, seen_at = self._buckets.pop(key, (float(self._burst), now))
            left = min(float(self._burst), left + (now - seen_at) * self._per_s)
            is_allowed = left >= 1
            self._buckets[key] = (left - 1 if is_allowed else left, now)
            if len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        return is_allowed

    def __len__(self) -> int:
        return len(self._buckets)


def network_of(address: str) -> str:
    """Return what shares one bucket: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:LONGEST_ADDRESS]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False))
