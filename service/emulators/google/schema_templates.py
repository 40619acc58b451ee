"""What Google takes as a loyalty class's layout: names and types, no prose.

Source: Google's discovery document of walletobjects v1; a test compares the two.
"""

from service.emulators.google.fields import TEXT, Schema, deprecated, many, one_of, part

TEMPLATES: dict[str, Schema] = {
    "BarcodeSectionDetail": {
        "fieldSelector": part("FieldSelector"),
    },
    "CardBarcodeSectionDetails": {
        "firstBottomDetail": part("BarcodeSectionDetail"),
        "firstTopDetail": part("BarcodeSectionDetail"),
        "secondTopDetail": part("BarcodeSectionDetail"),
    },
    "CardRowOneItem": {
        "item": part("TemplateItem"),
    },
    "CardRowTemplateInfo": {
        "oneItem": part("CardRowOneItem"),
        "threeItems": part("CardRowThreeItems"),
        "twoItems": part("CardRowTwoItems"),
    },
    "CardRowThreeItems": {
        "endItem": part("TemplateItem"),
        "middleItem": part("TemplateItem"),
        "startItem": part("TemplateItem"),
    },
    "CardRowTwoItems": {
        "endItem": part("TemplateItem"),
        "startItem": part("TemplateItem"),
    },
    "CardTemplateOverride": {
        "cardRowTemplateInfos": many(part("CardRowTemplateInfo")),
    },
    "ClassTemplateInfo": {
        "cardBarcodeSectionDetails": part("CardBarcodeSectionDetails"),
        "cardTemplateOverride": part("CardTemplateOverride"),
        "detailsTemplateOverride": part("DetailsTemplateOverride"),
        "listTemplateOverride": part("ListTemplateOverride"),
    },
    "DetailsItemInfo": {
        "item": part("TemplateItem"),
    },
    "DetailsTemplateOverride": {
        "detailsItemInfos": many(part("DetailsItemInfo")),
    },
    "FieldReference": {
        "dateFormat": one_of(
            """
            DATE_FORMAT_UNSPECIFIED DATE_TIME DATE_ONLY TIME_ONLY DATE_TIME_YEAR
            DATE_YEAR YEAR_MONTH YEAR_MONTH_DAY
            """,
            old="dateTime dateOnly timeOnly dateTimeYear dateYear",
        ),
        "fieldPath": TEXT,
    },
    "FieldSelector": {
        "fields": many(part("FieldReference")),
    },
    "FirstRowOption": {
        "fieldOption": part("FieldSelector"),
        "transitOption": one_of(
            """
            TRANSIT_OPTION_UNSPECIFIED ORIGIN_AND_DESTINATION_NAMES
            ORIGIN_AND_DESTINATION_CODES ORIGIN_NAME
            """,
            old="originAndDestinationNames originAndDestinationCodes originName",
        ),
    },
    "ListTemplateOverride": {
        "firstRowOption": part("FirstRowOption"),
        "secondRowOption": part("FieldSelector"),
        "thirdRowOption": deprecated(part("FieldSelector")),
    },
    "TemplateItem": {
        "firstValue": part("FieldSelector"),
        "predefinedItem": one_of(
            """
            PREDEFINED_ITEM_UNSPECIFIED FREQUENT_FLYER_PROGRAM_NAME_AND_NUMBER
            FLIGHT_NUMBER_AND_OPERATING_FLIGHT_NUMBER
            """,
            old="frequentFlyerProgramNameAndNumber flightNumberAndOperatingFlightNumber",
        ),
        "secondValue": part("FieldSelector"),
    },
}
