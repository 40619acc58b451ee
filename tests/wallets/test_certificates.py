"""A credential whose parts do not fit is refused with a sentence that says what to fix."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from service.domain.credentials import AppleCredential
from service.domain.errors import SetupError
from service.emulators.certificates import Authority, Issued
from service.emulators.control import utc_now
from service.wallets.apple.certificates import identity

from .builders import TEAM_ID, TYPE_ID, a_credential


def test_an_intermediate_of_the_same_name_and_key_but_another_id_is_refused(
    authority: Authority, issued: Issued
) -> None:
    wwdr = x509.load_pem_x509_certificate(authority.wwdr_pem)
    builder = x509.CertificateBuilder(
        wwdr.issuer,
        wwdr.subject,
        wwdr.public_key(),
        wwdr.serial_number,
        wwdr.not_valid_before_utc,
        wwdr.not_valid_after_utc,
    )
    other = builder.add_extension(x509.SubjectKeyIdentifier(b"another id"), critical=False)
    key = load_pem_private_key(authority._root.key_pem, None)
    pem = other.sign(key, SHA256()).public_bytes(Encoding.PEM)  # type: ignore[arg-type]  # RSA

    with pytest.raises(SetupError, match="not by the intermediate given"):
        identity(a_credential(authority, issued, wwdr_pem=pem))


def locked(pem: bytes) -> bytes:
    key = load_pem_private_key(pem, None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


def test_a_set_up_that_phones_would_refuse_is_refused_with_a_sentence(
    authority: Authority, issued: Issued
) -> None:
    other = authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now())
    stranger = Authority.create(utc_now())
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"certificate_pem": b"\x30\x82 DER"}, "openssl x509 -inform DER"),
        ({"wwdr_pem": b""}, "WWDR intermediate certificate is not readable"),
        ({"private_key_pem": b"-----BEGIN NONSENSE"}, "private key is not readable"),
        ({"private_key_pem": locked(issued.key_pem)}, "locked with a password"),
        ({"private_key_pem": other.key_pem}, "does not belong to"),
        ({"type_id": "pass.com.example.other"}, f"certificate is for {TYPE_ID}"),
        ({"team_id": "ZZZZZZZZZZ"}, f"certificate is for {TEAM_ID}"),
        ({"wwdr_pem": stranger.wwdr_pem}, "not by the intermediate given"),
        ({"wwdr_pem": authority.root_pem}, "not by the intermediate given"),
    ]

    for changes, sentence in wrong:
        with pytest.raises(SetupError, match=sentence):
            identity(a_credential(authority, issued, **changes))


@pytest.mark.parametrize(
    ("days_left", "words"),
    [
        (61, None),
        (60, None),
        (59, "within 60 days"),
        (29, "within 30 days"),
        (13, "within 14 days"),
        (6, "within 7 days"),
        (0.5, "within 1 day"),
        (-1, "expired on"),
        (400, "is not valid before"),
    ],
)
def test_the_end_of_a_certificate_is_announced_in_time(
    authority: Authority, days_left: float, words: str | None
) -> None:
    issued = authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now(), days=365)
    known = identity(a_credential(authority, issued))
    end = x509.load_pem_x509_certificate(issued.certificate_pem).not_valid_after_utc

    faults = known.faults(end - timedelta(days=days_left))

    mine = [fault for fault in faults if TYPE_ID in fault]
    assert [words in fault for fault in mine if words] == ([True] if words else [])
    assert bool(mine) == (words is not None)


def test_the_chain_for_tls_is_the_certificate_then_its_intermediate(
    credential: AppleCredential,
) -> None:
    chain = x509.load_pem_x509_certificates(identity(credential).chain_pem)

    assert chain[0].issuer == chain[1].subject
