"""Provider tokens: what says to APNs who pushes, in place of the certificate.

A JWT, signed by a `.p8` key, that is good for an hour and may be renewed every 20 minutes at most.
All processes send the very same one, for Apple counts how many there are. Source:
docs/sources.md, a-50.
"""

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from uuid_utils.compat import uuid7

from service.domain.credentials import PushKey
from service.domain.errors import SetupError

KEEP_S = 40 * 60
NEW_S = 60
SAME_EVERYWHERE = ec.ECDSA(SHA256(), deterministic_signing=True)
APPLE_ID = re.compile(r"[A-Z0-9]{10}")
SCALAR_BYTES = 32  # of each half of a signature on P-256


class PushTokens:
    """The tokens of one push key. Safe to use from several threads."""

    def __init__(self, key: PushKey, now: Callable[[], datetime]) -> None:
        """Read the key.

        Raises:
            SetupError: it is no key as Apple gives out.
        """
        self._key = key
        self._signer = signer(key.private_key_pem)
        self._now = now
        self._lock = threading.Lock()
        self._token = ""
        self._issued_at = 0

    def current(self) -> str:
        """Return the token to be sent now; it changes every 40 minutes of the clock."""
        with self._lock:
            now = self._now_s()
            slot = now - now % KEEP_S
            if not slot <= self._issued_at <= now:
                self._make(slot)
            return self._token

    def renew(self) -> None:
        """Make a new token, because Apple calls the present one expired.

        One that is younger than a minute stays: two workers may have met the same refusal.
        """
        with self._lock:
            now = self._now_s()
            if not now - NEW_S < self._issued_at <= now:
                self._make(now)

    def _now_s(self) -> int:
        return int(self._now().timestamp())

    def _make(self, issued_at: int) -> None:
        head = {"alg": "ES256", "kid": self._key.key_id}
        claims = {"iss": self._key.team_id, "iat": issued_at}
        signed = f"{_encoded(_json(head))}.{_encoded(_json(claims))}"
        r, s = decode_dss_signature(self._signer.sign(signed.encode(), SAME_EVERYWHERE))
        signature = r.to_bytes(SCALAR_BYTES, "big") + s.to_bytes(SCALAR_BYTES, "big")
        self._token, self._issued_at = f"{signed}.{_encoded(signature)}", issued_at


def read_push_key(key_file: bytes, key_id: str, team_id: str) -> PushKey:
    """Return a push key, with a new id, out of a `.p8` file.

    Raises:
        SetupError: the file is no such key, or an id is not as Apple's are.
    """
    for name, value in (("key id", key_id), ("team id", team_id)):
        if not APPLE_ID.fullmatch(value):
            raise SetupError(f"The {name} {value} is not one of Apple's: 10 letters and digits.")
    signer(key_file)
    return PushKey(uuid7(), key_id, team_id, key_file)


def signer(private_key_pem: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the key of a `.p8` file.

    Raises:
        SetupError: it is not a private key on P-256 in PEM.
    """
    try:
        key = load_pem_private_key(private_key_pem, None)
    except (ValueError, TypeError) as error:
        raise SetupError("The push key cannot be read: a .p8 file of Apple is expected.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SetupError("The push key is not one of Apple's: those are on the curve P-256.")
    return key


def _json(claims: Mapping[str, object]) -> bytes:
    return json.dumps(claims, separators=(",", ":")).encode()


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
