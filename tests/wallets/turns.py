"""A vendor's turns for one process, for wallets without a database."""

from dataclasses import dataclass, field

from service.wallets.interface import Turn


@dataclass
class NoTurns:
    """Lets every call start at once; `held` remembers for how long nobody was to call."""

    held: list[float] = field(default_factory=list)
    taken: int = 0

    def take(self, type_id: str, at_most_s: float) -> Turn:
        is_taken = at_most_s >= 0
        self.taken += is_taken
        return Turn(0.0, is_taken)

    def hold(self, type_id: str, for_s: float) -> None:
        self.held.append(for_s)
