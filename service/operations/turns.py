"""The calls that all processes together may make to a vendor: each takes the next turn."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from service.domain.passes import WalletName
from service.storage import turns
from service.storage.database import Database

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
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

    def take(self, type_id: str, at_most_s: float) -> float | None:
        """Return how many seconds to wait before the next call; that moment is then taken.

        None, and nothing is taken: it would be later than `at_most_s` from now.
        """
        now_us = self._now_us()
        latest_us = now_us + round(max(at_most_s, 0) * SECOND_US)
        with self._database.transaction() as transaction:
            start_us = turns.take(
                transaction,
                self._wallet,
                type_id,
                now_us=now_us,
                latest_us=latest_us,
                step_us=self._step_us,
            )
        return None if start_us is None else max(0, start_us - self._now_us()) / SECOND_US

    def hold(self, type_id: str, for_s: float) -> None:
        """Let nobody call for that many seconds, at most 5 minutes."""
        for_us = round(for_s * SECOND_US)
        with self._database.transaction() as transaction:
            turns.hold(transaction, self._wallet, type_id, self._now_us(), for_us)

    def _now_us(self) -> int:
        return (self._now() - EPOCH) // MICROSECOND
