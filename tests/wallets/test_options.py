"""What a design says to Apple Wallet alone: read strictly, all faults told, each with its place."""

import base64
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.designs import Design, DesignField, Section
from service.domain.errors import InvalidInput
from service.wallets.apple.models.fields import FieldOptions
from service.wallets.apple.options import PassOptions, apple_options

from .builders import a_design, with_strings

NEAR = {"en": "You are near", "ru": "Вы рядом"}
PLACE = {"latitude": 52.5, "longitude": 13.4}
UUID_TEXT = "f8f7a7b2-1c5e-4c4f-8b7e-0c9d6b6a5e4d"
SHOP = {"identifier": "shop", "type": "shop", "url": "https://example.com/shop"}
ENROLL = {"required_fields": ["name", "emailAddress"], "description": "text.how"}


def spki(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


DESIGN = a_design()
KEY = spki(ec.generate_private_key(ec.SECP256R1()))
NFC = {"message": "card_number", "encryption_public_key": KEY}


def told(design: Design) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        apple_options(design)
    return dict(refused.value.faults)


def of_pass(**said: Any) -> Design:
    return with_strings(a_design(apple=said), {"near.shop": NEAR})


def of_field(section: Section, shows: str, **said: Any) -> Design:
    design = with_strings(a_design(), {"url.terms": dict.fromkeys(NEAR, "https://example.com/")})
    field = DesignField(section, "it", shows, apple=said)
    return a_design(fields=(field,), strings=design.strings)


def test_a_design_that_says_nothing_is_a_store_card_that_cannot_be_shared() -> None:
    options = apple_options(a_design()).of_pass

    assert (options.style, options.poster, options.nfc) == ("storeCard", False, None)
    assert options.as_json() == {"sharingProhibited": True}
    assert options.invitations() == {}


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"stile": "coupon"}, "apple.stile"),
        ({"style": "eventTicket"}, "apple.style"),
        ({"style": 3}, "apple.style"),
        ({"poster": "yes"}, "apple.poster"),
        ({"sharing_prohibited": 1}, "apple.sharing_prohibited"),
        ({"strip_color": "#fff"}, "apple.strip_color"),
        ({"strip_color": "rgb(256, 0, 0)"}, "apple.strip_color"),
        ({"locations": PLACE}, "apple.locations"),
        ({"locations": [PLACE] * 11}, "apple.locations"),
        ({"locations": [PLACE, {"latitude": 52.5}]}, "apple.locations[1].longitude"),
        ({"locations": [{**PLACE, "latitude": 90.5}]}, "apple.locations[0].latitude"),
        ({"locations": [{**PLACE, "latitude": "52"}]}, "apple.locations[0].latitude"),
        ({"locations": [{**PLACE, "longitude": True}]}, "apple.locations[0].longitude"),
        ({"locations": [{**PLACE, "longitude": float("nan")}]}, "apple.locations[0].longitude"),
        ({"locations": [{**PLACE, "radius": 5}]}, "apple.locations[0].radius"),
        ({"locations": [{**PLACE, "relevant_text": "near.x"}]}, "apple.locations[0].relevant_text"),
        ({"beacons": [{"proximity_uuid": "x"}]}, "apple.beacons[0].proximity_uuid"),
        ({"beacons": [{"major": 1}]}, "apple.beacons[0].proximity_uuid"),
        ({"beacons": [{"proximity_uuid": UUID_TEXT, "major": 65536}]}, "apple.beacons[0].major"),
        ({"beacons": [{"proximity_uuid": UUID_TEXT, "minor": -1}]}, "apple.beacons[0].minor"),
        ({"beacons": [{"proximity_uuid": UUID_TEXT}] * 11}, "apple.beacons"),
        ({"max_distance": 0}, "apple.max_distance"),
        ({"max_distance": "100"}, "apple.max_distance"),
        ({"max_distance": float("inf")}, "apple.max_distance"),
        ({"user_info": {"a": "x" * 5000}}, "apple.user_info"),
        ({"user_info": ["a"]}, "apple.user_info"),
        ({"associated_store_identifiers": ["1"]}, "apple.associated_store_identifiers[0]"),
        ({"associated_store_identifiers": [0]}, "apple.associated_store_identifiers[0]"),
        ({"app_launch_url": "app:open"}, "apple.app_launch_url"),
        (
            {"app_launch_url": "no url", "associated_store_identifiers": [1]},
            "apple.app_launch_url",
        ),
        ({"featured_actions": [SHOP, SHOP]}, "apple.featured_actions"),
        (
            {"featured_actions": [{**SHOP, "identifier": each} for each in "abc"]},
            "apple.featured_actions",
        ),
        ({"featured_actions": [{**SHOP, "type": "dance"}]}, "apple.featured_actions[0].type"),
        ({"featured_actions": [{**SHOP, "url": "http://a.example"}]}, "apple.featured_actions[0]"),
        ({"featured_actions": [{**SHOP, "url": "www.a.example"}]}, "apple.featured_actions[0]"),
        ({"featured_actions": [{**SHOP, "url": "https://"}]}, "apple.featured_actions[0]"),
        ({"featured_actions": [{**SHOP, "place_identifier": "I1"}]}, "apple.featured_actions[0]"),
        ({"featured_actions": [{**SHOP, "type": "place"}]}, "apple.featured_actions[0]"),
        ({"featured_actions": [{**SHOP, "type": "call"}]}, "apple.featured_actions[0]"),
        (
            {"featured_actions": [{"identifier": "i", "type": "place"}]},
            "apple.featured_actions[0]",
        ),
        ({"featured_actions": [{"identifier": "i", "type": "shop"}]}, "apple.featured_actions[0]"),
        ({"nfc": {**NFC, "message": "name"}}, "apple.nfc.message"),
        ({"nfc": {**NFC, "encryption_public_key": "x"}}, "apple.nfc.encryption_public_key"),
        ({"nfc": {"message": "barcode"}}, "apple.nfc.encryption_public_key"),
        ({"personalization": ENROLL}, "apple.personalization"),
        ({"nfc": NFC, "personalization": ENROLL}, "apple.personalization"),
        (
            # Nobody keeps the answer.
            {"nfc": NFC, "personalization": {**ENROLL, "required_fields": ["name", "postalCode"]}},
            "apple.personalization.required_fields[1]",
        ),
        (
            {"nfc": NFC, "personalization": {**ENROLL, "required_fields": []}},
            "apple.personalization.required_fields",
        ),
        (
            {"nfc": NFC, "personalization": {**ENROLL, "terms": "text.x"}},
            "apple.personalization.terms",
        ),
    ],
)
def test_an_option_that_cannot_be_used_is_refused_with_its_place(
    said: dict[str, Any], place: str
) -> None:
    faults = told(of_pass(**said))

    assert list(faults) == [place]
    assert faults[place]


def test_all_faults_are_told_at_once_those_of_fields_too() -> None:
    field = DesignField(Section.HEADER, "points", "balance:points", apple={"number_style": "big"})
    design = a_design(fields=(field,), apple={"stile": 1, "max_distance": -1})

    assert set(told(design)) == {
        "apple.stile",
        "apple.max_distance",
        "fields.header.points.apple.number_style",
    }


def test_a_text_that_one_language_lacks_is_told_with_that_language() -> None:
    design = with_strings(a_design(), {"near.shop": {"en": "You are near"}})
    place = {**PLACE, "relevant_text": "near.shop"}

    faults = told(a_design(strings=design.strings, apple={"locations": [place]}))

    assert faults == {"apple.locations[0].relevant_text": "is no key of the strings of ru"}


def test_a_wrong_style_is_the_only_fault_of_a_design_with_relevant_dates() -> None:
    said = {"style": "poster", "relevant_dates": [{"date": "2026-12-24T09:00:00Z"}]}

    assert list(told(of_pass(**said))) == ["apple.style"]


@pytest.mark.parametrize("style", ["storeCard", "coupon"])
def test_dates_of_relevance_are_for_generic_passes_only(style: str) -> None:
    dates = [{"date": "2026-12-24T09:00:00Z"}]

    assert list(told(of_pass(style=style, relevant_dates=dates))) == ["apple.relevant_dates"]
    assert apple_options(of_pass(style="generic", relevant_dates=dates))


@pytest.mark.parametrize(
    "date",
    [
        {},
        {"date": "tomorrow"},
        {"date": "2026-12-24T09:00:00"},
        {"date": "0001-01-01T00:00:00+14:00"},
        {"date": "2026-12-24T09:00:00Z", "end_date": "2026-12-24T10:00:00Z"},
        {"start_date": "2026-12-24T09:00:00Z"},
        {"start_date": "2026-12-24T09:00:00Z", "end_date": "2026-12-24T09:00:00Z"},
        {"start_date": "2026-12-24T09:00:00Z", "end_date": "2026-12-25T09:00:01Z"},
    ],
)
def test_a_date_of_relevance_is_one_time_or_an_interval_of_a_day_at_most(
    date: dict[str, str],
) -> None:
    (place,) = told(of_pass(style="generic", relevant_dates=[date]))

    assert place.startswith("apple.relevant_dates[0]")


def test_a_single_date_is_written_under_the_names_of_both_systems_and_in_utc() -> None:
    dates = [
        {"date": "2026-12-24T10:00:00+01:00"},
        {"start_date": "2026-12-24T09:00:00Z", "end_date": "2026-12-25T09:00:00Z"},
    ]

    written = apple_options(of_pass(style="generic", relevant_dates=dates)).of_pass.invitations()

    assert written["relevantDates"] == [
        {"date": "2026-12-24T09:00:00Z", "relevantDate": "2026-12-24T09:00:00Z"},
        {"startDate": "2026-12-24T09:00:00Z", "endDate": "2026-12-25T09:00:00Z"},
    ]


def test_everything_a_design_may_say_of_a_pass_is_written_in_apples_words() -> None:
    call = {"identifier": "call", "type": "call", "url": "tel:+4930123456"}
    said = {
        "style": "generic",
        "strip_color": "rgb(1, 2, 3)",
        "suppress_strip_shine": False,
        "sharing_prohibited": False,
        "locations": [{**PLACE, "altitude": 30, "relevant_text": "near.shop"}],
        "beacons": [{"proximity_uuid": UUID_TEXT, "major": 0, "relevant_text": "near.shop"}],
        "max_distance": 50,
        "user_info": {"drink": ["tea", None, 1.5]},
        "associated_store_identifiers": [123456],
        "app_launch_url": "shop://card?x=1",
        "featured_actions": [call, SHOP],
    }

    options = apple_options(of_pass(**said)).of_pass

    assert {**options.as_json(), **options.invitations()} == {
        "stripColor": "rgb(1, 2, 3)",
        "suppressStripShine": False,
        "sharingProhibited": False,
        "locations": [{**PLACE, "altitude": 30.0, "relevantText": "near.shop"}],
        "beacons": [{"proximityUUID": UUID_TEXT.upper(), "major": 0, "relevantText": "near.shop"}],
        "maxDistance": 50.0,
        "userInfo": {"drink": ["tea", None, 1.5]},
        "associatedStoreIdentifiers": [123456],
        "appLaunchURL": "shop://card?x=1",
        "featuredActions": [{**call, "url": "tel://+4930123456"}, SHOP],
    }


def test_a_place_of_apple_maps_has_no_url() -> None:
    place = {"identifier": "go", "type": "place", "place_identifier": "I63802885C8189B2B"}

    written = apple_options(of_pass(featured_actions=[place])).of_pass.invitations()

    assert written["featuredActions"] == [
        {"identifier": "go", "type": "place", "placeIdentifier": "I63802885C8189B2B"}
    ]


@pytest.mark.parametrize("lacks", ["background", "primaryLogo"])
def test_a_poster_without_its_images_is_refused_with_the_one_that_is_missing(lacks: str) -> None:
    drawn = {f"{name}@2x.png": b"" for name in {"background", "primaryLogo"} - {lacks}}
    design = a_design(apple={"poster": True})

    faults = told(a_design(apple={"poster": True}, images={**design.images, **drawn}))

    assert faults == {"apple.poster": f"needs the image {lacks}.png"}


@pytest.mark.parametrize("key", [ec.SECP384R1(), ec.SECP256K1()])
def test_a_key_of_another_curve_is_refused(key: ec.EllipticCurve) -> None:
    said = {**NFC, "encryption_public_key": spki(ec.generate_private_key(key))}

    assert list(told(of_pass(nfc=said))) == ["apple.nfc.encryption_public_key"]


def test_a_key_that_is_no_curve_is_refused() -> None:
    said = {**NFC, "encryption_public_key": spki(rsa.generate_private_key(65537, 2048))}

    assert list(told(of_pass(nfc=said))) == ["apple.nfc.encryption_public_key"]


AMOUNT, DATE, TEXT = "balance:points", "expires_at", "text:text.terms"


@pytest.mark.parametrize(
    ("section", "shows", "said"),
    [
        (Section.HEADER, AMOUNT, {"number_style": "roman"}),
        (Section.HEADER, AMOUNT, {"color": "red"}),
        (Section.HEADER, "tier", {"number_style": "decimal"}),
        (Section.BACK, DATE, {"number_style": "decimal"}),
        (Section.BACK, AMOUNT, {"date_style": "short"}),
        (Section.BACK, TEXT, {"time_style": "short"}),
        (Section.BACK, TEXT, {"is_relative": True}),
        (Section.BACK, "status", {"ignores_time_zone": True}),
        (Section.PRIMARY, AMOUNT, {"text_alignment": "left"}),
        (Section.BACK, AMOUNT, {"text_alignment": "left"}),
        (Section.HEADER, AMOUNT, {"text_alignment": "middle"}),
        (Section.SECONDARY, TEXT, {"data_detectors": ["link"]}),
        (Section.BACK, TEXT, {"data_detectors": ["color"]}),
        (Section.BACK, TEXT, {"link": "url.nowhere"}),
        (Section.BACK, TEXT, {"link": "text.terms"}),
        (Section.SECONDARY, TEXT, {"link": "url.terms"}),
        (Section.BACK, "card_number", {"link": "url.terms"}),
        (Section.BACK, "card_number", {"meaning": "balance"}),
        (Section.BACK, TEXT, {"meaning": "membershipProgramNumber"}),
        (Section.BACK, AMOUNT, {"meaning": "gate"}),
    ],
)
def test_what_a_field_cannot_have_is_refused_with_its_place(
    section: Section, shows: str, said: dict[str, Any]
) -> None:
    (place,) = told(of_field(section, shows, **said))

    assert place.startswith(f"fields.{section}.it.apple.{next(iter(said))}")


@pytest.mark.parametrize(
    ("section", "shows", "said"),
    [
        (Section.HEADER, AMOUNT, {"number_style": "percent", "text_alignment": "right"}),
        (Section.SECONDARY, "expiring_at:points", {"is_relative": True, "date_style": "full"}),
        (Section.AUXILIARY, "pending:points", {"number_style": "spellOut"}),
        (Section.BACK, "expiring:points", {"meaning": "totalPrice"}),
        (Section.BACK, TEXT, {"link": "url.terms", "data_detectors": []}),
        (Section.BACK, "card_number", {"meaning": "membershipProgramNumber"}),
    ],
)
def test_what_a_field_can_have_is_taken(section: Section, shows: str, said: dict[str, Any]) -> None:
    assert apple_options(of_field(section, shows, **said)).of_fields["it"]


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | WORDS
    | st.sampled_from([PLACE, SHOP, NFC, ENROLL]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150)
@given(
    said=st.dictionaries(st.sampled_from(sorted(PassOptions.model_fields)), VALUES, max_size=4),
    of_field=st.dictionaries(
        st.sampled_from(sorted(FieldOptions.model_fields)), VALUES, max_size=3
    ),
)
def test_whatever_a_design_says_is_taken_or_refused_and_never_a_fault_of_ours(
    said: dict[str, Any], of_field: dict[str, Any]
) -> None:
    field = DesignField(Section.BACK, "it", "text:text.terms", apple=of_field)
    design = replace(DESIGN, apple=said, fields=(field,))

    with suppress(InvalidInput):
        apple_options(design).of_pass.invitations()
