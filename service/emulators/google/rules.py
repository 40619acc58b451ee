"""The rules of content that no schema states, held on a class or object as it would be stored.

Sources: docs/sources.md, g-2 to g-4 and g-11.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from service.emulators.google.checks import Json
from service.emulators.google.errors import invalid
from service.emulators.google.schema import SCHEMAS
from service.emulators.google.times import check_interval, read_date

Rule = Callable[[Json, str], None]

REQUIRED = {
    "LoyaltyClass": ("id", "issuerName", "programName", "programLogo", "reviewStatus"),
    "LoyaltyObject": ("id", "classId", "state"),
    "AddMessageRequest": ("message",),
    "LoyaltyPoints": ("balance",),
    "Barcode": ("type", "value"),
    "RotatingBarcode": ("type", "valuePattern"),
    "Money": ("currencyCode", "micros"),
    "LocalizedString": ("defaultValue",),
    "TranslatedString": ("language", "value"),
    "ImageUri": ("uri",),
    "Uri": ("uri",),
    "ValueAddedModuleData": ("uri",),
    "DateTime": ("date",),
}
EXACTLY_ONE = {
    "Image": ("sourceUri", "privateImageId"),
    "LoyaltyPointsBalance": ("int", "string", "double", "money"),
    "CardRowTemplateInfo": ("oneItem", "twoItems", "threeItems"),
}
MOST = {
    "messages": 10,
    "merchantLocations": 10,
    "valueAddedModuleData": 15,
    "linkedObjectIds": 50,
    "cardRowTemplateInfos": 3,
}
PATTERNS = {
    ("LoyaltyClass", "hexBackgroundColor"): r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})",
    ("LoyaltyClass", "countryCode"): r"[A-Za-z]{2}",
    ("LoyaltyObject", "smartTapRedemptionValue"): r"[\x00-\x7f]*",
    ("Money", "currencyCode"): r"[A-Z]{3}",
    ("TextModuleData", "id"): r"[A-Za-z0-9_-]+",
    ("TranslatedString", "language"): r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*",
    ("RotatingBarcodeTotpDetailsTotpParameters", "key"): r"(?:[0-9a-fA-F]{2})+",
    ("FieldReference", "fieldPath"): r"(?:object|class)\.\w+(?:\.\w+|\['[A-Za-z0-9_-]+'\])*",
}
# Barcodes of digits alone, and of how many; the check digit of all but ITF-14 may be left out.
DIGITS = {
    "EAN_8": range(7, 9),
    "EAN_13": range(12, 14),
    "ITF_14": range(14, 15),
    "UPC_A": range(11, 13),
}
LINK_SCHEMES = frozenset({"http", "https", "tel", "mailto", "geo"})
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def check_rules(content: Mapping[str, object], schema: str, path: str = "") -> None:
    """Check everything that a schema cannot say; `content` must fit the schema already.

    Raises:
        GoogleRefused: 400 at the first rule broken.
    """
    node = dict(content)
    where = path or schema
    _check_required(node, schema, where)
    _check_exactly_one(node, schema, where)
    _check_counts(node, where)
    _check_patterns(node, schema, where)
    rule = RULES.get(schema)
    if rule is not None:
        rule(node, where)
    for name, child_schema, child in parts_of(node, schema):
        check_rules(child, child_schema, f"{path}.{name}" if path else name)


def parts_of(node: Mapping[str, object], schema: str) -> Iterator[tuple[str, str, Json]]:
    """Yield each part that is itself a schema: its place, that schema's name, the part."""
    for name, value in node.items():
        field = SCHEMAS[schema].get(name)
        if field is None or field.type not in SCHEMAS:
            continue
        for position, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, dict):
                yield (f"{name}[{position}]" if field.is_list else name), field.type, item


def is_local(host: str | None) -> bool:
    """Return whether a host is this machine, where http is good enough for trying things out."""
    return host in LOCAL_HOSTS


def _check_required(node: Json, schema: str, where: str) -> None:
    for name in REQUIRED.get(schema, ()):
        value = node.get(name)
        is_unspecified = bool(SCHEMAS[schema][name].values) and str(value).endswith("_UNSPECIFIED")
        if value in (None, "") or is_unspecified:
            raise invalid(f"{where}: {name} is required.")


def _check_exactly_one(node: Json, schema: str, where: str) -> None:
    choices = EXACTLY_ONE.get(schema)
    if choices and sum(1 for name in choices if name in node) != 1:
        raise invalid(f"{where}: exactly one of {', '.join(choices)} must be set.")


def _check_counts(node: Json, where: str) -> None:
    for name, most in MOST.items():
        value = node.get(name)
        if isinstance(value, list) and len(value) > most:
            raise invalid(f"{where}: {name} holds {len(value)} entries; the most is {most}.")


def _check_patterns(node: Json, schema: str, where: str) -> None:
    for name, value in node.items():
        pattern = PATTERNS.get((schema, name))
        if pattern is not None and not re.fullmatch(pattern, str(value)):
            raise invalid(f"{where}: {name} {value!r:.80} is not well formed.")


def _texts(node: Json, where: str) -> None:
    texts = node.get("textModulesData")
    ids = [text.get("id") for text in texts] if isinstance(texts, list) else []
    for position, text_id in enumerate(ids):
        if text_id is not None and text_id in ids[:position]:
            raise invalid(f"{where}: textModulesData has the id {text_id!r:.80} twice.")


def _image(node: Json, where: str) -> None:
    if "privateImageId" in node:
        raise invalid(f"{where}: the issuer may not use private images. Please contact support.")


def _barcode(node: Json, where: str) -> None:
    lengths = DIGITS.get(str(node["type"]))
    value = str(node["value"])
    if lengths and not (re.fullmatch("[0-9]+", value) and len(value) in lengths):
        raise invalid(f"{where}: {value!r:.80} cannot be drawn as {node['type']}.")
    _check_barcode_text(node, where)


def _check_barcode_text(node: Json, where: str) -> None:
    is_qr = node["type"] == "QR_CODE"
    if node.get("renderEncoding") == "UTF_8" and not is_qr:
        raise invalid(f"{where}: renderEncoding goes only with QR_CODE.")
    if node["type"] == "TEXT_ONLY" and "alternateText" in node:
        raise invalid(f"{where}: alternateText may not be used with TEXT_ONLY.")


def _rotating_barcode(node: Json, where: str) -> None:
    if node["type"] not in ("QR_CODE", "PDF_417"):
        raise invalid(f"{where}: only QR_CODE and PDF_417 rotate.")
    if "initialRotatingBarcodeValues" in node:
        raise invalid(f"{where}: initialRotatingBarcodeValues is for transit passes only.")
    _check_barcode_text(node, where)


def _links(node: Json, where: str) -> None:
    for _, _, link in parts_of(node, "LinksModuleData"):
        if _scheme(str(link.get("uri"))) not in LINK_SCHEMES:
            allowed = ", ".join(sorted(LINK_SCHEMES))
            raise invalid(f"{where}: the URI of a link must begin with one of {allowed}.")


def _has_scheme(node: Json, where: str) -> None:
    if not _scheme(str(node["uri"])):
        raise invalid(f"{where}: the URI must have a scheme.")


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def _image_uri(node: Json, where: str) -> None:
    _web_address(str(node["uri"]), where)


def _callback(node: Json, where: str) -> None:
    if "url" in node:
        _web_address(str(node["url"]), where)


def _web_address(url: str, where: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise invalid(f"{where}: {url:.80} is not a URL.") from None
    is_accepted = parts.scheme == "https" or (parts.scheme == "http" and is_local(host))
    if not is_accepted or not host:
        raise invalid(f"{where}: {url:.80} must be an https URL.")


def _point(node: Json, where: str) -> None:
    for name, most in (("latitude", 90), ("longitude", 180)):
        value = node.get(name)
        if not isinstance(value, int | float) or abs(value) > most:
            raise invalid(f"{where}: {name} must be from -{most} to {most}.")


def _message(node: Json, where: str) -> None:
    if node.get("messageType") == "EXPIRATION_NOTIFICATION":
        raise invalid(f"{where}: messageType EXPIRATION_NOTIFICATION is not supported.")


def _date(node: Json, where: str) -> None:
    read_date(str(node["date"]), where)


RULES: dict[str, Rule] = {
    "LoyaltyClass": _texts,
    "LoyaltyObject": _texts,
    "Image": _image,
    "Barcode": _barcode,
    "RotatingBarcode": _rotating_barcode,
    "LinksModuleData": _links,
    "Uri": _has_scheme,
    "ValueAddedModuleData": _has_scheme,
    "ImageUri": _image_uri,
    "CallbackOptions": _callback,
    "LatLongPoint": _point,
    "MerchantLocation": _point,
    "Message": _message,
    "DateTime": _date,
    "TimeInterval": check_interval,
}
