"""Makes the good card with one PyPI library, in an environment where that library is installed.

python pypi.py LIBRARY MATERIALS OUT
"""

import io
import json
import sys
from pathlib import Path
from typing import Any

SIMPLE = ("key", "value", "label")


def load(materials: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    card = json.loads((materials / "card.json").read_text())
    images = {
        path.name: path.read_bytes()
        for path in sorted((materials / "images").iterdir())
        if path.name.startswith(("icon", "logo", "strip"))
    }
    return card, images


def barcode_of(card: dict[str, Any]) -> str:
    return str(card["barcodes"][1]["message"])


def passbook_field(models: Any, field: dict[str, Any]) -> Any:
    words = [field[key] for key in SIMPLE]
    if "currencyCode" in field:
        made = models.CurrencyField(*words)
        made.currencyCode = field["currencyCode"]
        return made
    if "numberStyle" in field:
        made = models.NumberField(*words)
        made.changeMessage = field["changeMessage"]
        return made
    return (models.DateField if "dateStyle" in field else models.Field)(*words)


def with_passbook_api(models: Any, materials: Path) -> bytes:
    """Use the API that wallet-py3k and py-pkpass took over from `passbook`."""
    card, images = load(materials)
    store_card = models.StoreCard()
    for section, fields in card["storeCard"].items():
        listed = getattr(store_card, section)
        listed.extend(passbook_field(models, field) for field in fields)
    made_pass = models.Pass(
        store_card,
        passTypeIdentifier=card["passTypeIdentifier"],
        organizationName=card["organizationName"],
        teamIdentifier=card["teamIdentifier"],
    )
    for key in ("serialNumber", "description", "logoText", "webServiceURL", "authenticationToken"):
        setattr(made_pass, key, card[key])
    for key in ("backgroundColor", "foregroundColor", "labelColor", "associatedStoreIdentifiers"):
        setattr(made_pass, key, card[key])
    made_pass.barcode = models.Barcode(barcode_of(card), models.BarcodeFormat.QR)
    made_pass.locations = [models.Location(52.5, 13.4)]
    for name, content in images.items():
        made_pass.addFile(name, io.BytesIO(content))
    pem = [str(materials / name) for name in ("certificate.pem", "key.pem", "wwdr.pem")]
    return bytes(made_pass.create(*pem, "").getvalue())


def wallet_py3k(materials: Path) -> bytes:
    from wallet import models

    return with_passbook_api(models, materials)


def py_pkpass(materials: Path) -> bytes:
    from py_pkpass import models

    return with_passbook_api(models, materials)


def applepassgenerator_reloaded(materials: Path, *, as_it_is: bool = False) -> bytes:
    """Use the library; unless `as_it_is`, without the number style it gives every amount."""
    import applepassgenerator as library

    card, images = load(materials)
    store_card = library.StoreCard()
    header, primary, secondary, auxiliary, back = (
        card["storeCard"][f"{name}Fields"][0]
        for name in ("header", "primary", "secondary", "auxiliary", "back")
    )
    points = library.NumberField(*(header[key] for key in SIMPLE))
    points.changeMessage = header["changeMessage"]
    store_card.add_header_field(points)
    amount = library.CurrencyField(*(primary[key] for key in SIMPLE), primary["currencyCode"])
    if not as_it_is:
        amount.numberStyle = None
    store_card.add_primary_field(amount)
    store_card.add_secondary_field(*(secondary[key] for key in SIMPLE))
    store_card.add_auxiliary_field(library.DateField(*(auxiliary[key] for key in SIMPLE)))
    store_card.add_back_field(*(back[key] for key in SIMPLE))
    client = library.ApplePassGeneratorClient(
        card["teamIdentifier"], card["passTypeIdentifier"], card["organizationName"]
    )
    made = client.get_pass(store_card)
    made.serial_number, made.description = card["serialNumber"], card["description"]
    made.web_service_url = card["webServiceURL"]
    made.authentication_token = card["authenticationToken"]
    made.background_color, made.foreground_color = card["backgroundColor"], card["foregroundColor"]
    made.add_barcode(library.Barcode(barcode_of(card), library.BarcodeFormat.QR))
    made.add_location(library.Location(52.5, 13.4))
    for name, content in images.items():
        made.add_file(name, io.BytesIO(content))
    pem = [str(materials / name) for name in ("certificate.pem", "key.pem", "wwdr.pem")]
    return bytes(made.create(*pem, None).getvalue())


def applepassgenerator_reloaded_as_it_is(materials: Path) -> bytes:
    return applepassgenerator_reloaded(materials, as_it_is=True)


def django_walletpass(materials: Path) -> bytes:
    import django
    from django.conf import settings

    card, images = load(materials)
    settings.configure(
        INSTALLED_APPS=["django_walletpass"],
        SECRET_KEY="not a secret",
        WALLETPASS={
            "CERT_PATH": str(materials / "certificate.pem"),
            "KEY_PATH": str(materials / "key.pem"),
            "APPLE_WWDRCA_PEM_PATH": str(materials / "wwdr.pem"),
            "PASS_TYPE_ID": card["passTypeIdentifier"],
            "TEAM_ID": card["teamIdentifier"],
            "SERVICE_URL": card["webServiceURL"],
        },
    )
    django.setup()
    from django_walletpass.services.pass_builder import PassBuilder

    builder = PassBuilder()
    builder.pass_data = card
    for name, content in images.items():
        builder.add_file(name, content)
    return bytes(builder.build())


def edutap_wallet_apple(materials: Path) -> bytes:
    from edutap.wallet_apple.models.passes import Pass, PkPass

    card, images = load(materials)
    # It takes App Store numbers as strings only, which phones refuse.
    del card["associatedStoreIdentifiers"], card["appLaunchURL"]
    made = PkPass.from_pass(Pass.model_validate(card))
    for name, content in images.items():
        made._add_file(name, io.BytesIO(content))
    pem = [(materials / name).read_bytes() for name in ("key.pem", "certificate.pem", "wwdr.pem")]
    made.sign_direct(*pem)
    return bytes(made.as_zip_bytesio().getvalue())


def main(library: str, materials: Path, out: Path) -> None:
    make = globals()[library.replace("-", "_").replace(".", "_")]
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{library}.pkpass").write_bytes(make(materials))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
