"""Places near which the pass is shown on the lock screen (docs/sources.md, a-1)."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from service.wallets.apple.models.said import Said, StringsKey

MOST_LOCATIONS = MOST_BEACONS = 10
LARGEST_PART = 65_535


def _uuid(text: str) -> str:
    try:
        return str(UUID(text)).upper()
    except ValueError as error:
        raise ValueError("has to be a UUID") from error


class Location(Said):
    """A point on the map; degrees and meters."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    altitude: float | None = Field(default=None, allow_inf_nan=False)
    relevant_text: StringsKey | None = None


class Beacon(Said):
    """A Bluetooth beacon."""

    proximity_uuid: Annotated[str, AfterValidator(_uuid)] = Field(
        serialization_alias="proximityUUID"
    )
    major: int | None = Field(default=None, ge=0, le=LARGEST_PART)
    minor: int | None = Field(default=None, ge=0, le=LARGEST_PART)
    relevant_text: StringsKey | None = None
