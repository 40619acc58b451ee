"""The calls that all processes together may make to a vendor: each takes the next turn."""

from collections.abc import Callable
from datetime import datetime

from service.domain.passes import WalletName
from service.storage import turns
from service.storage.database import Database
from service.wallets.interface import Turn

SECOND_US = 1_000_000


class VendorTurns:
    """Spaces the calls of every process evenly, at most `per_second` of them to one account.

    Evenly: ten calls at once and then a pause would exceed a vendor's limit that is counted
    over another second than ours. Machines agree as well as their clocks do.
    """

    def __init__(
        self,
        database: Database,
        wallet: WalletName,
        per_second: int,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._wallet = wallet
        self._step_us = SECOND_US // per_second
        self._now = now

    def take(self, type_id: str, at_most_s: float) -> Turn:
        """Take the next moment at which a call may start, unless it is later than `at_most_s`."""
        with self._database.transaction() as transaction:
            now_us = turns.micros(self._now())  # waiting for the one writer takes time
            latest_us = now_us + round(at_most_s * SECOND_US)
            start_us = turns.take(
                transaction,
                self._wallet,
                type_id,
                now_us=now_us,
                latest_us=latest_us,
                step_us=self._step_us,
            )
            if start_us is None:
                free_us = turns.free_at(transaction, self._wallet, type_id, now_us)
                return Turn(self._seconds_to(free_us), is_taken=False)
        return Turn(self._seconds_to(start_us), is_taken=True)

    def hold(self, type_id: str, for_s: float) -> None:
        """Let nobody call for that many seconds, at most 5 minutes."""
        for_us = round(for_s * SECOND_US)
        with self._database.transaction() as transaction:
            turns.hold(transaction, self._wallet, type_id, turns.micros(self._now()), for_us)

    def _seconds_to(self, moment_us: int) -> float:
        return max(0, moment_us - turns.micros(self._now())) / SECOND_US
