"""Featured actions: the cards that iOS 27 draws below a pass (docs/sources.md, a-8)."""

import re
from typing import Literal, Self

from pydantic import model_validator

from service.wallets.apple.models.said import Json, Said, Text, https_url

MOST_ACTIONS = 2
TELEPHONE = re.compile(r"tel:(?://)?(\+[0-9]{5,15})")
ActionType = Literal[
    "addToBalance",
    "bookAppointment",
    "bookCar",
    "bookFlight",
    "bookStay",
    "call",
    "listenToMusic",
    "membershipBenefits",
    "order",
    "place",
    "shop",
    "viewOffersRewards",
    "viewSchedule",
    "watchTrailer",
]


class FeaturedAction(Said):
    """One action. A place has an id of Apple Maps, everything else a URL."""

    identifier: Text
    type: ActionType
    url: Text | None = None
    place_identifier: Text | None = None

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if (self.place_identifier is not None) != (self.type == "place"):
            raise ValueError("a place needs a place_identifier, and nothing else may have one")
        if (self.url is None) != (self.type == "place"):
            raise ValueError("everything but a place needs a url, and a place has none")
        if self.type == "call" and not TELEPHONE.fullmatch(self.url or ""):
            raise ValueError("a call needs a url like tel:+4912345678")
        if self.type not in ("call", "place"):
            https_url(self.url or "")
        return self

    def as_json(self) -> Json:
        """Return the action; calls are known in one of the two spellings only."""
        written = super().as_json()
        if self.type == "call":
            written["url"] = TELEPHONE.sub(r"tel://\1", written["url"])
        return written
