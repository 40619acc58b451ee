"""Reads a JWT signed with RS256 by a known key; nothing else is believed."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

PARTS = 3

Claims = dict[str, object]
KeyOf = Callable[[object, object], rsa.RSAPublicKey | None]


class JwtRefused(Exception):
    """The token is not what its signer says, or not from a signer we know."""


def read_jwt(token: str, key_of: KeyOf) -> Claims:
    """Return the claims of a token; `key_of(iss, kid)` finds the signer's public key.

    Raises:
        JwtRefused: malformed, another algorithm, an unknown signer or a wrong signature.
    """
    parts = token.split(".")
    if len(parts) != PARTS:
        raise JwtRefused("a JWT has three parts")
    header, claims = _json(parts[0]), _json(parts[1])
    if header.get("alg") != "RS256":
        raise JwtRefused("the JWT must be signed with RS256")
    key = key_of(claims.get("iss"), header.get("kid"))
    if key is None:
        raise JwtRefused("the JWT's issuer is no service account known here")
    try:
        signed = f"{parts[0]}.{parts[1]}".encode()
        key.verify(_bytes(parts[2]), signed, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise JwtRefused("the JWT's signature is wrong") from None
    return claims


def unverified_claims(token: str) -> Claims:
    """Return the claims of a token that somebody else has verified.

    Raises:
        JwtRefused: malformed.
    """
    parts = token.split(".")
    if len(parts) != PARTS:
        raise JwtRefused("a JWT has three parts")
    return _json(parts[1])


def whole_seconds(claims: Mapping[str, object], name: str) -> int:
    """Return a time of the claims.

    Raises:
        JwtRefused: it is missing or no whole number.
    """
    value = claims.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise JwtRefused(f"{name} must be whole seconds")


def _json(part: str) -> Claims:
    try:
        value = json.loads(_bytes(part))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise JwtRefused("a part of the JWT is no JSON object")
    return value


def _bytes(part: str) -> bytes:
    try:
        padded = part + "=" * (-len(part) % 4)
        return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise JwtRefused("a part of the JWT is not base64url") from None
