"""Writes what the peers need to make their passes: certificates, images, and what the card says.

python -m tests.wallets.lint.peers.make.materials FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

from service.emulators.certificates import Authority
from service.emulators.control import utc_now

from ...builders import TEAM_ID, TYPE_ID, images

CARD: dict[str, Any] = {
    "formatVersion": 1,
    "passTypeIdentifier": TYPE_ID,
    "teamIdentifier": TEAM_ID,
    "serialNumber": "peer-1",
    "organizationName": "Corner Shop",
    "description": "Loyalty card",
    "logoText": "Corner Shop",
    "backgroundColor": "rgb(12, 34, 56)",
    "foregroundColor": "rgb(255, 255, 255)",
    "labelColor": "rgb(200, 210, 220)",
    "sharingProhibited": True,
    "webServiceURL": "https://cards.example.com/apple",
    "authenticationToken": "a-token-of-sixteen-or-more",
    "expirationDate": "2030-12-31T23:59:00Z",
    "locations": [
        {"latitude": 52.5, "longitude": 13.4, "relevantText": "Welcome back"},
        {"latitude": 52.6, "longitude": 13.5},
    ],
    "maxDistance": 150,
    "beacons": [{"proximityUUID": "E2C56DB5-DFFB-48D2-B060-D0F5A71096E0", "major": 1, "minor": 2}],
    "associatedStoreIdentifiers": [123456789],
    "appLaunchURL": "https://example.com/card",
    "barcodes": [
        {
            "format": "PKBarcodeFormatEAN13",
            "message": "4006381333931",
            "messageEncoding": "iso-8859-1",
        },
        {
            "format": "PKBarcodeFormatQR",
            "message": "4006381333931",
            "messageEncoding": "iso-8859-1",
            "altText": "4006381333931",
        },
    ],
    "storeCard": {
        "headerFields": [
            {
                "key": "points",
                "label": "Points",
                "value": 1250,
                "numberStyle": "PKNumberStyleDecimal",
                "changeMessage": "You now have %@ points",
                "textAlignment": "PKTextAlignmentRight",
            }
        ],
        "primaryFields": [
            {"key": "balance", "label": "Balance", "value": 12.5, "currencyCode": "EUR"}
        ],
        "secondaryFields": [{"key": "member", "label": "Member", "value": "A. Holder"}],
        "auxiliaryFields": [
            {
                "key": "until",
                "label": "Until",
                "value": "2030-12-31T23:59:00Z",
                "dateStyle": "PKDateStyleMedium",
                "timeStyle": "PKDateStyleNone",
            }
        ],
        "backFields": [
            {
                "key": "site",
                "label": "Web",
                "value": "https://example.com",
                "attributedValue": "<a href='https://example.com'>Our site</a>",
            },
            {"key": "terms", "label": "Terms", "value": "Be kind.\nBring the card."},
        ],
    },
}


def main(folder: Path) -> None:
    authority = Authority.create(utc_now())
    issued = authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now(), days=3000)
    pictures = images("icon", 38, 38) | images("logo", 160, 50) | images("strip", 375, 144)
    pictures |= images("background", 345, 505) | images("primaryLogo", 126, 30)
    files = {
        "certificate.pem": issued.certificate_pem,
        "key.pem": issued.key_pem,
        "wwdr.pem": authority.wwdr_pem,
        "root.pem": authority.root_pem,
        "card.json": json.dumps(CARD, indent=1).encode(),
        **{f"images/{name}": content for name, content in pictures.items()},
    }
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
