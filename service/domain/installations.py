"""Apple's update tags, kept per device (docs/decisions/0006).

A device's counter grows by one with every list answer that names passes. Each installation
remembers the pass version it was told and the counter value of that telling.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

LONGEST_TAG = 18  # digits: what a 64-bit number holds in any case
MOST_DEVICES = 50  # of one pass: hundreds were seen registering one, and each is pushed


class Provider(StrEnum):
    """Who tells a device that a pass changed."""

    APNS = "apns"
    NONE = "none"  # nobody: it is no Apple device, and asks by itself


@dataclass(frozen=True)
class Installation:
    """A pass on a device; `pass_version` is the newest, `told_version` what the device knows of."""

    id: UUID
    pass_id: UUID
    serial: str
    pass_version: int
    told_version: int | None
    told_at: int | None


@dataclass(frozen=True)
class Told:
    """An answer to "what changed?": these installations, under this tag."""

    installations: tuple[Installation, ...]
    tag: int


def changes_since(installations: Iterable[Installation], counter: int, tag: str | None) -> Told:
    """Return what a device must hear that last heard `tag`; empty when there is no news.

    A missing, malformed or too high tag means that nothing is known about the device: it is told
    everything.
    """
    known = known_tag(tag, counter)
    news = tuple(each for each in installations if known is None or _is_news(each, known))
    return Told(news, counter + 1)


def known_tag(tag: str | None, counter: int) -> int | None:
    """Return the tag as a number if this device can have received it, else None."""
    if tag is None or not (tag.isascii() and tag.isdigit() and len(tag) <= LONGEST_TAG):
        return None
    return int(tag) if int(tag) <= counter else None


def _is_news(installation: Installation, tag: int) -> bool:
    if installation.told_version != installation.pass_version:
        return True
    return installation.told_at is not None and installation.told_at > tag


def may_be_stale(version: int, first_offered_version: int | None) -> bool:
    """Say whether a copy now being registered can be older than `version`.

    Every copy comes from a link, so none is older than the first version a link gave out.
    """
    return first_offered_version is None or first_offered_version < version


@dataclass(frozen=True)
class Registration:
    """A device asks to be told about a pass. `push_token` and ids are as the device sent them.

    One that nobody pushes has no push token.
    """

    device_library_id: str
    type_id: str
    serial: str
    push_token: str
    provider: Provider = Provider.APNS


@dataclass(frozen=True)
class Proof:
    """What is known about one installation of a card (all times aware UTC).

    `wanted` and `pushed` are pass versions, `asked` the version the device was told by the list
    call. `fetched` counts for this installation only if no other one could have fetched it. One
    that nobody pushes never has a `pushed` version. `repushes`: how often within a day the phone
    was pushed again because it had not come.
    """

    installation_id: UUID
    wallet: str
    provider: Provider
    registered_at: datetime
    wanted_version: int
    pushed_version: int
    pushed_at: datetime | None
    asked_version: int | None
    asked_at: datetime | None
    fetched_version: int | None
    fetched_at: datetime | None
    fetched_by_one_of: int
    attempts: int
    last_error: str | None
    repushes: int = 0
