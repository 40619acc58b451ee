"""wallet-py3k: models as in its README; it starts openssl for every signature."""

import io

from wallet.models import Pass

from bench.peers.turns import Design, Said, take_turns

design = Design.given()
said = design.content


def build() -> bytes:
    made = Pass(
        Said("storeCard", said["storeCard"]),
        passTypeIdentifier=said["passTypeIdentifier"],
        organizationName=said["organizationName"],
        teamIdentifier=said["teamIdentifier"],
    )
    for name in (
        *("serialNumber", "description", "logoText", "backgroundColor", "foregroundColor"),
        *("labelColor", "webServiceURL", "authenticationToken"),
    ):
        setattr(made, name, said[name])
    made.barcode = Said("", said["barcodes"][0])
    for name, content in design.files.items():
        made.addFile(name, io.BytesIO(content))
    packed: bytes = made.create(design.certificate, design.key, design.wwdr, "").getvalue()
    return packed


take_turns(build)
