"""Makes detached CMS signatures (RFC 5652), of the one kind that Wallet takes.

By hand, because a library encodes the certificates anew for every signature: here all but time,
digest and signature is encoded once (docs/decisions/0007). Tests compare every byte with what
`cryptography` makes, and let openssl and asn1crypto judge the rest.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

INTEGER, OCTETS, NULL, OID, UTC_TIME, LONG_TIME = 0x02, 0x04, 0x05, 0x06, 0x17, 0x18
SEQUENCE, SET, TAG_0 = 0x30, 0x31, 0xA0
LONGEST_SHORT = 0x7F
FIRST_LONG_YEAR = b"2050"  # RFC 5652, 11.3: two digits say the year until then


def der(tag: int, *parts: bytes) -> bytes:
    """Return the value in DER (X.690): its tag, its length, its content."""
    content = b"".join(parts)
    length = len(content)
    if length <= LONGEST_SHORT:
        return bytes((tag, length)) + content
    width = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | width)) + length.to_bytes(width, "big") + content


def _oid(encoded: str) -> bytes:
    return der(OID, bytes.fromhex(encoded))


DATA = _oid("2a864886f70d010701")  # 1.2.840.113549.1.7.1
SIGNED_DATA = _oid("2a864886f70d010702")  # 1.2.840.113549.1.7.2
CONTENT_TYPE = _oid("2a864886f70d010903")  # 1.2.840.113549.1.9.3
MESSAGE_DIGEST = _oid("2a864886f70d010904")  # 1.2.840.113549.1.9.4
SIGNING_TIME = _oid("2a864886f70d010905")  # 1.2.840.113549.1.9.5
SHA_256 = der(SEQUENCE, _oid("608648016503040201"), der(NULL))  # 2.16.840.1.101.3.4.2.1
RSA = der(SEQUENCE, _oid("2a864886f70d010101"), der(NULL))  # 1.2.840.113549.1.1.1
ECDSA_SHA_256 = der(SEQUENCE, _oid("2a8648ce3d040302"))  # 1.2.840.10045.4.3.2
ONE = der(INTEGER, b"\1")
TYPE_IS_DATA = der(SEQUENCE, CONTENT_TYPE, der(SET, DATA))


def _attribute(name: bytes, tag: int, size: int) -> bytes:
    """Return a signed attribute but for its value, which has so many bytes."""
    return der(SEQUENCE, name, der(SET, der(tag, bytes(size))))[:-size]


DIGEST_IS = _attribute(MESSAGE_DIGEST, OCTETS, 32)
SHORT_TIME_IS = _attribute(SIGNING_TIME, UTC_TIME, 13)
LONG_TIME_IS = _attribute(SIGNING_TIME, LONG_TIME, 15)


class Frame:
    """A signature's parts that stay the same: certificates, issuer, algorithms. Immutable."""

    def __init__(
        self,
        certificate: x509.Certificate,
        key: RSAPrivateKey | EllipticCurvePrivateKey,
        intermediate: x509.Certificate,
    ) -> None:
        certificates = (each.public_bytes(Encoding.DER) for each in (certificate, intermediate))
        included = der(TAG_0, *sorted(certificates))  # DER sorts a set
        self._before = b"".join((ONE, der(SET, SHA_256), der(SEQUENCE, DATA), included))
        self._signer = b"".join((ONE, _name_and_serial(certificate), SHA_256))
        self._algorithm, self._sign = _method(key)

    def signature(self, content: bytes, at: datetime) -> bytes:
        """Return the signature of `content`, which is not in it, as made `at` (aware)."""
        digest = DIGEST_IS + sha256(content).digest()
        attributes = TYPE_IS_DATA + _time(at) + digest  # so DER sorts them: by their lengths
        # They are signed as a set; in the file the tag says which optional part they are.
        signed = der(OCTETS, self._sign(der(SET, attributes)))
        signer = der(SEQUENCE, self._signer, der(TAG_0, attributes), self._algorithm, signed)
        return der(SEQUENCE, SIGNED_DATA, der(TAG_0, der(SEQUENCE, self._before, der(SET, signer))))


def _name_and_serial(certificate: x509.Certificate) -> bytes:
    number = certificate.serial_number
    serial = number.to_bytes(number.bit_length() // 8 + 1, "big")  # room for the sign
    return der(SEQUENCE, certificate.issuer.public_bytes(), der(INTEGER, serial))


def _method(
    key: RSAPrivateKey | EllipticCurvePrivateKey,
) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Return the name of the key's way to sign, and what signs."""
    if isinstance(key, RSAPrivateKey):
        padding, hashed = PKCS1v15(), SHA256()
        return RSA, lambda text: key.sign(text, padding, hashed)
    scheme = ECDSA(SHA256())
    return ECDSA_SHA_256, lambda text: key.sign(text, scheme)


def _time(at: datetime) -> bytes:
    digits = at.astimezone(UTC).isoformat().encode().translate(None, b"-:T")[:14]
    if digits < FIRST_LONG_YEAR:
        return SHORT_TIME_IS + digits[2:] + b"Z"
    return LONG_TIME_IS + digits + b"Z"
