"""Rules of what a pass connects to: its web service, an app, a terminal (NFC)."""

import base64
import ipaddress
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.json_file import Json, list_of, text_of
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.subject import Subject

SET = RuleSet(Stage.CONTENT)
SHORTEST_TOKEN = 16
LONGEST_NFC_BYTES = 64


def _address(subject: Subject) -> SplitResult | None:
    """Return the parts of webServiceURL; None if it is missing or no address."""
    try:
        address = urlsplit(subject.text("webServiceURL"))
    except ValueError:
        return None
    return address if address.scheme and address.hostname else None


def _is_loopback(address: SplitResult) -> bool:
    host = address.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@SET.rule
def web_service_malformed(subject: Subject) -> Iterator[Hit]:
    found = subject.text("webServiceURL")
    if "webServiceURL" in subject.content and (_address(subject) is None or " " in found):
        yield Hit("webServiceURL", found)


@SET.rule
def web_service_http(subject: Subject) -> Iterator[Hit]:
    address = _address(subject)
    if address is None or address.scheme == "https":
        return
    if address.scheme != "http" or not _is_loopback(address):
        yield Hit("webServiceURL", subject.text("webServiceURL"))


@SET.rule
def web_service_loopback(subject: Subject) -> Iterator[Hit]:
    address = _address(subject)
    if address is not None and _is_loopback(address):
        yield Hit("webServiceURL", subject.text("webServiceURL"))


@SET.rule
def web_service_version(subject: Subject) -> Iterator[Hit]:
    address = _address(subject)
    if address is not None and address.path.rstrip("/").endswith("/v1"):
        yield Hit("webServiceURL", subject.text("webServiceURL"))


@SET.rule
def token_missing(subject: Subject) -> Iterator[Hit]:
    if "webServiceURL" in subject.content and "authenticationToken" not in subject.content:
        yield Hit("authenticationToken")


@SET.rule
def token_short(subject: Subject) -> Iterator[Hit]:
    token = subject.content.get("authenticationToken")
    if isinstance(token, str) and len(token) < SHORTEST_TOKEN:
        yield Hit("authenticationToken", len(token))


@SET.rule
def token_alone(subject: Subject) -> Iterator[Hit]:
    if subject.text("authenticationToken") and "webServiceURL" not in subject.content:
        yield Hit("authenticationToken")


@SET.rule
def app_launch_alone(subject: Subject) -> Iterator[Hit]:
    has_apps = list_of(subject.content, "associatedStoreIdentifiers")
    if "appLaunchURL" in subject.content and not has_apps:
        yield Hit("appLaunchURL")


def _nfc(subject: Subject) -> Json | None:
    found = subject.content.get("nfc")
    return found if isinstance(found, dict) else None


@SET.rule
def nfc_message_missing(subject: Subject) -> Iterator[Hit]:
    nfc = _nfc(subject)
    if nfc is not None and "message" not in nfc:
        yield Hit("nfc.message")


@SET.rule
def nfc_message_long(subject: Subject) -> Iterator[Hit]:
    size = len(text_of(_nfc(subject) or {}, "message").encode("utf-8", "replace"))
    if size > LONGEST_NFC_BYTES:
        yield Hit("nfc.message", size)


@SET.rule
def nfc_key(subject: Subject) -> Iterator[Hit]:
    nfc = _nfc(subject)
    if nfc is not None and not _is_p256(text_of(nfc, "encryptionPublicKey")):
        yield Hit("nfc.encryptionPublicKey")


def _is_p256(text: str) -> bool:
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
