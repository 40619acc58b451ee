"""Provider tokens, by which clients without a certificate say who pushes. No I/O.

Source: docs/sources.md, a-50.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from service.emulators.apns_rules import Answer

BEARER = "bearer "
SCALAR_BYTES = 32
GOOD_FOR_S = 3600
AHEAD_S = 60  # how far clocks may differ
UPDATE_WITHIN = timedelta(minutes=20)
UPDATES = 2  # an old token, and the one that takes its place


@dataclass(frozen=True)
class ProviderKey:
    """The public half of a `.p8` key, as Apple keeps it."""

    key_id: str
    team_id: str
    public_key: ec.EllipticCurvePublicKey


class ProviderTokens:
    """Judges the tokens of one key; without a key only certificates are taken."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.key: ProviderKey | None = None
        self._now = now
        self._seen: dict[str, datetime] = {}

    def refusal(self, authorization: str | None) -> Answer | None:
        """Return what Apple finds wrong with a request's `authorization`, or None."""
        if self.key is None or authorization is None:
            return _forbidden("MissingProviderToken")
        token = authorization.removeprefix(BEARER)
        claims = _claims(token, self.key) if token != authorization else {}
        issued_at = claims.get("iat")
        if claims.get("iss") != self.key.team_id or not isinstance(issued_at, int):
            return _forbidden("InvalidProviderToken")
        age_s = self._now().timestamp() - issued_at
        if age_s < -AHEAD_S:
            return _forbidden("InvalidProviderToken")
        return _forbidden("ExpiredProviderToken") if age_s > GOOD_FOR_S else self._updates(token)

    def _updates(self, token: str) -> Answer | None:
        now = self._now()
        self._seen = {t: at for t, at in self._seen.items() if now - at < UPDATE_WITHIN}
        self._seen.setdefault(token, now)
        if len(self._seen) <= UPDATES:
            return None
        return Answer(HTTPStatus.TOO_MANY_REQUESTS, "TooManyProviderTokenUpdates")


def _claims(token: str, key: ProviderKey) -> dict[str, object]:
    """Return what a token says if the key signed it, else nothing."""
    try:
        header, claims, signature = token.split(".")
        head, raw = _json(header), _decoded(signature)
        r, s = (int.from_bytes(part) for part in (raw[:SCALAR_BYTES], raw[SCALAR_BYTES:]))
        signed = f"{header}.{claims}".encode()
        key.public_key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        is_its_own = head.get("alg") == "ES256" and head.get("kid") == key.key_id
        return _json(claims) if is_its_own and len(raw) == 2 * SCALAR_BYTES else {}
    except (ValueError, InvalidSignature):
        return {}


def _json(part: str) -> dict[str, object]:
    said = json.loads(_decoded(part))
    return said if isinstance(said, dict) else {}


def _decoded(part: str) -> bytes:
    if "=" in part:
        raise ValueError("a token's parts are not padded")
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _forbidden(reason: str) -> Answer:
    return Answer(HTTPStatus.FORBIDDEN, reason)
