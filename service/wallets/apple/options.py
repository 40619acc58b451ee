"""What a design says to Apple Wallet alone: its `[apple]` table, and the `apple` of each field.

docs/apple-wallet.md tells of every option. All faults are told at once, each with its place, such
as `apple.locations[3].latitude`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails, to_json

from service.domain.design_rules import is_color
from service.domain.designs import Design
from service.domain.errors import InvalidInput
from service.wallets.apple.models.actions import MOST_ACTIONS, FeaturedAction
from service.wallets.apple.models.dates import RelevantDate
from service.wallets.apple.models.fields import FieldOptions
from service.wallets.apple.models.nfc import Nfc, Personalization
from service.wallets.apple.models.places import MOST_BEACONS, MOST_LOCATIONS, Beacon, Location
from service.wallets.apple.models.said import Context, Json, Listed, Said, Text, design_of

LARGEST_USER_INFO = 4096  # bytes: every phone fetches it with every update
APP_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!-~]+")
Style = Literal["storeCard", "coupon", "generic"]
S = TypeVar("S", bound=Said)


def _drawn(image: str, info: ValidationInfo) -> None:
    names = {f"{image}{scale}.png" for scale in ("", "@2x", "@3x")}
    if names.isdisjoint(design_of(info).images):
        raise ValueError(f"needs the image {image}.png")


def _color(text: str) -> str:
    if not is_color(text):
        raise ValueError("is written like rgb(22, 26, 66)")
    return text


class PassOptions(Said):
    """The `[apple]` table. A field's own comes later than those that its check looks at."""

    style: Style = "storeCard"
    poster: bool = False
    strip_color: Annotated[str, AfterValidator(_color)] | None = None
    suppress_strip_shine: bool | None = None
    sharing_prohibited: bool = True
    semantics: bool = False
    locations: Listed[Location] = Field(default=(), max_length=MOST_LOCATIONS)
    beacons: Listed[Beacon] = Field(default=(), max_length=MOST_BEACONS)
    max_distance: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    relevant_dates: Listed[RelevantDate] = ()
    user_info: dict[str, JsonValue] | None = None
    associated_store_identifiers: Listed[Annotated[int, Field(gt=0)]] = ()
    app_launch_url: Text | None = None
    featured_actions: Listed[FeaturedAction] = Field(default=(), max_length=MOST_ACTIONS)
    nfc: Nfc | None = None
    personalization: Personalization | None = None

    @field_validator("poster")
    @classmethod
    def _has_its_images(cls, said: bool, info: ValidationInfo) -> bool:
        if said:
            _drawn("background", info)
            _drawn("primaryLogo", info)
        return said

    @field_validator("relevant_dates")
    @classmethod
    def _of_a_style_that_has_them(cls, said: Any, info: ValidationInfo) -> Any:
        if said and info.data.get("style", "generic") != "generic":
            raise ValueError("is for the style generic: phones show the others by place only")
        return said

    @field_validator("user_info")
    @classmethod
    def _is_small(cls, said: Any) -> Any:
        if len(to_json(said)) > LARGEST_USER_INFO:
            raise ValueError(f"is larger than {LARGEST_USER_INFO} bytes")
        return said

    @field_validator("app_launch_url")
    @classmethod
    def _opens_an_app(cls, said: str, info: ValidationInfo) -> str:
        if not APP_URL.fullmatch(said):
            raise ValueError("has to be a URL")
        if info.data.get("associated_store_identifiers") == ():
            raise ValueError("needs associated_store_identifiers: the app that it opens")
        return said

    @field_validator("featured_actions")
    @classmethod
    def _are_told_apart(cls, said: Any) -> Any:
        if len({action.identifier for action in said}) < len(said):
            raise ValueError("needs another identifier for each")
        return said

    @field_validator("personalization")
    @classmethod
    def _can_be_shown(cls, said: Any, info: ValidationInfo) -> Any:
        if "nfc" in info.data and info.data["nfc"] is None:
            raise ValueError("needs nfc: Wallet signs up holders of NFC passes only")
        _drawn("personalizationLogo", info)
        return said

    def as_json(self) -> Json:
        """Return the keys that are the same on every card."""
        said = {
            "stripColor": self.strip_color,
            "suppressStripShine": self.suppress_strip_shine,
            "sharingProhibited": self.sharing_prohibited,
            "userInfo": self.user_info,
            "associatedStoreIdentifiers": list(self.associated_store_identifiers),
            "appLaunchURL": self.app_launch_url,
        }
        return _without_empty(said)

    def invitations(self) -> Json:
        """Return the keys that call for using the card: where, when and how."""
        said = {
            "locations": [each.as_json() for each in self.locations],
            "beacons": [each.as_json() for each in self.beacons],
            "maxDistance": self.max_distance,
            "relevantDates": [each.as_json() for each in self.relevant_dates],
            "featuredActions": [each.as_json() for each in self.featured_actions],
        }
        return _without_empty(said)


def _without_empty(said: Json) -> Json:
    return {key: part for key, part in said.items() if part is not None and part != []}


@dataclass(frozen=True, slots=True)
class AppleOptions:
    """All that a design says to Apple Wallet: of the pass, and of each field by its key."""

    of_pass: PassOptions
    of_fields: Mapping[str, FieldOptions]


def apple_options(design: Design) -> AppleOptions:
    """Return what a design says to Apple Wallet.

    Raises:
        InvalidInput: an option is unknown or cannot be used so; all faults with their places.
    """
    faults: list[tuple[str, str]] = []
    of_pass = _read(PassOptions, design.apple, Context(design), "apple", faults)
    of_fields = {
        field.key: _read(
            FieldOptions,
            field.apple,
            Context(design, field),
            f"fields.{field.section}.{field.key}.apple",
            faults,
        )
        for field in design.fields
    }
    if faults:
        raise InvalidInput("What the design says to Apple Wallet cannot be used.", faults)
    return AppleOptions(of_pass, of_fields)


def _read(
    model: type[S],
    said: Mapping[str, Any],
    context: Context,
    place: str,
    faults: list[tuple[str, str]],
) -> S:
    """Return a table as its model, or an empty one if it cannot be used, which is told."""
    given = {key: value for key, value in said.items() if value is not None}
    try:
        return model.model_validate(given, context=context)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False)
        faults += [(place + _path(each["loc"]), _words(each)) for each in told]
        return model()


def _path(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)


def _words(error: ErrorDetails) -> str:
    match error["type"]:
        case "value_error":
            return str(error["ctx"]["error"])
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is no option"
        case "tuple_type":
            return "should be a list"
        case "too_long":
            return f"takes {error['ctx']['max_length']} at most"
        case _:
            return error["msg"].removeprefix("Input ")
