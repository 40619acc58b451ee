"""Links that save a pass to Google Wallet: a signed JWT in an address.

Source: docs/sources.md, g-5.
A link is the right to the pass: it is never logged, and made only when a customer asks for it.
"""

from datetime import datetime
from typing import Any

from google.auth import crypt, jwt

from service.domain.credentials import GoogleCredential

LONGEST = 1800  # characters of a JWT that every browser and app passes on


class SaveLinks:
    """Signs links as one service account. The key is parsed once."""

    def __init__(self, credential: GoogleCredential, signer: crypt.Signer, save_url: str) -> None:
        self._email = credential.email
        self._signer = signer
        self._save_url = save_url

    def skinny(self, object_id: str, class_id: str, now: datetime) -> str:
        """Return the link to an object that Google has already: it says nothing but ids."""
        token = self._signed({"loyaltyObjects": [{"id": object_id, "classId": class_id}]}, now)
        assert len(token) <= LONGEST, "ids and a service account's name are far shorter"
        return f"{self._save_url}/{token}"

    def fat(self, payload: dict[str, Any], now: datetime) -> str | None:
        """Return a link that brings the pass along, or None if it would be too long."""
        token = self._signed(payload, now)
        return f"{self._save_url}/{token}" if len(token) <= LONGEST else None

    def _signed(self, payload: dict[str, Any], now: datetime) -> str:
        claims = {
            "iss": self._email,
            "aud": "google",
            "typ": "savetowallet",
            "iat": int(now.timestamp()),
            "payload": payload,
        }
        return str(jwt.encode(self._signer, claims).decode())
