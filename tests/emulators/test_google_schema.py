"""Our schema of loyalty cards against Google's own, and what it makes of request bodies."""

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from service.emulators.google.checks import check_shape
from service.emulators.google.errors import GoogleRefused
from service.emulators.google.fields import Field
from service.emulators.google.rules import check_rules
from service.emulators.google.schema import SCHEMAS
from service.emulators.google.stored import merged

from .google_support import class_content, object_content

DOCUMENT = "discovery_cache/documents/walletobjects.v1.json"
ISSUER = "3388000000022000001"
LOGO = {"sourceUri": {"uri": "https://example.com/logo.png"}}
HELLO = {"defaultValue": {"language": "en", "value": "Hello"}}
ROW = {"oneItem": {"item": {"firstValue": {"fields": [{"fieldPath": "object.accountId"}]}}}}


@pytest.fixture(scope="module")
def googles() -> dict[str, Any]:
    text = resources.files("googleapiclient").joinpath(DOCUMENT).read_text()
    return dict(json.loads(text)["schemas"])


def reachable(googles: dict[str, Any]) -> Iterator[str]:
    waiting, met = ["LoyaltyClass", "LoyaltyObject", "AddMessageRequest"], set()
    while waiting:
        name = waiting.pop()
        if name in met:
            continue
        met.add(name)
        yield name
        for described in googles[name]["properties"].values():
            inner = described.get("items", described)
            if "$ref" in inner:
                waiting.append(inner["$ref"])


def as_field(described: dict[str, Any]) -> Field:
    inner = described.get("items", described)
    values = inner.get("enum", [])
    flags = inner.get("enumDeprecated", [False] * len(values))
    return Field(
        inner.get("$ref") or inner["type"],
        inner.get("format"),
        tuple(sorted(values)),
        frozenset(value for value, is_old in zip(values, flags, strict=True) if is_old),
        described.get("type") == "array",
        described.get("deprecated", False),
    )


def in_order(field: Field) -> Field:
    return Field(
        field.type,
        field.format,
        tuple(sorted(field.values)),
        field.old_values,
        field.is_list,
        field.is_deprecated,
    )


def test_our_schema_covers_all_that_can_be_reached_and_nothing_else(
    googles: dict[str, Any],
) -> None:
    assert set(SCHEMAS) == set(reachable(googles))


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_our_schema_says_what_googles_says(googles: dict[str, Any], name: str) -> None:
    ours = {prop: in_order(field) for prop, field in SCHEMAS[name].items()}
    theirs = {prop: as_field(each) for prop, each in googles[name]["properties"].items()}

    assert ours == theirs


def refusal(content: dict[str, Any], schema: str) -> str | None:
    try:
        check_shape(content, schema)
        check_rules(merged({}, content), schema)
    except GoogleRefused as refused:
        return refused.message
    return None


def with_class(**changes: object) -> str | None:
    return refusal(class_content(f"{ISSUER}.c", **{"programLogo": LOGO, **changes}), "LoyaltyClass")


def with_object(**changes: object) -> str | None:
    return refusal(object_content(f"{ISSUER}.o", f"{ISSUER}.c", **changes), "LoyaltyObject")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hexBackgroundColor": "#fc0"},
        {"hexBackgroundColor": "#ffcc00"},
        {"countryCode": "GB"},
        {"localizedProgramName": HELLO},
        {"programLogo": {"sourceUri": {"uri": "http://127.0.0.1:9/logo.png"}}},
        {"homepageUri": {"uri": "https://example.com"}},
        {"linksModuleData": {"uris": [{"uri": "tel:+4412345"}, {"uri": "mailto:a@example.com"}]}},
        {"callbackOptions": {"url": "https://example.com/google"}},
        {"redemptionIssuers": ["3388000000022000001"], "enableSmartTap": True},
        {"valueAddedModuleData": [{"uri": "https://example.com", "sortIndex": 2**31 - 1}] * 15},
        {"classTemplateInfo": {"cardTemplateOverride": {"cardRowTemplateInfos": [ROW] * 3}}},
        {"textModulesData": [{"id": "a-b_c", "header": "H", "body": "B"}]},
        {"textModulesData": [{"id": "a"}, {"id": "b"}, {"body": "B"}, {"body": "B"}]},
        {"messages": [{"header": "H", "body": "B", "messageType": "TEXT"}] * 10},
        {"rewardsTier": None},
    ],
)
def test_a_class_within_the_rules_is_taken(changes: dict[str, object]) -> None:
    assert with_class(**changes) is None


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"loyaltyProgram": "x"}, "Unknown name"),
        ({"programLogo": {"uri": "https://example.com/a.png"}}, "Unknown name"),
        ({"issuerName": ...}, "issuerName is required"),
        ({"programName": ""}, "programName is required"),
        ({"programLogo": None}, "programLogo is required"),
        ({"reviewStatus": "REVIEW_STATUS_UNSPECIFIED"}, "reviewStatus is required"),
        ({"reviewStatus": "underReview"}, "deprecated spelling"),
        ({"reviewStatus": "FINE"}, "one of"),
        ({"reviewStatus": ["DRAFT"]}, "a string"),
        ({"wordMark": LOGO}, "deprecated"),
        ({"locations": []}, "deprecated"),
        ({"version": "1"}, "deprecated"),
        ({"review": {"comments": "good"}}, "output only"),
        ({"issuerName": 5}, "a string"),
        ({"enableSmartTap": "true"}, "true or false"),
        ({"redemptionIssuers": [3388000000022000001]}, "64 bit"),
        ({"redemptionIssuers": ["99999999999999999999"]}, "64 bit"),
        ({"redemptionIssuers": "1"}, "a list"),
        ({"messages": [None]}, "an object"),
        ({"programLogo": "https://example.com/a.png"}, "an object"),
        ({"programLogo": {}}, "exactly one"),
        ({"programLogo": {**LOGO, "privateImageId": "x"}}, "exactly one"),
        ({"programLogo": {"sourceUri": {"uri": "http://example.com/a.png"}}}, "https"),
        ({"programLogo": {"sourceUri": {"uri": "ftp://example.com/a.png"}}}, "https"),
        ({"programLogo": {"sourceUri": {"uri": "https://[x"}}}, "not a URL"),
        ({"programLogo": {"sourceUri": {"uri": "https:///a.png"}}}, "https"),
        ({"programLogo": {"privateImageId": "logo"}}, "private images"),
        ({"heroImage": {"privateImageId": "hero"}}, "private images"),
        ({"imageModulesData": [{"mainImage": {"privateImageId": "a"}}]}, "private images"),
        ({"hexBackgroundColor": "ffcc00"}, "well formed"),
        ({"hexBackgroundColor": "#ffcc0"}, "well formed"),
        ({"countryCode": "GBR"}, "well formed"),
        ({"homepageUri": {"uri": "example.com"}}, "scheme"),
        ({"homepageUri": {"description": "Home"}}, "uri is required"),
        ({"linksModuleData": {"uris": [{"uri": "ftp://example.com"}]}}, "must begin"),
        ({"linksModuleData": {"uris": [{"uri": "http://[x"}]}}, "must begin"),
        ({"callbackOptions": {"url": "http://example.com/google"}}, "https"),
        ({"localizedProgramName": {"translatedValues": []}}, "defaultValue is required"),
        ({"localizedProgramName": {"defaultValue": {"value": "x"}}}, "language is required"),
        (
            {"localizedProgramName": {"defaultValue": {"language": "en_GB", "value": "x"}}},
            "well formed",
        ),
        ({"valueAddedModuleData": [{"header": HELLO}]}, "uri is required"),
        ({"valueAddedModuleData": [{"uri": "https://example.com"}] * 16}, "most is 15"),
        ({"valueAddedModuleData": [{"uri": "https://a.b", "sortIndex": 2**31}]}, "32 bit"),
        ({"messages": [{"body": "B"}] * 11}, "most is 10"),
        ({"messages": [{"messageType": "EXPIRATION_NOTIFICATION"}]}, "not supported"),
        ({"textModulesData": [{"id": "a.b"}]}, "well formed"),
        ({"textModulesData": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}, "'a' twice"),
        (
            {"classTemplateInfo": {"cardTemplateOverride": {"cardRowTemplateInfos": [ROW] * 4}}},
            "most is 3",
        ),
        (
            {"classTemplateInfo": {"cardTemplateOverride": {"cardRowTemplateInfos": [{}]}}},
            "exactly one",
        ),
        ({"merchantLocations": [{"latitude": 1, "longitude": 1}] * 11}, "most is 10"),
        ({"merchantLocations": [{"latitude": 91, "longitude": 1}]}, "latitude"),
        ({"merchantLocations": [{"latitude": 1, "longitude": -181}]}, "longitude"),
    ],
)
def test_a_class_that_breaks_a_rule_is_refused(changes: dict[str, object], complaint: str) -> None:
    assert complaint in (with_class(**changes) or "")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"loyaltyPoints": {"balance": {"string": "Gold"}}},
        {"loyaltyPoints": {"balance": {"double": 1.5}}},
        {"loyaltyPoints": {"balance": {"money": {"micros": "12500000", "currencyCode": "EUR"}}}},
        {"loyaltyPoints": {"localizedLabel": HELLO, "balance": {"int": -(2**31)}}},
        {"loyaltyPoints": {"balance": {"int": None, "string": "12"}}},
        {"barcode": {"type": "QR_CODE", "value": "ж", "renderEncoding": "UTF_8"}},
        {"barcode": {"type": "TEXT_ONLY", "value": "blocked"}},
        {"barcode": {"type": "EAN_13", "value": "4006381333931"}},
        {"barcode": {"type": "EAN_13", "value": "400638133393"}},
        {"barcode": {"type": "EAN_8", "value": "96385074"}},
        {"barcode": {"type": "UPC_A", "value": "03600029145"}},
        {"barcode": {"type": "ITF_14", "value": "15400141288763"}},
        {"barcode": {"type": "CODE_128", "value": "K-100"}},
        {"loyaltyPoints": None},
        {"validTimeInterval": {"end": {"date": "2027-01-01T00:00:00.123456789Z"}}},
        {"validTimeInterval": {"start": {"date": "2026-01-01"}, "end": {"date": "2027-01-01"}}},
        {"linkedObjectIds": [f"{ISSUER}.a{n}" for n in range(50)]},
        {"smartTapRedemptionValue": "K-100"},
        {
            "rotatingBarcode": {
                "type": "QR_CODE",
                "valuePattern": "K-{totp_value_0}",
                "totpDetails": {
                    "algorithm": "TOTP_SHA1",
                    "periodMillis": "30000",
                    "parameters": [{"key": "31323334", "valueLength": 8}],
                },
            }
        },
        {"passConstraints": {"screenshotEligibility": "INELIGIBLE"}},
        {"groupingInfo": {"groupingId": "kopi", "sortIndex": 1}},
    ],
)
def test_an_object_within_the_rules_is_taken(changes: dict[str, object]) -> None:
    assert with_object(**changes) is None


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"points": 5}, "Unknown name"),
        ({"loyaltyPoints": {"balance": {"micros": "1"}}}, 'Unknown name "micros"'),
        ({"classId": ...}, "classId is required"),
        ({"state": ...}, "state is required"),
        ({"state": "STATE_UNSPECIFIED"}, "state is required"),
        ({"state": "active"}, "deprecated spelling"),
        ({"hasUsers": True}, "output only"),
        ({"hasLinkedDevice": False}, "output only"),
        ({"classReference": {}}, "output only"),
        ({"infoModuleData": {}}, "deprecated"),
        ({"kind": "walletobjects#loyaltyObject"}, "deprecated"),
        ({"loyaltyPoints": {}}, "balance is required"),
        ({"loyaltyPoints": {"label": "Points"}}, "balance is required"),
        ({"loyaltyPoints": {"label": "Points", "balance": None}}, "balance is required"),
        ({"secondaryLoyaltyPoints": {"label": "Tier"}}, "balance is required"),
        ({"loyaltyPoints": {"balance": {}}}, "exactly one"),
        ({"loyaltyPoints": {"balance": {"int": 1, "string": "1"}}}, "exactly one"),
        ({"loyaltyPoints": {"balance": {"int": 2**31}}}, "32 bit"),
        ({"loyaltyPoints": {"balance": {"int": "12"}}}, "32 bit"),
        ({"loyaltyPoints": {"balance": {"int": True}}}, "32 bit"),
        ({"loyaltyPoints": {"balance": {"double": float("nan")}}}, "a number"),
        ({"loyaltyPoints": {"balance": {"double": 10**400}}}, "a number"),
        ({"loyaltyPoints": {"balance": {"money": {"micros": 5, "currencyCode": "EUR"}}}}, "64 bit"),
        ({"loyaltyPoints": {"balance": {"money": {"micros": "5"}}}}, "currencyCode is required"),
        (
            {"loyaltyPoints": {"balance": {"money": {"micros": "5", "currencyCode": "eur"}}}},
            "well formed",
        ),
        ({"barcode": {"value": "K"}}, "type is required"),
        ({"barcode": {"type": "QR_CODE"}}, "value is required"),
        ({"barcode": {"type": "qrCode", "value": "K"}}, "deprecated spelling"),
        ({"barcode": {"type": "CODE_128", "value": "K", "renderEncoding": "UTF_8"}}, "QR_CODE"),
        ({"barcode": {"type": "TEXT_ONLY", "value": "K", "alternateText": "K"}}, "TEXT_ONLY"),
        ({"barcode": {"type": "EAN_13", "value": "ABCDEFGHIJKLM"}}, "EAN_13"),
        ({"barcode": {"type": "EAN_13", "value": "40063813339"}}, "EAN_13"),
        ({"barcode": {"type": "EAN_13", "value": "٤٠٠٦٣٨١٣٣٣٩٣١"}}, "EAN_13"),
        ({"barcode": {"type": "EAN_8", "value": "K-100"}}, "EAN_8"),
        ({"barcode": {"type": "UPC_A", "value": "4006381333931"}}, "UPC_A"),
        ({"barcode": {"type": "ITF_14", "value": "1540014128876"}}, "ITF_14"),
        ({"textModulesData": [{"id": "status"}, {"id": "status"}]}, "'status' twice"),
        ({"rotatingBarcode": {"type": "AZTEC", "valuePattern": "x"}}, "rotate"),
        (
            {
                "rotatingBarcode": {
                    "type": "QR_CODE",
                    "valuePattern": "x",
                    "initialRotatingBarcodeValues": {"values": ["1"]},
                }
            },
            "transit",
        ),
        (
            {
                "rotatingBarcode": {
                    "type": "QR_CODE",
                    "valuePattern": "x",
                    "totpDetails": {"parameters": [{"key": "secret"}]},
                }
            },
            "well formed",
        ),
        ({"validTimeInterval": {"end": {"date": "tomorrow"}}}, "ISO 8601"),
        (
            {
                "validTimeInterval": {
                    "start": {"date": "2026-01-01T00:00:00"},
                    "end": {"date": "2027-01-01T00:00:00Z"},
                }
            },
            "both have an offset",
        ),
        (
            {"validTimeInterval": {"start": {"date": "2027-01-01"}, "end": {"date": "2026-01-01"}}},
            "before it starts",
        ),
        ({"linkedObjectIds": [f"{ISSUER}.a{n}" for n in range(51)]}, "most is 50"),
        ({"smartTapRedemptionValue": "ключ"}, "well formed"),
        ({"notifyPreference": "NOTIFY"}, "one of"),
    ],
)
def test_an_object_that_breaks_a_rule_is_refused(
    changes: dict[str, object], complaint: str
) -> None:
    assert complaint in (with_object(**changes) or "")
