"""Cases of pass.json: identity, fields, barcodes, dates, places, service, looks."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.wallets.apple.lint.subject import CLASSIC_STYLES

from .builders import Change, Draft, both, put, take
from .cases import Case
from .cases_files import NFC_KEY, WITH_NFC

P384_KEY = (
    base64.b64encode(
        ec.derive_private_key(7, ec.SECP384R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
).decode()
HEADER, PRIMARY = "storeCard.headerFields.0", "storeCard.primaryFields.0"
UNTIL, BALANCE, SITE = (
    "storeCard.secondaryFields.0",
    "storeCard.auxiliaryFields.0",
    "storeCard.backFields.0",
)
TWO_FORMATS = {"numberStyle": "PKNumberStyleDecimal", "currencyCode": "EUR"}
PAST = "2020-01-01T00:00:00Z"


def barcode(kind: str, message: str, **more: Any) -> dict[str, Any]:
    encoding = {"messageEncoding": "iso-8859-1"}
    return {"format": f"PKBarcodeFormat{kind}", "message": message, **encoding, **more}


QR = barcode("QR", "1")


def coded(*barcodes: object) -> Change:
    return put("barcodes", list(barcodes))


def old_code(value: dict[str, Any]) -> Change:
    return put("barcode", value)


def more_fields(section: str, count: int) -> Change:
    """Return a change that makes a section of the first style hold so many fields."""

    def change(draft: Draft) -> None:
        fields = [{"key": f"more{number}", "value": "x"} for number in range(count)]
        owner = "posterGeneric" if section == "footerFields" else None
        style = owner or next(style for style in CLASSIC_STYLES if style in draft.content)
        draft.content[style][section] = fields

    return change


def places(count: int) -> Change:
    return put("locations", [{"latitude": 1, "longitude": number} for number in range(count)])


def beacons(*changes: dict[str, Any]) -> Change:
    good = {"proximityUUID": "E2C56DB5-DFFB-48D2-B060-D0F5A71096E0"}
    return put("beacons", [{**good, **change} for change in changes])


def actions(*listed: dict[str, Any]) -> Change:
    return put("featuredActions", list(listed))


def action(number: int, **changes: Any) -> dict[str, Any]:
    return {"identifier": f"a{number}", "type": "shop", "url": "https://example.com", **changes}


IDENTITY = [
    *(
        Case("required-key-missing", take(key))
        for key in ("description", "organizationName", "serialNumber", "formatVersion")
    ),
    Case("required-text-empty", put("description", ""), put("description", " ")),
    Case("format-version", put("formatVersion", "1"), put("formatVersion", 1.0)),
    Case("format-version", put("formatVersion", 2)),
    Case("format-version", put("formatVersion", True)),
    Case("wrong-type", put("voided", "false"), put("sharingProhibited", 1)),
    Case("wrong-type", put("logoText", None)),
    Case("wrong-type", put("storeCard.backFields", {}), put("storeCard.backFields", [])),
    Case("wrong-type", put("associatedStoreIdentifiers", ["123456789"])),
    Case(
        "wrong-type",
        put("associatedStoreIdentifiers", [1.5]),
        put("associatedStoreIdentifiers", [1e3]),
    ),
    Case("wrong-type", put("locations.0.latitude", "52.5")),
    Case("wrong-type", put("featuredActions", action(1)), actions(action(1))),
    Case("wrong-type", put("featuredActions", ["shop"])),
    Case("wrong-type", put("barcodes.0.altText", 4006381), put("barcodes.0.altText", "4006381")),
    Case("wrong-type", old_code({**QR, "altText": 1}), old_code({**QR, "altText": "1"})),
    Case("wrong-type", beacons({"relevantText": 1}), beacons({"relevantText": "1"})),
    Case("wrong-type", put("suppressStripShine", "true"), put("suppressStripShine", True)),
    Case("wrong-type", put("userInfo", "shop"), put("userInfo", {})),
    *(
        Case(
            "wrong-type",
            put(f"{owner}semantics", {tag: {"amount": 12.5, "currencyCode": "EUR"}}),
            put(f"{owner}semantics", {tag: {"amount": "12.5", "currencyCode": "EUR"}}),
        )
        for owner, tag in (("", "balance"), (f"{BALANCE}.", "totalPrice"))
    ),
    Case("wrong-type", put("semantics", {"balance": "12.5 EUR"})),
    Case("wrong-type", put(f"{HEADER}.label", 5)),
    Case("wrong-type", put(f"{PRIMARY}.value", ["a"]), put(f"{PRIMARY}.value", 5)),
    Case(
        "wrong-type",
        both(WITH_NFC, put("nfc.requiresAuthentication", "yes")),
    ),
    Case(
        "pass-type-form",
        put("passTypeIdentifier", "com.example.loyalty"),
        beside=frozenset({"certificate-pass-type"}),
    ),
    Case("team-form", put("teamIdentifier", "Corner Shop"), beside=frozenset({"certificate-team"})),
    Case("serial-form", put("serialNumber", "S 1/2"), put("serialNumber", "a.B_c-9")),
    Case(
        "style-missing",
        lambda draft: draft.content.update(storecard=draft.content.pop("storeCard")),
    ),
    Case("style-twice", put("coupon", {"backFields": []})),
    Case("style-empty", put("storeCard", {}), put("storeCard", {"backFields": []})),
    Case("transit-type", take("boardingPass.transitType"), base="boarding_pass"),
    Case("transit-type", put("boardingPass.transitType", "Train"), base="boarding_pass"),
]
FIELDS = [
    Case("field-key-missing", take(f"{PRIMARY}.key")),
    Case("field-key-missing", put(f"{PRIMARY}.key", ""), put(f"{PRIMARY}.key", " ")),
    Case("field-value-missing", take(f"{SITE}.value"), put(f"{SITE}.value", "")),
    Case("field-key-twice", put(f"{SITE}.key", "points"), base="store_card"),
    Case("field-key-twice", put("posterGeneric.footerFields.0.key", "points"), base="poster"),
    Case(
        "change-message-place",
        put(f"{HEADER}.changeMessage", "Changed"),
        put(f"{HEADER}.changeMessage", ""),
    ),
    Case(
        "change-message-place",
        lambda draft: draft.files.update(
            {"de.lproj/pass.strings": b'"change.points"="Neu";"label.points"="P";"Name"="Name";'}
        ),
    ),
    Case(
        "change-messages-several",
        put(f"{PRIMARY}.changeMessage", "Now %@"),
        put(f"{SITE}.changeMessage", "Now %@"),
    ),
    Case(
        "field-alignment",
        put(f"{PRIMARY}.textAlignment", "PKTextAlignmentLeft"),
        put(f"{HEADER}.textAlignment", "PKTextAlignmentLeft"),
    ),
    Case("field-style-unknown", put(f"{UNTIL}.dateStyle", "short")),
    Case(
        "field-style-unknown",
        put(f"{SITE}.dataDetectorTypes", ["Phone"]),
        put(f"{SITE}.dataDetectorTypes", []),
    ),
    Case(
        "date-style-alone",
        take(f"{UNTIL}.timeStyle"),
        both(take(f"{UNTIL}.timeStyle"), take(f"{UNTIL}.dateStyle")),
    ),
    Case(
        "date-value",
        put(f"{UNTIL}.value", "31.12.2030"),
        put(f"{UNTIL}.value", "2030-12-31T23:59Z"),
    ),
    Case("date-value", put(f"{UNTIL}.value", "2030-12-31T23:59:00+0100")),
    Case("date-value", put(f"{PRIMARY}.isRelative", True), put(f"{PRIMARY}.isRelative", False)),
    Case(
        "date-value-on-back",
        put(f"{SITE}.ignoresTimeZone", True),
        put(f"{SITE}.ignoresTimeZone", False),
    ),
    Case("number-value", put(f"{HEADER}.value", "120"), put(f"{HEADER}.value", 1e3)),
    Case(
        "number-value-on-back",
        put(f"{SITE}.numberStyle", "PKNumberStyleDecimal"),
        both(put(f"{SITE}.numberStyle", "PKNumberStyleDecimal"), put(f"{SITE}.value", 5)),
    ),
    Case("number-and-currency", put(f"{HEADER}.currencyCode", "EUR")),
    Case(
        "number-and-currency-on-back",
        put(SITE, {"key": "spent", "value": 5, **TWO_FORMATS}),
        put(SITE, {"key": "spent", "value": 5, "currencyCode": "EUR"}),
    ),
    Case("currency-code", put(f"{BALANCE}.currencyCode", "euro")),
    Case(
        "attributed-value-tag",
        put(f"{SITE}.attributedValue", "<b>bold</b>"),
        put(f"{SITE}.attributedValue", "1 < 2 <A HREF='https://example.com'>x</A>"),
    ),
    Case("row-elsewhere", put(f"{BALANCE}.row", 1)),
    Case(
        "row-elsewhere",
        put("eventTicket.auxiliaryFields.0.row", 2),
        put("eventTicket.auxiliaryFields.0.row", 1),
        base="event_ticket",
    ),
    Case("fields-not-drawn", more_fields("headerFields", 4), more_fields("headerFields", 3)),
    Case("fields-not-drawn", more_fields("auxiliaryFields", 4), more_fields("auxiliaryFields", 3)),
    Case(
        "fields-not-drawn",
        more_fields("auxiliaryFields", 4),
        both(more_fields("auxiliaryFields", 4), coded(barcode("PDF417", "1"))),
        base="generic",
    ),
    Case(
        "fields-not-drawn",
        more_fields("auxiliaryFields", 9),
        more_fields("auxiliaryFields", 8),
        base="event_ticket",
    ),
    *(
        Case("fields-not-drawn", more_fields(section, most + 1), more_fields(section, most), base)
        for base, section, most in (
            ("store_card", "primaryFields", 1),
            ("event_ticket", "secondaryFields", 4),
            ("boarding_pass", "primaryFields", 2),
            ("boarding_pass", "auxiliaryFields", 5),
            ("poster", "footerFields", 1),
        )
    ),
    *(
        Case(
            "fields-not-drawn",
            both(take("barcodes"), more_fields(section, 5)),
            both(take("barcodes"), more_fields(section, 4)),
            base="generic",
        )
        for section in ("secondaryFields", "auxiliaryFields")
    ),
    Case("field-value-missing", take(f"{UNTIL}.value")),
    Case("field-value-missing", take(f"{HEADER}.value")),
    Case(
        "row-elsewhere",
        put("eventTicket.headerFields.0.row", 0),
        put("eventTicket.auxiliaryFields.0.row", 0),
        base="event_ticket",
    ),
    Case("section-unknown", put("storeCard.auxillaryFields", [{"key": "a", "value": "b"}])),
    Case(
        "section-elsewhere",
        put("storeCard.footerFields", [{"key": "a", "value": "b"}]),
        put("storeCard.footerFields", []),
    ),
]
NEW_AND_OLD = coded(barcode("EAN13", "4006381333931"), QR)
BARCODES = [
    Case("barcode-incomplete", coded({"format": "PKBarcodeFormatQR", "message": "1"})),
    Case("barcode-incomplete", coded(barcode("QR", ""), QR), coded(QR, QR)),
    Case("barcode-old-refused", old_code(barcode("QR", "Привет")), old_code(QR)),
    Case("barcode-old-refused", old_code({"message": "1", "format": "PKBarcodeFormatQR"})),
    Case(
        "barcode-encoding",
        coded(barcode("QR", "Привет")),
        coded(barcode("QR", "Привет", messageEncoding="utf-8")),
    ),
    Case(
        "barcode-encoding",
        coded(barcode("QR", "1", messageEncoding="iso-latin-99")),
        coded(barcode("QR", "é")),
    ),
    Case("barcode-format", coded(barcode("DataMatrix", "1"), QR)),
    Case("barcode-new-only", coded(barcode("EAN13", "4006381333931")), NEW_AND_OLD),
    Case(
        "barcode-ean13",
        coded(barcode("EAN13", "5901234123450"), QR),
        coded(barcode("EAN13", "5901234123457"), QR),
    ),
    Case("barcode-old-alone", both(take("barcodes"), old_code(QR)), old_code(QR)),
    Case("barcode-watch", coded(barcode("Code128", "1")), coded(barcode("Code128", "1"), QR)),
    Case("barcode-ean13", coded(barcode("EAN13", "4006381333932"), QR), NEW_AND_OLD),
    Case(
        "barcode-ean13",
        coded(barcode("EAN13", "40063813339"), QR),
        coded(barcode("EAN13", "400638133393"), QR),
    ),
    Case("barcode-itf", coded(barcode("I2of5", "123"), QR), coded(barcode("I2of5", "1234"), QR)),
    Case("barcode-itf", coded(barcode("I2of5", "12a4"), QR), coded(QR, barcode("I2of5", "12a4"))),
    Case(
        "barcode-ean13",
        coded(barcode("Code128", "1"), barcode("EAN13", "1"), QR),
        coded(barcode("Code128", "1"), QR, barcode("EAN13", "1")),
    ),
    Case(
        "barcode-code39",
        coded(barcode("Code39", "abc"), QR),
        coded(barcode("Code39", "AB-9 /"), QR),
    ),
    Case(
        "barcode-codabar",
        coded(barcode("Codabar", "40156"), QR),
        coded(barcode("Codabar", "A40156B"), QR),
    ),
    Case("barcode-voided", put("voided", True), both(put("voided", True), put("barcodes", []))),
]
LIFE = [
    Case(
        "date-unreadable",
        put("expirationDate", "2099-12-31"),
        put("expirationDate", "2099-12-31T23:59Z"),
    ),
    Case("date-unreadable", put("relevantDate", "2099-12-31T23:59:00+0000"), base="generic"),
    Case(
        "already-expired",
        put("expirationDate", PAST),
        both(put("expirationDate", PAST), put("voided", True), take("barcodes")),
    ),
    Case("relevant-date-past", put("relevantDate", PAST), base="event_ticket"),
    Case("relevant-date-ignored", put("relevantDate", "2099-01-01T00:00:00Z")),
    Case("relevant-date-ignored", put("relevantDate", "2099-01-01T00:00:00Z"), base="coupon"),
    Case(
        "relevant-dates-entry",
        put("relevantDates", [{"relevantDate": "2099-01-01T00:00Z"}]),
        put("relevantDates", [{"date": "2099-01-01T00:00Z"}]),
        base="event_ticket",
    ),
    Case("relevant-dates-entry", put("relevantDates", [{"startDate": "2099-01-01T00:00Z"}])),
    Case(
        "relevant-interval",
        put("relevantDates.1.endDate", "2099-12-31T20:00:01Z"),
        base="event_ticket",
    ),
    Case(
        "relevant-interval",
        put("relevantDates.1.endDate", "2099-12-30T19:00:00Z"),
        base="event_ticket",
    ),
    Case("locations-too-many", places(11), places(10)),
    Case("location-incomplete", take("locations.0.longitude")),
    Case("location-range", put("locations.0.latitude", 91), put("locations.0.latitude", -90)),
    Case("max-distance-text", put("maxDistance", "100"), put("maxDistance", 0.5)),
    Case("max-distance-text", put("maxDistance", 0)),
    Case(
        "location-range",
        put("locations.0.longitude", 180.5),
        put("locations.0.longitude", -180),
    ),
    Case("relevant-dates-entry", put("relevantDates", [{"endDate": "2099-01-01T00:00Z"}])),
    Case(
        "relevant-interval",
        put("relevantDates.1.endDate", "2099-12-30T20:00:00Z"),
        put("relevantDates.1.endDate", "2099-12-30T20:00:01Z"),
        base="event_ticket",
    ),
    Case("beacons-too-many", beacons(*[{}] * 11), beacons(*[{}] * 10)),
    Case("beacon-unreadable", beacons({"proximityUUID": "none"})),
    Case("beacon-unreadable", beacons({"minor": 65_536}), beacons({"minor": 65_535})),
]
SERVICE = [
    Case(
        "web-service-malformed",
        put("webServiceURL", "cards.example.com"),
        put("webServiceURL", "https://cards.example.com:8443/"),
    ),
    Case("web-service-malformed", put("webServiceURL", "https: //example.com/a b")),
    Case("web-service-malformed", put("webServiceURL", "https://[::1/apple")),
    Case("web-service-malformed", put("webServiceURL", "https:///apple")),
    Case("web-service-http", put("webServiceURL", "http://cards.example.com")),
    Case("web-service-loopback", put("webServiceURL", "http://127.0.0.1:8080/apple")),
    Case("web-service-loopback", put("webServiceURL", "http://localhost/apple")),
    Case(
        "web-service-version",
        put("webServiceURL", "https://cards.example.com/v1/"),
        put("webServiceURL", "https://v1.example.com/v10"),
    ),
    Case("token-missing", take("authenticationToken")),
    Case("token-short", put("authenticationToken", "t" * 15)),
    Case(
        "token-alone",
        take("webServiceURL"),
        both(take("webServiceURL"), take("authenticationToken")),
    ),
    Case(
        "app-launch-alone",
        take("associatedStoreIdentifiers"),
        both(take("associatedStoreIdentifiers"), take("appLaunchURL")),
    ),
    Case("app-launch-alone", put("associatedStoreIdentifiers", [])),
    Case(
        "nfc-message-missing",
        put("nfc", {"encryptionPublicKey": NFC_KEY}),
    ),
    Case(
        "nfc-message-long",
        both(WITH_NFC, put("nfc.message", "é" * 32 + "1")),
        both(WITH_NFC, put("nfc.message", "é" * 32)),
    ),
    Case(
        "nfc-key",
        put("nfc", {"message": "1"}),
    ),
    Case(
        "nfc-key",
        put("nfc", {"message": "1", "encryptionPublicKey": NFC_KEY[:-8]}),
    ),
]
SERVICE += [
    Case("nfc-key", both(WITH_NFC, put("nfc.encryptionPublicKey", key)))
    for key in (P384_KEY, f"{NFC_KEY[:40]}\n{NFC_KEY[40:]}")
]
LOOKS = [
    Case(
        "color-unreadable",
        put("backgroundColor", "Black"),
        put("backgroundColor", "RGB( 1,2 , 3 )"),
    ),
    Case("color-unreadable", put("labelColor", "rgb(256, 0, 0)")),
    Case("color-hex", put("backgroundColor", "#1a2B3c")),
    Case("color-hex", put("backgroundColor", "#fff")),
    Case("key-elsewhere", put("groupingIdentifier", "g")),
    Case("key-elsewhere", put("sellURL", "https://example.com"), base="boarding_pass"),
    Case("style-schemes", put("preferredStyleSchemes", ["posterGeneric"]), base="poster"),
    Case(
        "style-schemes",
        put("preferredStyleSchemes", ["posterTicket"]),
        put("preferredStyleSchemes", ["posterEventTicket", "eventTicket"]),
        base="event_ticket",
    ),
    Case(
        "actions-too-many",
        actions(action(1), action(2), action(3)),
        actions(action(1), action(2)),
        base="poster",
    ),
    Case("action-identifier", actions(action(1), action(1)), actions(action(1))),
    Case("action-identifier", actions({"type": "shop", "url": "https://example.com"})),
    Case("action-type", actions(action(1, type="dance"))),
    Case("action-target", actions(action(1, url="")), actions(action(1, type="order"))),
    Case(
        "action-target",
        actions(action(1, type="call")),
        actions(action(1, type="call", url="tel:+1")),
    ),
    Case(
        "action-target",
        actions({"identifier": "a", "type": "place"}),
        actions({"identifier": "a", "type": "place", "placeIdentifier": "I63802885C8189B2B"}),
    ),
    Case("action-address", actions(action(1, url="example.com"))),
]
CASES = [*IDENTITY, *FIELDS, *BARCODES, *LIFE, *SERVICE, *LOOKS]
