"""applepassgenerator-reloaded: models as in its README; it reads key and certificates each time."""

import io

from applepassgenerator import ApplePass, Barcode

from bench.peers.turns import Design, Said, take_turns

design = Design.given()
said = design.content
NAMES = {
    "serialNumber": "serial_number",
    "description": "description",
    "logoText": "logo_text",
    "backgroundColor": "background_color",
    "foregroundColor": "foreground_color",
    "labelColor": "label_color",
    "webServiceURL": "web_service_url",
    "authenticationToken": "authentication_token",
    "sharingProhibited": "sharing_prohibited",
}


def build() -> bytes:
    made = ApplePass(
        Said("storeCard", said["storeCard"]),
        pass_type_identifier=said["passTypeIdentifier"],
        organization_name=said["organizationName"],
        team_identifier=said["teamIdentifier"],
    )
    for theirs, ours in NAMES.items():
        setattr(made, ours, said[theirs])
    barcode = said["barcodes"][0]
    made.add_barcode(Barcode(barcode["message"], barcode["format"], barcode["altText"]))
    for name, content in design.files.items():
        made.add_file(name, io.BytesIO(content))
    packed: bytes = made.create(design.certificate, design.key, design.wwdr, None).getvalue()
    return packed


take_turns(build)
