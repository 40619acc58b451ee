"""Simulated iPhones: each takes nothing but a `.pkpass` and behaves as a real one would.

It opens and verifies the pass, registers, wakes on a push, asks what changed, fetches,
verifies again, replaces, and shows what the lock screen would say.
"""

import threading
from pathlib import Path
from typing import Self

from service.emulators.control import Clock, ControlServer, utc_now
from service.emulators.pass_rendering import NEWEST_IOS
from service.emulators.phone_control import phone_control_app
from service.emulators.phone_requests import PhoneRequests, ServerUnavailable
from service.emulators.phone_state import Phone, PhoneNotFound, StateFile
from service.emulators.phone_updates import PhoneUpdates
from service.emulators.wake_queue import WakeQueue

THREADS = 8
RETRY_AFTER_S = (0.1, 0.3, 1.0, 2.0, 5.0)


class PhoneEmulator:
    """Any number of phones that trust `root_pem` (PEM, one or more roots).

    `tls_ca_path` is the bundle their https connections trust (None: the usual one);
    `state_path` the file in which they survive a restart.
    """

    def __init__(
        self,
        root_pem: bytes,
        *,
        state_path: Path | None = None,
        tls_ca_path: Path | None = None,
        now: Clock = utc_now,
        control_port: int = 0,
    ) -> None:
        self._lock = threading.Lock()
        self._file = StateFile(state_path)
        self._phones = {phone.id: phone for phone in self._file.load(root_pem)}
        self._by_token = {phone.push_token: phone for phone in self._phones.values()}
        self._requests = PhoneRequests(now, tls_ca_path)
        self._updates = PhoneUpdates(self._requests, root_pem, now, self._save)
        self._queue = WakeQueue(self._poll_woken, threads=THREADS, retry_after_s=RETRY_AFTER_S)
        self._control = ControlServer(phone_control_app(self), control_port)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def control_url(self) -> str:
        """Where the control API listens; known after the first start."""
        return self._control.url

    def start(self) -> None:
        """Listen for control calls and let phones wake; does nothing when started.

        Raises:
            OSError: the control port is taken.
        """
        self._control.start()
        self._queue.start()

    def stop(self) -> None:
        """End all threads and connections; does nothing when already stopped."""
        self._control.stop()
        self._queue.stop()
        self._requests.close()

    def create_phone(self, language: str = "en", ios: int = NEWEST_IOS) -> Phone:
        """Return a new phone without passes; `ios` is the version of its system."""
        phone = Phone(language, ios)
        with self._lock:
            self._phones[phone.id] = phone
            self._by_token[phone.push_token] = phone
        self._save()
        return phone

    def phones(self) -> list[Phone]:
        """Return all phones, oldest first."""
        with self._lock:
            return list(self._phones.values())

    def add(self, phone_id: str, pkpass: bytes) -> dict[str, object]:
        """Put a pass on a phone, register it, and return it as rendered.

        Raises:
            PassRefused: a real phone would not take it.
            PhoneNotFound: there is no such phone.
        """
        phone = self._phone(phone_id)
        return phone.show(self._updates.add(phone, pkpass))

    def add_from_url(self, phone_id: str, url: str) -> dict[str, object]:
        """Open a link on the phone; otherwise like `add`.

        Raises:
            PassRefused: there is no pass, or a real phone would not take it.
            PhoneNotFound: there is no such phone.
            ServerUnavailable: nobody answers, or with a 5xx.
        """
        phone = self._phone(phone_id)
        return self.add(phone_id, self._requests.download(phone, url))

    def poll(self, phone_id: str, serial: str | None = None) -> list[str]:
        """Ask for news without a push and return the serials replaced.

        With a serial it is "pull to refresh": that pass is fetched without asking for a list.

        Raises:
            PhoneNotFound: there is no such phone.
            ServerUnavailable: a server is out of order.
        """
        phone = self._phone(phone_id)
        if serial is None:
            return self._updates.poll(phone)
        return self._updates.refresh(phone, serial)

    def delete(self, phone_id: str, serial: str) -> None:
        """Delete a pass from a phone, which tells its server if it can be reached.

        Raises:
            PhoneNotFound: there is no such phone, or no such pass on it.
        """
        if not self._updates.delete(self._phone(phone_id), serial):
            raise PhoneNotFound(f"phone {phone_id} holds no pass {serial}")

    def view(self, phone_id: str) -> dict[str, object]:
        """Return what a phone shows and remembers.

        Raises:
            PhoneNotFound: there is no such phone.
        """
        return self._phone(phone_id).view()

    def wake(self, token: str, topic: str) -> None:
        """Take a push in: the phone of that token updates its passes of type `topic`.

        Returns at once. Wake-ups while one is at work collapse into one more run; a run that
        meets a server out of order is repeated a few times. Unknown tokens are ignored.
        """
        with self._lock:
            phone = self._by_token.get(token.lower())
        if phone is not None:
            self._queue.submit((phone.id, topic))

    def wait_until_idle(self, timeout_s: float = 10.0) -> bool:
        """Wait until no phone is at work or about to retry; False when that took too long."""
        return self._queue.wait_until_idle(timeout_s)

    def _poll_woken(self, key: tuple[str, str]) -> bool:
        phone_id, topic = key
        try:
            self._updates.poll(self._phone(phone_id), topic)
        except ServerUnavailable:
            return False
        return True

    def _phone(self, phone_id: str) -> Phone:
        with self._lock:
            phone = self._phones.get(phone_id)
        if phone is None:
            raise PhoneNotFound(f"there is no phone {phone_id}")
        return phone

    def _save(self) -> None:
        self._file.save(self.phones())
