"""The keys at the top of a pass that depend on the card (docs/sources.md, a-1)."""

from typing import TypedDict


class IdentityJson(TypedDict):
    """Which pass it is, and whose."""

    formatVersion: int
    passTypeIdentifier: str
    teamIdentifier: str
    serialNumber: str
    organizationName: str
    description: str
    logoText: str


class LifeJson(TypedDict, total=False):
    """Whether, and until when, the pass may be used."""

    expirationDate: str
    voided: bool


class WebServiceJson(TypedDict):
    """Where the phone asks for the next version."""

    webServiceURL: str
    authenticationToken: str
