"""What Google takes as the parts of a loyalty class or object: names and types, no prose.

Source: Google's discovery document of walletobjects v1; a test compares the two.
"""

from service.emulators.google.fields import (
    DOUBLE,
    FLAG,
    INT32,
    INT64,
    TEXT,
    Schema,
    deprecated,
    many,
    one_of,
    part,
)

RENDER_ENCODING = one_of("RENDER_ENCODING_UNSPECIFIED UTF_8")
BARCODE_TYPE = one_of(
    """
    BARCODE_TYPE_UNSPECIFIED AZTEC CODE_39 CODE_128 CODABAR DATA_MATRIX EAN_8 EAN_13
    ITF_14 PDF_417 QR_CODE UPC_A TEXT_ONLY
    """,
    old="""
    aztec code39 code128 codabar dataMatrix ean8 ean13 EAN13 itf14 pdf417 PDF417 qrCode
    qrcode upcA textOnly
    """,
)

PARTS: dict[str, Schema] = {
    "AppLinkData": {
        "androidAppLinkInfo": part("AppLinkDataAppLinkInfo"),
        "displayText": part("LocalizedString"),
        "iosAppLinkInfo": deprecated(part("AppLinkDataAppLinkInfo")),
        "webAppLinkInfo": part("AppLinkDataAppLinkInfo"),
    },
    "AppLinkDataAppLinkInfo": {
        "appLogoImage": deprecated(part("Image")),
        "appTarget": part("AppLinkDataAppLinkInfoAppTarget"),
        "description": deprecated(part("LocalizedString")),
        "title": deprecated(part("LocalizedString")),
    },
    "AppLinkDataAppLinkInfoAppTarget": {
        "packageName": TEXT,
        "targetUri": part("Uri"),
    },
    "Barcode": {
        "alternateText": TEXT,
        "kind": deprecated(TEXT),
        "renderEncoding": RENDER_ENCODING,
        "showCodeText": part("LocalizedString"),
        "type": BARCODE_TYPE,
        "value": TEXT,
    },
    "CallbackOptions": {
        "updateRequestUrl": deprecated(TEXT),
        "url": TEXT,
    },
    "DateTime": {
        "date": TEXT,
    },
    "DiscoverableProgram": {
        "merchantSigninInfo": part("DiscoverableProgramMerchantSigninInfo"),
        "merchantSignupInfo": part("DiscoverableProgramMerchantSignupInfo"),
        "state": one_of(
            "STATE_UNSPECIFIED TRUSTED_TESTERS LIVE DISABLED",
            old="trustedTesters live disabled",
        ),
    },
    "DiscoverableProgramMerchantSigninInfo": {
        "signinWebsite": part("Uri"),
    },
    "DiscoverableProgramMerchantSignupInfo": {
        "signupSharedDatas": many(
            one_of(
                """
                SHARED_DATA_TYPE_UNSPECIFIED FIRST_NAME LAST_NAME STREET_ADDRESS
                ADDRESS_LINE_1 ADDRESS_LINE_2 ADDRESS_LINE_3 CITY STATE ZIPCODE COUNTRY
                EMAIL PHONE
                """
            )
        ),
        "signupWebsite": part("Uri"),
    },
    "GroupingInfo": {
        "groupingId": TEXT,
        "sortIndex": INT32,
    },
    "Image": {
        "contentDescription": part("LocalizedString"),
        "kind": deprecated(TEXT),
        "privateImageId": TEXT,
        "sourceUri": part("ImageUri"),
    },
    "ImageModuleData": {
        "id": TEXT,
        "mainImage": part("Image"),
    },
    "ImageUri": {
        "description": deprecated(TEXT),
        "localizedDescription": deprecated(part("LocalizedString")),
        "uri": TEXT,
    },
    "InfoModuleData": {
        "labelValueRows": many(part("LabelValueRow")),
        "showLastUpdateTime": deprecated(FLAG),
    },
    "LabelValue": {
        "label": TEXT,
        "localizedLabel": part("LocalizedString"),
        "localizedValue": part("LocalizedString"),
        "value": TEXT,
    },
    "LabelValueRow": {
        "columns": many(part("LabelValue")),
    },
    "LatLongPoint": {
        "kind": deprecated(TEXT),
        "latitude": DOUBLE,
        "longitude": DOUBLE,
    },
    "LinksModuleData": {
        "uris": many(part("Uri")),
    },
    "LocalizedString": {
        "defaultValue": part("TranslatedString"),
        "kind": deprecated(TEXT),
        "translatedValues": many(part("TranslatedString")),
    },
    "LoyaltyPoints": {
        "balance": part("LoyaltyPointsBalance"),
        "label": TEXT,
        "localizedLabel": part("LocalizedString"),
    },
    "LoyaltyPointsBalance": {
        "double": DOUBLE,
        "int": INT32,
        "money": part("Money"),
        "string": TEXT,
    },
    "MerchantLocation": {
        "latitude": DOUBLE,
        "longitude": DOUBLE,
    },
    "Message": {
        "body": TEXT,
        "displayInterval": part("TimeInterval"),
        "header": TEXT,
        "id": TEXT,
        "kind": deprecated(TEXT),
        "localizedBody": part("LocalizedString"),
        "localizedHeader": part("LocalizedString"),
        "messageType": one_of(
            "MESSAGE_TYPE_UNSPECIFIED TEXT EXPIRATION_NOTIFICATION TEXT_AND_NOTIFY",
            old="text expirationNotification",
        ),
    },
    "ModuleViewConstraints": {
        "displayInterval": part("TimeInterval"),
    },
    "Money": {
        "currencyCode": TEXT,
        "kind": deprecated(TEXT),
        "micros": INT64,
    },
    "PassConstraints": {
        "nfcConstraint": many(
            one_of("NFC_CONSTRAINT_UNSPECIFIED BLOCK_PAYMENT BLOCK_CLOSED_LOOP_TRANSIT")
        ),
        "screenshotEligibility": one_of("SCREENSHOT_ELIGIBILITY_UNSPECIFIED ELIGIBLE INELIGIBLE"),
    },
    "Review": {
        "comments": TEXT,
    },
    "RotatingBarcode": {
        "alternateText": TEXT,
        "initialRotatingBarcodeValues": part("RotatingBarcodeValues"),
        "renderEncoding": RENDER_ENCODING,
        "showCodeText": part("LocalizedString"),
        "totpDetails": part("RotatingBarcodeTotpDetails"),
        "type": BARCODE_TYPE,
        "valuePattern": TEXT,
    },
    "RotatingBarcodeTotpDetails": {
        "algorithm": one_of("TOTP_ALGORITHM_UNSPECIFIED TOTP_SHA1"),
        "parameters": many(part("RotatingBarcodeTotpDetailsTotpParameters")),
        "periodMillis": INT64,
    },
    "RotatingBarcodeTotpDetailsTotpParameters": {
        "key": TEXT,
        "valueLength": INT32,
    },
    "RotatingBarcodeValues": {
        "periodMillis": INT64,
        "startDateTime": TEXT,
        "values": many(TEXT),
    },
    "SaveRestrictions": {
        "restrictToEmailSha256": TEXT,
    },
    "SecurityAnimation": {
        "animationType": one_of("ANIMATION_UNSPECIFIED FOIL_SHIMMER", old="foilShimmer"),
    },
    "TextModuleData": {
        "body": TEXT,
        "header": TEXT,
        "id": TEXT,
        "localizedBody": part("LocalizedString"),
        "localizedHeader": part("LocalizedString"),
    },
    "TimeInterval": {
        "end": part("DateTime"),
        "kind": deprecated(TEXT),
        "start": part("DateTime"),
    },
    "TranslatedString": {
        "kind": deprecated(TEXT),
        "language": TEXT,
        "value": TEXT,
    },
    "Uri": {
        "description": TEXT,
        "id": TEXT,
        "kind": deprecated(TEXT),
        "localizedDescription": part("LocalizedString"),
        "uri": TEXT,
    },
    "ValueAddedModuleData": {
        "body": part("LocalizedString"),
        "header": part("LocalizedString"),
        "image": part("Image"),
        "sortIndex": INT32,
        "uri": TEXT,
        "viewConstraints": part("ModuleViewConstraints"),
    },
}
