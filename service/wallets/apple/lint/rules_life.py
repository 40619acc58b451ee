"""Rules of when and where a pass counts: dates, places, beacons."""

import re
from collections.abc import Iterator
from datetime import timedelta

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.json_file import Json, is_number, list_of, text_of
from service.wallets.apple.lint.moments import moment
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.subject import Subject

SET = RuleSet(Stage.CONTENT)
LONGEST_INTERVAL = timedelta(hours=24)
MOST_PLACES = 10
LARGEST_16_BITS = 0xFFFF
UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
LIMITS = {"latitude": 90, "longitude": 180}


@SET.rule
def date_unreadable(subject: Subject) -> Iterator[Hit]:
    for key in ("expirationDate", "relevantDate"):
        found = subject.content.get(key)
        if isinstance(found, str) and moment(found) is None:
            yield Hit(key, found)


@SET.rule
def already_expired(subject: Subject) -> Iterator[Hit]:
    at = moment(subject.content.get("expirationDate"))
    if at is not None and at < subject.now and subject.content.get("voided") is not True:
        yield Hit("expirationDate", subject.text("expirationDate"))


@SET.rule
def relevant_date_past(subject: Subject) -> Iterator[Hit]:
    at = moment(subject.content.get("relevantDate"))
    if at is not None and at < subject.now:
        yield Hit("relevantDate", subject.text("relevantDate"))


@SET.rule
def relevant_date_ignored(subject: Subject) -> Iterator[Hit]:
    if "relevantDate" in subject.content and subject.style in ("storeCard", "coupon"):
        yield Hit("relevantDate", subject.style)


@SET.rule
def relevant_dates_entry(subject: Subject) -> Iterator[Hit]:
    for index, entry in enumerate(list_of(subject.content, "relevantDates")):
        if not isinstance(entry, dict) or not _names_a_time(entry):
            yield Hit(f"relevantDates[{index}]")


def _names_a_time(entry: Json) -> bool:
    start, end, at = (moment(entry.get(key)) for key in ("startDate", "endDate", "date"))
    return at is not None or (start is not None and end is not None)


@SET.rule
def relevant_interval(subject: Subject) -> Iterator[Hit]:
    for where, entry in subject.objects("relevantDates"):
        start, end = moment(entry.get("startDate")), moment(entry.get("endDate"))
        if start and end and not timedelta(0) < end - start <= LONGEST_INTERVAL:
            yield Hit(where, str(end - start))


@SET.rule
def locations_too_many(subject: Subject) -> Iterator[Hit]:
    count = len(list_of(subject.content, "locations"))
    if count > MOST_PLACES:
        yield Hit("locations", count)


@SET.rule
def location_incomplete(subject: Subject) -> Iterator[Hit]:
    for where, location in subject.objects("locations"):
        yield from (Hit(f"{where}.{key}") for key in LIMITS if key not in location)


@SET.rule
def location_range(subject: Subject) -> Iterator[Hit]:
    for where, location in subject.objects("locations"):
        for key, most in LIMITS.items():
            degrees = location.get(key)
            if isinstance(degrees, int | float) and not abs(degrees) <= most:
                yield Hit(f"{where}.{key}", str(degrees))


@SET.rule
def max_distance_text(subject: Subject) -> Iterator[Hit]:
    meters = subject.content.get("maxDistance", 1)
    if not isinstance(meters, int | float) or not meters > 0:
        yield Hit("maxDistance", str(meters) if is_number(meters) else "no number")


@SET.rule
def beacons_too_many(subject: Subject) -> Iterator[Hit]:
    count = len(list_of(subject.content, "beacons"))
    if count > MOST_PLACES:
        yield Hit("beacons", count)


@SET.rule
def beacon_unreadable(subject: Subject) -> Iterator[Hit]:
    for where, beacon in subject.objects("beacons"):
        if not UUID.fullmatch(text_of(beacon, "proximityUUID")):
            yield Hit(f"{where}.proximityUUID")
        for key in ("major", "minor"):
            if not _is_16_bits(beacon.get(key, 0)):
                yield Hit(f"{where}.{key}")


def _is_16_bits(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_16_BITS
