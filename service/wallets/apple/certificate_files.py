"""Opens the files that certificates come in: Apple's `.cer` (DER), PEM, a keychain's `.p12`.

What a file cannot be opened for is told in a sentence that says what to do.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)

from service.domain.errors import SetupError

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

PEM = b"-----BEGIN "
PEM_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
PEM_REQUEST = b"CERTIFICATE REQUEST-----"
PEM_KEY = re.compile(
    rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL | re.ASCII
)
LONG_FORM = 0x80
P12_VERSION = b"\x02\x01\x03"  # a .p12 begins with the number 3, a certificate with a sequence
PASSWORD_FILE = "put it into a file and name that with --password-file"  # noqa: S105 - an option


@dataclass(frozen=True)
class Contents:
    """What is in a file. A `.p12` may hold certificates without the key, or the key alone."""

    certificates: tuple[x509.Certificate, ...] = ()
    key: Key | None = field(default=None, repr=False)
    is_p12: bool = False


def opened(content: bytes, name: str, password: str | None = None) -> Contents:
    """Return what a file holds; `name` is what messages call it.

    Raises:
        SetupError: it is none of the formats, or locked, or damaged; says which.
    """
    if PEM in content:
        return _pem(content, name, password)
    if _is_p12(content):
        return _p12(content, name, password)
    try:
        return Contents((x509.load_der_x509_certificate(content),))
    except ValueError as error:
        raise SetupError(
            f"The {name} is no certificate: neither Apple's .cer (DER), nor PEM, nor a .p12 file."
        ) from error


def opened_key(content: bytes, password: str | None = None) -> Key:
    """Return the private key that a file holds.

    Raises:
        SetupError: there is none in it, or it is locked, or of a kind that signs no pass.
    """
    if PEM not in content and not _is_p12(content):
        return _key(load_der_private_key, content, password)
    key = opened(content, "key file", password).key
    if key is None:
        raise SetupError("The key file holds no private key.")
    return key


def _pem(content: bytes, name: str, password: str | None) -> Contents:
    if PEM_REQUEST in content:
        raise SetupError(
            f"The {name} is a signing request: upload it in Apple's developer portal, then import "
            "the certificate that the portal gives for it."
        )
    certificates: list[x509.Certificate] = []
    if PEM_CERTIFICATE in content:
        try:
            certificates = x509.load_pem_x509_certificates(content)
        except ValueError as error:
            raise SetupError(f"The {name} is not readable PEM.") from error
    found = PEM_KEY.search(content)
    key = _key(load_pem_private_key, found[0], password) if found else None
    if not certificates and key is None:
        raise SetupError(f"The {name} is not readable PEM.")
    return Contents(tuple(certificates), key)


def _p12(content: bytes, name: str, password: str | None) -> Contents:
    try:
        found = pkcs12.load_pkcs12(content, password.encode() if password else None)
    except ValueError as error:
        said = "does not open it, or it is damaged" if password else f"is needed: {PASSWORD_FILE}"
        raise SetupError(f"The {name} is a .p12 file: its password {said}.") from error
    except UnsupportedAlgorithm as error:
        raise SetupError(
            f"The {name} is locked by a cipher that is not known here. Make PEM of it with "
            "`openssl pkcs12 -in c.p12 -nodes -legacy -out pass.pem`."
        ) from error
    listed = ([found.cert] if found.cert else []) + list(found.additional_certs)
    key = None if found.key is None else _known_kind(found.key)
    return Contents(tuple(each.certificate for each in listed), key, is_p12=True)


def _is_p12(content: bytes) -> bool:
    """Say whether it looks like PKCS #12; so a wrong password is not taken for a wrong file."""
    if content[:1] != b"\x30" or len(content) < len(P12_VERSION):
        return False
    size = content[1]
    start = 2 + (size - LONG_FORM if size >= LONG_FORM else 0)
    return content[start : start + len(P12_VERSION)] == P12_VERSION


def _key(
    load: Callable[[bytes, bytes | None], object], content: bytes, password: str | None
) -> Key:
    try:
        return _known_kind(_unlocked(load, content, password))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SetupError(
            "The password does not open the private key, or the key is damaged."
            if password
            else "The private key is not readable: neither PEM nor DER."
        ) from error


def _unlocked(
    load: Callable[[bytes, bytes | None], object], content: bytes, password: str | None
) -> object:
    if password:
        try:
            return load(content, password.encode())
        except TypeError:  # the key has no lock; the password may be that of another file
            return load(content, None)
    try:
        return load(content, None)
    except TypeError as error:
        raise SetupError(f"The private key is locked with a password: {PASSWORD_FILE}.") from error


def _known_kind(key: object) -> Key:
    if not isinstance(key, Key):
        raise SetupError("The private key is neither RSA nor EC. Make a new one with RSA 2048.")
    return key
