"""What Wallet sends when a holder signs up (docs/sources.md, a-10)."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from service.domain.enrollment import TOKEN
from service.operations.enrollment import SignUp


def _filled_in(said: Any) -> Any:
    return "" if said is None else said


# As in the API's own bodies; what is empty was not filled in.
Nothing = BeforeValidator(_filled_in)
Entered = Annotated[str, Nothing, StringConstraints(max_length=200, strip_whitespace=True)]
Email = Annotated[
    str,
    Nothing,
    StringConstraints(max_length=254, strip_whitespace=True, pattern=r"^([^@\s]+@[^@\s]+)?$"),
]


class FromWallet(BaseModel):
    """A body that Apple defines and may add to: what is unknown is passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)


class EnteredIn(FromWallet):
    full_name: Entered = Field(default="", alias="fullName")
    given_name: Entered = Field(default="", alias="givenName")
    family_name: Entered = Field(default="", alias="familyName")
    email: Email = Field(default="", alias="emailAddress")
    phone: Entered = Field(default="", alias="phoneNumber")
    country: Entered = Field(default="", alias="ISOCountryCode")


class PersonalizationIn(FromWallet):
    token: str = Field(alias="personalizationToken", pattern=f"^{TOKEN.pattern}$")
    entered: EnteredIn = Field(alias="requiredPersonalizationInfo")


def sign_up_of(sent: PersonalizationIn) -> SignUp:
    """Return what the holder entered, without what was left empty."""
    entered = sent.entered
    name = entered.full_name or f"{entered.given_name} {entered.family_name}".strip()
    given = {"name": name, "email": entered.email, "phone": entered.phone}
    filled = {key: value for key, value in given.items() if value}
    return SignUp(sent.token, filled, entered.country.upper() or None)
