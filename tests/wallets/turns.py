"""A vendor's turns for one process, for wallets without a database."""

from dataclasses import dataclass, field


@dataclass
class NoTurns:
    """Lets every call start at once; `held` remembers for how long nobody was to call."""

    held: list[float] = field(default_factory=list)
    taken: int = 0

    def take(self, type_id: str, at_most_s: float) -> float | None:
        self.taken += 1
        return 0.0 if at_most_s >= 0 else None

    def hold(self, type_id: str, for_s: float) -> None:
        self.held.append(for_s)
