"""py-pkpass: models as in its README; it reads key and certificates for every pass."""

import io

from py_pkpass.models import Pass

from bench.peers.turns import Design, Said, take_turns

design = Design.given()
said = design.content


class Barcode(Said):
    format = said["barcodes"][0]["format"]


def build() -> bytes:
    made = Pass(
        Said("storeCard", said["storeCard"]),
        passTypeIdentifier=said["passTypeIdentifier"],
        organizationName=said["organizationName"],
        teamIdentifier=said["teamIdentifier"],
    )
    for name in (
        *("serialNumber", "description", "logoText", "backgroundColor", "foregroundColor"),
        *("labelColor", "webServiceURL", "authenticationToken", "sharingProhibited"),
    ):
        setattr(made, name, said[name])
    made.barcode = Barcode("", said["barcodes"][0])
    for name, content in design.files.items():
        made.addFile(name, io.BytesIO(content))
    packed: bytes = made.create(design.certificate, design.key, design.wwdr, None).getvalue()
    return packed


take_turns(build)
