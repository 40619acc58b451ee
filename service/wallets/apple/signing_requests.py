"""Makes a key and the request by which Apple's portal issues a certificate for it."""

import hashlib
import re

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from service.domain.credentials import SigningRequest
from service.domain.errors import SetupError

KEY_BITS = 2048  # what the portal documents; docs/sources.md, a-31
LONGEST_NAME = 64  # X.509's bound of a common name
EMAIL = re.compile(r"[^@\s]+@[^@\s]+", re.ASCII)


def new_request(common_name: str, email: str) -> SigningRequest:
    """Return a new RSA key with its signing request.

    Apple's portal takes name and address as they are and puts neither into the certificate.

    Raises:
        SetupError: the name or the address cannot stand in a request.
    """
    if not (EMAIL.fullmatch(email) and email.isascii()):
        raise SetupError(f"{email} is no e-mail address that a signing request can hold.")
    if not 1 <= len(common_name) <= LONGEST_NAME:
        raise SetupError(f"The common name of a signing request has 1 to {LONGEST_NAME} letters.")
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.EMAIL_ADDRESS, email),
        ]
    )
    request = x509.CertificateSigningRequestBuilder(subject).sign(key, SHA256())
    return SigningRequest(
        key_digest(key.public_key()),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        request.public_bytes(Encoding.PEM),
    )


def key_digest(key: CertificatePublicKeyTypes) -> bytes:
    """Return the SHA-256 of a public key's SubjectPublicKeyInfo."""
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(encoded).digest()
