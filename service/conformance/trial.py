"""What a check has to work with: the server, the passes in hand, and how to change them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from service.conformance.copy import Copy, Fetched, fetched
from service.conformance.device import Device
from service.conformance.outcomes import NotTried
from service.conformance.pushes import PushService
from service.conformance.server import Server

Change = Callable[[str], None]

ROUNDS = 3
PATIENCE_S = 10.0


@dataclass
class Trial:
    """One run against one server. `change_pass` changes what the pass of a serial shows.

    `flood` is how many calls may be sent to meet the server's limit.
    """

    server: Server
    copy: Copy
    second_copy: Copy | None = None
    change_pass: Change | None = None
    push_service: PushService | None = None
    flood: int = 0
    patience_s: float = PATIENCE_S
    devices: list[Device] = field(default_factory=list)

    @property
    def second(self) -> Copy:
        """The second pass, for checks that need one."""
        assert self.second_copy is not None
        return self.second_copy

    @property
    def apns(self) -> PushService:
        """The push service, for checks that need it."""
        assert self.push_service is not None
        return self.push_service

    def device(self) -> Device:
        """Return a new device, which will be unregistered at the end of the check."""
        made = Device(self.server, self.patience_s)
        self.devices.append(made)
        return made

    def registered(self, *copies: Copy) -> Device:
        """Return a new device that has registered the passes; the one in hand if none is named.

        Raises:
            Failed: the server did not take a registration.
        """
        device = self.device()
        for copy in copies or (self.copy,):
            device.register(copy).expect(200, 201)
        return device

    def fetched(self) -> Fetched:
        """Return the pass in hand as the server gives it out now.

        Raises:
            Failed: the server gives out none that a phone takes.
        """
        return fetched(self.device().fetch(self.copy))

    def change(self, copy: Copy | None = None) -> None:
        """Change what the pass in hand, or another one, shows.

        Raises:
            ChangeFailed: the command did not work.
        """
        assert self.change_pass is not None
        begun = time.monotonic()
        self.change_pass((copy or self.copy).serial)
        self.server.seen.append(f"the pass was changed, in {time.monotonic() - begun:.2f} s")

    def within_a_second(self, attempt: Callable[[], None]) -> None:
        """Make the attempt several times, each from the beginning of a second on.

        Raises:
            NotTried: it never ended within the second, so it could prove nothing.
        """
        fitted = 0
        for _ in range(ROUNDS):
            _wait_for_a_second_to_begin()
            begun = int(time.time())
            attempt()
            fitted += int(time.time()) == begun
        if not fitted:
            raise NotTried("two changes never fell into one second: the command is too slow")

    def tidy(self) -> None:
        """Unregister every device that a check made."""
        for device in self.devices:
            device.leave()
        self.devices.clear()


def _wait_for_a_second_to_begin() -> None:
    time.sleep(1 - time.time() % 1)
