"""Times: how Wallet writes them, and those at which a pass is shown on the lock screen."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from service.wallets.apple.models.said import Json, Said

LONGEST_INTERVAL = timedelta(hours=24)
FIRST_YEAR, LAST_YEAR = 2000, 2999


def instant(at: datetime) -> str:
    """Return the time as Wallet reads it: whole seconds, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(said: object) -> object:
    """Return a time that a file holds as text as a time; TOML has times of its own."""
    if not isinstance(said, str):
        return said
    try:
        return datetime.fromisoformat(said)
    except ValueError as error:
        raise ValueError("has to be a time like 2026-12-24T09:00:00+01:00") from error


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("has to say its time zone, like 2026-12-24T09:00:00+01:00")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"has to be in the years {FIRST_YEAR} to {LAST_YEAR}")
    return at


Instant = Annotated[datetime, BeforeValidator(_read), AfterValidator(_aware)]


class RelevantDate(Said):
    """One date, around which Wallet chooses the hours, or an interval of at most a day."""

    date: Instant | None = None
    start_date: Instant | None = None
    end_date: Instant | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.date is not None and self.start_date is None and self.end_date is None:
            return self
        if self.date is not None or self.start_date is None or self.end_date is None:
            raise ValueError("has to be a date, or a start_date with an end_date")
        if not timedelta(0) < self.end_date - self.start_date <= LONGEST_INTERVAL:
            raise ValueError("has to end after it starts, within 24 hours")
        return self

    def as_json(self) -> Json:
        """Return the date; iOS 18 knew a single one by another name than later ones."""
        if self.date is not None:
            return dict.fromkeys(("date", "relevantDate"), instant(self.date))
        assert self.start_date is not None
        assert self.end_date is not None
        return {"startDate": instant(self.start_date), "endDate": instant(self.end_date)}
