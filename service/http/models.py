"""The shapes of the API: what callers send and what they get. Points are whole numbers."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from service.domain.accounts import LARGEST_AMOUNT
from service.http.texts import MemberId

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^\S(.*\S)?$")]
Comment = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Number = Annotated[str, StringConstraints(min_length=4, max_length=32)]
Points = Annotated[int, Field(ge=-LARGEST_AMOUNT, le=LARGEST_AMOUNT)]
Version = Annotated[int, Field(ge=0, le=LARGEST_AMOUNT)]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Sent(BaseModel):
    """A body that a caller sends; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class MemberIn(Sent):
    name: Text | None = None
    phone: Text | None = None
    email: (
        Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None
    ) = None
    birthday: date | None = None
    locale: Locale | None = None


class IssueMemberIn(MemberIn):
    external_id: MemberId


class ExpiringIn(Sent):
    amount: Points
    at: AwareDatetime


class BalanceIn(Sent):
    amount: Points
    pending: Points | None = None
    expiring: list[ExpiringIn] | None = Field(default=None, max_length=50)


class TierIn(Sent):
    code: Code
    name: Text | None = None


class SnapshotIn(Sent):
    member: MemberIn = MemberIn()
    number: Number | None = None
    balances: dict[Code, Points | BalanceIn] = Field(default_factory=dict, max_length=20)
    tier: TierIn | None = None
    version: Version | None = None
    occurred_at: AwareDatetime | None = None
    store: Text | None = None


class IssueIn(Sent):
    program: UUID
    member: IssueMemberIn | None = None
    number: Number | None = None
    reference: Text | None = None
    store: Text | None = None
    activate: bool = True


class ActIn(Sent):
    reason: Code
    comment: Comment | None = None


class LookupIn(Sent):
    barcode: str | None = None
    number: str | None = None
    phone: str | None = None
    store: Text | None = None

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if sum(key is not None for key in (self.barcode, self.number, self.phone)) != 1:
            raise ValueError("give exactly one of barcode, number, phone")
        return self


class PointsIn(Sent):
    """One event that changes one balance of one account."""

    event_id: Id
    card_number: Number | None = None
    card_id: UUID | None = None
    account_id: UUID | None = None
    member: MemberId | None = None
    program: UUID | None = None
    balance: Code = "points"
    set: Points | None = None
    add: Points | None = None
    version: Version | None = None
    occurred_at: AwareDatetime | None = None
    store: Text | None = None
    reason: Text | None = None
    message: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.set is None) == (self.add is None):
            raise ValueError("give exactly one of set, add")
        named = (self.card_number, self.card_id, self.account_id, self.member)
        if sum(name is not None for name in named) != 1:
            raise ValueError("give exactly one of card_number, card_id, account_id, member")
        if (self.member is None) != (self.program is None):
            raise ValueError("member and program go together")
        return self


class Shown(BaseModel):
    """A body that the service answers."""

    model_config = ConfigDict(extra="forbid")


class BalanceOut(Shown):
    amount: int
    decimals: int
    currency: str | None = None
    pending: int
    expiring: list[dict[str, Any]]


class TierOut(Shown):
    code: str
    name: str


class MemberOut(Shown):
    external_id: str
    name: str | None


class BarcodeOut(Shown):
    format: str
    message: str


class AccountOut(Shown):
    id: UUID
    balances: dict[str, BalanceOut]
    tier: TierOut | None
    program: UUID | None = None
    member: MemberOut | None = None


class LinksOut(Shown):
    """Only the links that exist: one for every device, and one per wallet."""

    add: str | None = None
    apple: str | None = None
    google: str | None = None


class CardsLinkOut(Shown):
    url: str
    expires_at: datetime


class ActionLink(Shown):
    id: UUID
    url: str


class CardOut(Shown):
    id: UUID
    number: str
    barcode: BarcodeOut
    program: UUID
    member: MemberOut | None
    account: AccountOut
    status: str
    status_reason: str | None
    blocked_by: str | None
    allowed_actions: list[str]
    version: int
    created_at: datetime
    activated_at: datetime | None
    expires_at: datetime | None
    replaces: UUID | None
    replaced_by: UUID | None
    reference: str | None
    links: LinksOut
    action: ActionLink | None = None


class LookupOut(Shown):
    can_earn: bool
    can_redeem: bool
    decline_code: str | None
    card: CardOut | None = None
    account: AccountOut | None = None


class PointsOut(Shown):
    outcome: str
    why: str | None = None
    first: str | None = None
    balances: dict[str, BalanceOut] | None = None


class ActionOut(Shown):
    id: UUID
    card: UUID
    action: str
    reason: str | None
    comment: str | None
    from_status: str | None
    to_status: str
    actor: str
    channel: str
    created_at: datetime
    surfaces: dict[str, str]


class InstallationOut(Shown):
    """Times tell when; versions are those of the pass. `fetched_by` words what a fetch proves."""

    id: UUID
    provider: str
    registered_at: datetime
    wanted_version: int
    pushed_version: int
    pushed_at: datetime | None
    asked_version: int | None
    asked_at: datetime | None
    fetched_version: int | None
    fetched_at: datetime | None
    fetched_by: str | None
    stale: bool
    repushes: int
    attempts: int
    last_error: str | None


class PassDeliveryOut(Shown):
    """Apple's passes have installations; Google keeps one object and says what it accepted."""

    wallet: str
    serial: str
    version: int
    changed_at: datetime
    fetched_version: int | None
    fetched_at: datetime | None
    installations: list[InstallationOut]
    accepted_version: int | None = None
    accepted_at: datetime | None = None
    attempts: int | None = None
    last_error: str | None = None


class DeviceReportOut(Shown):
    """A phone's own words on what it could not make sense of."""

    at: datetime
    kind: str
    text: str


class DeliveryOut(Shown):
    card: UUID
    passes: list[PassDeliveryOut]
    device_reports: list[DeviceReportOut]
