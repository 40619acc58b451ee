"""Rules of what a pass looks like beside its fields: colors, styles of newer phones, actions."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.json_file import list_of, text_of
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.subject import POSTER, Subject

SET = RuleSet(Stage.CONTENT)
COLORS = (
    *("backgroundColor", "foregroundColor", "labelColor"),
    *("stripColor", "footerBackgroundColor"),
)
RGB = re.compile(r"\s*rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)\s*", re.IGNORECASE)
HEX = re.compile(r"#(?:[0-9A-Fa-f]{3}){1,2}")
BRIGHTEST = 255
TRANSIT_TYPES = [f"PKTransitType{n}" for n in ("Air", "Boat", "Bus", "Generic", "Train")]
SCHEMES = {
    "eventTicket": ("posterEventTicket", "eventTicket"),
    "boardingPass": ("semanticBoardingPass", "boardingPass"),
}
# Keys that one style alone knows; elsewhere they have no effect.
OWNERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *("eventLogoText", "footerBackgroundColor", "useAutomaticColors"),
            *("auxiliaryStoreIdentifiers", "accessibilityURL", "addOnURL", "bagPolicyURL"),
            *("merchandiseURL", "parkingInformationURL", "purchaseParkingURL"),
            *("sellURL", "transferURL", "directionsInformationURL", "contactVenueEmail"),
            *("contactVenuePhoneNumber", "contactVenueWebsite"),
        ),
        ("eventTicket",),
    ),
    **dict.fromkeys(
        (
            *("changeSeatURL", "entertainmentURL", "purchaseAdditionalBaggageURL"),
            *("purchaseLoungeAccessURL", "purchaseWifiURL", "upgradeURL", "managementURL"),
            *("registerServiceAnimalURL", "reportLostBagURL", "requestWheelchairURL"),
            *("transitProviderEmail", "transitProviderPhoneNumber", "transitProviderWebsiteURL"),
        ),
        ("boardingPass",),
    ),
    **dict.fromkeys(("groupingIdentifier", "orderFoodURL"), ("eventTicket", "boardingPass")),
}
MOST_ACTIONS = 2
ACTION_TYPES = (
    *("viewSchedule", "watchTrailer", "listenToMusic", "call", "place", "addToBalance"),
    *("order", "shop", "membershipBenefits", "bookAppointment", "bookCar", "bookFlight"),
    *("bookStay", "viewOffersRewards"),
)


@SET.rule
def color_unreadable(subject: Subject) -> Iterator[Hit]:
    for key in COLORS:
        color = subject.text(key)
        if key in subject.content and not HEX.fullmatch(color) and not _is_rgb(color):
            yield Hit(key, color)


def _is_rgb(color: str) -> bool:
    found = RGB.fullmatch(color)
    return found is not None and all(int(part) <= BRIGHTEST for part in found.groups())


@SET.rule
def color_hex(subject: Subject) -> Iterator[Hit]:
    for key in COLORS:
        color = subject.text(key)
        if HEX.fullmatch(color):
            yield Hit(key, color, _rgb(color.removeprefix("#")))


def _rgb(digits: str) -> str:
    size = len(digits) // 3
    parts = [(digits[i : i + size] * 2)[:2] for i in range(0, len(digits), size)]
    return f"rgb({', '.join(str(int(part, 16)) for part in parts)})"


@SET.rule
def transit_type(subject: Subject) -> Iterator[Hit]:
    boarding = subject.style_objects.get("boardingPass")
    if boarding is not None and text_of(boarding, "transitType") not in TRANSIT_TYPES:
        yield Hit("boardingPass.transitType", "", ", ".join(TRANSIT_TYPES))


@SET.rule
def key_elsewhere(subject: Subject) -> Iterator[Hit]:
    for key, owners in OWNERS.items():
        if key in subject.content and not set(owners) & set(subject.classic_styles):
            yield Hit(key, "", " and ".join(owners))


@SET.rule
def style_schemes(subject: Subject) -> Iterator[Hit]:
    known = SCHEMES.get(subject.style, ())
    wanted = f"known are {', '.join(known)}" if known else "posterGeneric needs no such key"
    for scheme in list_of(subject.content, "preferredStyleSchemes"):
        if isinstance(scheme, str) and scheme not in known:
            yield Hit("preferredStyleSchemes", scheme, wanted)


@SET.rule
def poster_alone(subject: Subject) -> Iterator[Hit]:
    if subject.has_poster and not subject.style:
        yield Hit(POSTER)


@SET.rule
def poster_background(subject: Subject) -> Iterator[Hit]:
    if subject.has_poster and not any(image.base == "background" for image in subject.images):
        yield Hit("background@2x.png")


@SET.rule
def poster_logo(subject: Subject) -> Iterator[Hit]:
    if subject.has_poster and not any(image.base == "primaryLogo" for image in subject.images):
        yield Hit("primaryLogo@2x.png")


@SET.rule
def actions_too_many(subject: Subject) -> Iterator[Hit]:
    count = len(list_of(subject.content, "featuredActions"))
    if count > MOST_ACTIONS:
        yield Hit("featuredActions", count)


@SET.rule
def action_identifier(subject: Subject) -> Iterator[Hit]:
    actions = list(subject.objects("featuredActions"))
    times = Counter(text_of(action, "identifier") for _, action in actions)
    for where, action in actions:
        identifier = text_of(action, "identifier")
        if not identifier or times[identifier] > 1:
            yield Hit(f"{where}.identifier")


@SET.rule
def action_type(subject: Subject) -> Iterator[Hit]:
    for where, action in subject.objects("featuredActions"):
        found = text_of(action, "type")
        if found not in ACTION_TYPES:
            yield Hit(f"{where}.type", found or "missing", ", ".join(ACTION_TYPES))


@SET.rule
def action_target(subject: Subject) -> Iterator[Hit]:
    for where, action in subject.objects("featuredActions"):
        match text_of(action, "type"):
            case "place" if not text_of(action, "placeIdentifier"):
                yield Hit(f"{where}.placeIdentifier", "", "a place id of Apple Maps")
            case "call" if not text_of(action, "url").startswith("tel:"):
                yield Hit(f"{where}.url", "", "tel:+ and the number")
            case other if other != "place" and not text_of(action, "url"):
                yield Hit(f"{where}.url", "", "a full https:// address")


@SET.rule
def action_address(subject: Subject) -> Iterator[Hit]:
    for where, action in subject.objects("featuredActions"):
        url = text_of(action, "url")
        if url and text_of(action, "type") != "call" and not url.startswith("https://"):
            yield Hit(f"{where}.url", url)
