"""What Apple's push service says to one request: its checks and its words. No I/O.

Source: docs/sources.md, a-5.
"""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

PATH_PREFIX = "/3/device/"
PAYLOAD_LIMIT_BYTES = 4096
COLLAPSE_ID_LIMIT_BYTES = 64
HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
PRIORITIES = {"1", "5", "10"}
PUSH_TYPES = {
    "alert",
    "background",
    "complication",
    "controls",
    "fileprovider",
    "liveactivity",
    "location",
    "mdm",
    "pushtotalk",
    "voip",
    "widgets",
}
# Every refusal in Apple's table; the first reason of a status is the usual one.
REASONS: Mapping[int, tuple[str, ...]] = {
    400: (
        "BadDeviceToken",
        "BadCollapseId",
        "BadExpirationDate",
        "BadMessageId",
        "BadPriority",
        "BadTopic",
        "DeviceTokenNotForTopic",
        "DuplicateHeaders",
        "IdleTimeout",
        "InvalidPushType",
        "MissingDeviceToken",
        "MissingTopic",
        "PayloadEmpty",
        "TopicDisallowed",
    ),
    403: (
        "BadCertificate",
        "BadCertificateEnvironment",
        "BadEnvironmentKeyIdInToken",
        "ExpiredProviderToken",
        "Forbidden",
        "InvalidProviderToken",
        "MissingProviderToken",
        "UnrelatedKeyIdInToken",
    ),
    404: ("BadPath",),
    405: ("MethodNotAllowed",),
    410: ("Unregistered", "ExpiredToken"),
    413: ("PayloadTooLarge",),
    429: ("TooManyRequests", "TooManyProviderTokenUpdates"),
    500: ("InternalServerError",),
    503: ("ServiceUnavailable", "Shutdown"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the emulator says to a push; `timestamp_ms` only goes with 410."""

    status: int
    reason: str | None = None
    timestamp_ms: int | None = None

    def body(self) -> bytes:
        """Return Apple's JSON: empty when accepted."""
        if self.reason is None:
            return b""
        content: dict[str, object] = {"reason": self.reason}
        if self.timestamp_ms is not None:
            content["timestamp"] = self.timestamp_ms
        return json.dumps(content, separators=(",", ":")).encode()


ACCEPTED = Answer(HTTPStatus.OK)


@dataclass(slots=True)
class PushRequest:
    """One request as it arrives: its headers, and as much of its body as may matter."""

    headers: Mapping[str, str]
    body: bytearray = field(default_factory=bytearray)

    def receive(self, part: bytes) -> None:
        """Keep a part of the body, but never much more than is allowed."""
        if len(self.body) <= PAYLOAD_LIMIT_BYTES:
            self.body += part

    @property
    def token(self) -> str:
        """Return the device token of the path, lower case; empty if it holds none."""
        path = self.headers.get(":path", "")
        return path.removeprefix(PATH_PREFIX).lower() if path.startswith(PATH_PREFIX) else ""


def refusal(request: PushRequest, certificate_topic: str | None) -> Answer | None:
    """Return what Apple finds wrong with a request, or None.

    Without a certificate any topic will do: the provider token says who pushes.
    """
    return (
        _refuse_target(request)
        or _refuse_topic(request.headers, certificate_topic)
        or _refuse_headers(request.headers)
        or _refuse_payload(request.body)
    )


def _refuse_target(request: PushRequest) -> Answer | None:
    if not request.headers.get(":path", "").startswith(PATH_PREFIX):
        return Answer(HTTPStatus.NOT_FOUND, "BadPath")
    if request.headers.get(":method") != "POST":
        return Answer(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed")
    if not request.token:
        return _bad("MissingDeviceToken")
    return None if HEX.fullmatch(request.token) else _bad("BadDeviceToken")


def _refuse_topic(headers: Mapping[str, str], certificate_topic: str | None) -> Answer | None:
    topic = headers.get("apns-topic")
    if not topic:
        return _bad("MissingTopic")
    return None if certificate_topic in (topic, None) else _bad("BadTopic")


def _refuse_headers(headers: Mapping[str, str]) -> Answer | None:
    if headers.get("apns-priority", "10") not in PRIORITIES:
        return _bad("BadPriority")
    if not headers.get("apns-expiration", "0").isdecimal():
        return _bad("BadExpirationDate")
    if headers.get("apns-push-type", "background") not in PUSH_TYPES:
        return _bad("InvalidPushType")
    if len(headers.get("apns-collapse-id", "").encode()) > COLLAPSE_ID_LIMIT_BYTES:
        return _bad("BadCollapseId")
    return None if _is_uuid(headers.get("apns-id")) else _bad("BadMessageId")


def _refuse_payload(body: bytes | bytearray) -> Answer | None:
    if len(body) > PAYLOAD_LIMIT_BYTES:
        return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PayloadTooLarge")
    # Nearly every push of a pass is exactly this.
    if body == b"{}":
        return None
    try:
        payload = json.loads(body)
    except ValueError:
        payload = None
    # Apple's table has no other word for a payload it cannot read.
    return None if isinstance(payload, dict) else _bad("PayloadEmpty")


def _is_uuid(text: str | None) -> bool:
    if text is None:
        return True
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _bad(reason: str) -> Answer:
    return Answer(HTTPStatus.BAD_REQUEST, reason)
