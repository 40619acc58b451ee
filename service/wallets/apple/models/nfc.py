"""What needs a certificate with NFC: the tag that terminals read, and enrollment in Wallet.

Apple gives such certificates on request only; a phone refuses a pass that uses one without having
it (docs/sources.md, a-10).
"""

import base64
from collections.abc import Mapping
from typing import Annotated, Literal, TypedDict

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import AfterValidator, Field

from service.wallets.apple.models.said import Json, Listed, Said, StringsKey


class NfcJson(TypedDict, total=False):
    """The `nfc` object of a pass."""

    message: str
    encryptionPublicKey: str
    requiresAuthentication: bool


def _p256(text: str) -> str:
    key = "".join(text.split())
    try:
        read = load_der_public_key(base64.b64decode(key, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("has to be a public key: SubjectPublicKeyInfo, Base64") from error
    is_p256 = isinstance(getattr(read, "curve", None), SECP256R1)
    if not is_p256:
        raise ValueError("has to be a key of the curve P-256")
    return key


class Nfc(Said):
    """What a terminal is given. `message` names the fact that it reads."""

    message: Literal["card_number", "barcode"]
    encryption_public_key: Annotated[str, AfterValidator(_p256)]
    requires_authentication: bool = False


class Personalization(Said):
    """The sign-up in Wallet; `description` and `terms` are keys of the strings."""

    required_fields: Listed[Literal["name", "emailAddress", "phoneNumber"]] = Field(min_length=1)
    description: StringsKey
    terms: StringsKey | None = None

    def file(self, strings: Mapping[str, str]) -> Json:
        """Return `personalization.json` in one language: Wallet translates no conditions."""
        prefix = "PKPassPersonalizationField"
        written: Json = {
            "requiredPersonalizationFields": [
                prefix + name[0].upper() + name[1:] for name in self.required_fields
            ],
            "description": strings[self.description],
        }
        if self.terms is not None:
            written["termsAndConditions"] = strings[self.terms]
        return written
