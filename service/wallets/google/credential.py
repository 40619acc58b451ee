"""The key file of a Google service account, checked before it is kept."""

import json
import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from uuid_utils.compat import uuid7

from service.domain.credentials import GoogleCredential
from service.domain.errors import SetupError

ISSUER_ID = re.compile(r"[0-9]{1,30}")
PARTS = ("type", "client_email", "private_key_id", "private_key")


def read_key_file(content: bytes, issuer_id: str) -> GoogleCredential:
    """Return a new credential; nothing is asked of Google here.

    `content` is the JSON that Google's console gives for a service account, `issuer_id` the number
    shown in the Google Pay & Wallet Console. The file's addresses are not used: where tokens come
    from is a setting.

    Raises:
        SetupError: the file or the id cannot be used; says what to fix.
    """
    if not ISSUER_ID.fullmatch(issuer_id):
        raise SetupError("The issuer id is the number shown in the Google Pay & Wallet Console.")
    parts = _parts(content)
    return GoogleCredential(
        id=uuid7(),
        type_id=issuer_id,
        email=parts["client_email"],
        key_id=parts["private_key_id"],
        private_key_pem=_checked(parts["private_key"]),
    )


def _parts(content: bytes) -> dict[str, str]:
    try:
        parsed: Any = json.loads(content)
    except ValueError as error:
        raise SetupError("The key file is no JSON: take the one of the service account.") from error
    found = parsed if isinstance(parsed, dict) else {}
    missing = [name for name in PARTS if not isinstance(found.get(name), str)]
    if missing or found["type"] != "service_account":
        lacks = f" It lacks {', '.join(missing)}." if missing else ""
        raise SetupError(f"This is not the key file of a service account.{lacks}")
    return {name: found[name] for name in PARTS}


def _checked(private_key: str) -> bytes:
    pem = private_key.encode()
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise SetupError("The private key in the key file cannot be read.") from error
    if not isinstance(key, RSAPrivateKey):
        raise SetupError("Google's service accounts have RSA keys; this is another kind.")
    return pem
