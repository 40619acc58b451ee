"""What is imported fits together, or is refused with a sentence that says what to fix."""

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from service.domain.credentials import AppleCredential, CertificateFiles, KnownParts
from service.domain.errors import SetupError
from service.emulators.certificates import Authority, Issued
from service.emulators.control import utc_now
from service.wallets.apple.certificates import facts, identity
from service.wallets.apple.importing import read_credential
from service.wallets.apple.signing_requests import new_request

from .builders import TEAM_ID, TYPE_ID, a_credential

NOTHING_KNOWN = KnownParts((), lambda digest: None)


def imported(
    files: CertificateFiles,
    known: KnownParts = NOTHING_KNOWN,
    at: datetime | None = None,
    **more: Any,
) -> AppleCredential:
    return read_credential(files, known, at or utc_now(), **more)


def three_files(issued: Issued, authority: Authority) -> CertificateFiles:
    return CertificateFiles(issued.certificate_pem, issued.key_pem, (authority.wwdr_pem,))


def der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def locked(pem: bytes, encoding: Encoding = Encoding.PEM) -> bytes:
    key = load_pem_private_key(pem, None)
    return key.private_bytes(encoding, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


@pytest.fixture
def p12(tmp_path: Path, issued: Issued, authority: Authority) -> Callable[..., bytes]:
    """Makes a .p12 as openssl does; `-legacy` takes the ciphers of a Mac's keychain (RC2, 3DES)."""

    def make(*options: str, with_key: bool = True, with_wwdr: bool = True) -> bytes:
        parts = {"c.pem": issued.certificate_pem, "k.pem": issued.key_pem}
        for name, content in {**parts, "w.pem": authority.wwdr_pem}.items():
            (tmp_path / name).write_bytes(content)
        given = ["-in", "c.pem", *(["-inkey", "k.pem"] if with_key else ["-nokeys"])]
        given += ["-certfile", "w.pem"] if with_wwdr else []
        command = ["openssl", "pkcs12", "-export", *given, "-passout", "pass:secret", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
        return done.stdout

    return make


def test_apples_files_are_taken_as_they_are(authority: Authority, issued: Issued) -> None:
    files = CertificateFiles(
        der(issued.certificate_pem), issued.key_pem, (der(authority.wwdr_pem),)
    )

    credential = imported(files)

    assert (credential.type_id, credential.team_id) == (TYPE_ID, TEAM_ID)
    assert identity(credential).certificate == x509.load_pem_x509_certificate(
        issued.certificate_pem
    )
    assert "PRIVATE" not in repr(credential) + repr(files)


@pytest.mark.parametrize("options", [(), ("-legacy",), ("-legacy", "-descert")])
def test_a_p12_brings_certificate_key_and_intermediate(
    p12: Callable[..., bytes], issued: Issued, options: tuple[str, ...]
) -> None:
    credential = imported(CertificateFiles(p12(*options), password="secret"))

    assert credential.certificate_pem == issued.certificate_pem
    assert identity(credential).key.public_key() == (
        x509.load_pem_x509_certificate(issued.certificate_pem).public_key()
    )


def test_a_bundle_of_pem_brings_all_that_is_in_it(authority: Authority, issued: Issued) -> None:
    bundle = issued.key_pem + issued.certificate_pem + authority.wwdr_pem

    assert imported(CertificateFiles(bundle)).certificate_pem == issued.certificate_pem


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_locked_key_opens_with_its_password(
    authority: Authority, issued: Issued, encoding: Encoding
) -> None:
    files = replace(
        three_files(issued, authority), key=locked(issued.key_pem, encoding), password="secret"
    )

    assert load_pem_private_key(imported(files).private_key_pem, None)


def test_a_password_for_the_p12_does_not_disturb_a_key_without_one(
    p12: Callable[..., bytes], issued: Issued
) -> None:
    files = CertificateFiles(p12(with_key=False), issued.key_pem, password="secret")

    assert imported(files).certificate_pem == issued.certificate_pem


def test_the_key_of_the_matching_signing_request_is_found(authority: Authority) -> None:
    mine, other = (new_request("Pass signing", "ops@example.com") for _ in range(2))
    keys = {each.key_digest: each.private_key_pem for each in (mine, other)}
    cer = authority.certify(mine.csr_pem, TYPE_ID, TEAM_ID, now=utc_now())
    known = KnownParts((authority.wwdr_pem,), keys.get)

    credential = imported(CertificateFiles(cer), known)

    assert credential.private_key_pem == mine.private_key_pem
    assert identity(credential)


def test_openssl_accepts_a_signing_request(tmp_path: Path) -> None:
    request = new_request("Pass signing", "ops@example.com")
    (tmp_path / "pass.csr").write_bytes(request.csr_pem)

    command = ["openssl", "req", "-in", "pass.csr", "-noout", "-verify", "-text"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "verify OK" in done.stderr + done.stdout
    for part in ("CN = Pass signing", "emailAddress = ops@example.com", "2048 bit", "sha256With"):
        assert part in done.stdout
    key = load_pem_private_key(request.private_key_pem, None).public_key()
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert request.key_digest == hashlib.sha256(encoded).digest()


@pytest.mark.parametrize(
    ("name", "email", "words"),
    [
        ("x", "ops", "no e-mail address"),
        ("x", "ops@exämple.com", "no e-mail address"),
        ("x", "a b@example.com", "no e-mail address"),
        ("", "ops@example.com", "1 to 64 letters"),
        ("x" * 65, "ops@example.com", "1 to 64 letters"),
    ],
)
def test_what_no_request_can_hold_is_refused(name: str, email: str, words: str) -> None:
    with pytest.raises(SetupError, match=words):
        new_request(name, email)


def test_the_intermediate_is_chosen_by_who_issued_the_certificate(authority: Authority) -> None:
    newer = authority.next_generation("G9", now=utc_now())
    issued = newer.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now())
    files = CertificateFiles(
        issued.certificate_pem, issued.key_pem, (authority.wwdr_pem, der(newer.wwdr_pem))
    )
    known = KnownParts((authority.wwdr_pem, newer.wwdr_pem), lambda digest: None)

    given = imported(files)
    kept = imported(replace(files, wwdr=()), known)

    assert given.wwdr_pem == kept.wwdr_pem == newer.wwdr_pem
    assert facts(given.certificate_pem, given.wwdr_pem, is_nfc=False).wwdr == "G9"


def test_an_intermediate_of_the_same_name_and_key_but_another_id_is_not_the_one(
    authority: Authority, issued: Issued
) -> None:
    other = twin_of(authority, x509.SubjectKeyIdentifier(b"another id"))

    with pytest.raises(SetupError, match="not by the intermediate given"):
        identity(a_credential(authority, issued, wwdr_pem=other))
    with pytest.raises(SetupError, match="not among those at hand"):
        imported(CertificateFiles(issued.certificate_pem, issued.key_pem, (other,)))


def twin_of(authority: Authority, key_id: x509.SubjectKeyIdentifier) -> bytes:
    """Return an intermediate with the authority's name and key, but this key identifier."""
    wwdr = x509.load_pem_x509_certificate(authority.wwdr_pem)
    builder = x509.CertificateBuilder(
        wwdr.issuer,
        wwdr.subject,
        wwdr.public_key(),
        wwdr.serial_number,
        wwdr.not_valid_before_utc,
        wwdr.not_valid_after_utc,
    )
    constraints = wwdr.extensions.get_extension_for_class(x509.BasicConstraints).value
    other = builder.add_extension(constraints, True).add_extension(key_id, critical=False)
    key = load_pem_private_key(authority._root.key_pem, None)
    return other.sign(key, SHA256()).public_bytes(Encoding.PEM)  # type: ignore[arg-type]  # RSA


def test_whatever_does_not_fit_is_refused_with_the_exact_reason(
    authority: Authority, issued: Issued, p12: Callable[..., bytes]
) -> None:
    now = utc_now()
    stranger = Authority.create(now)
    other = authority.pass_certificate(TYPE_ID, TEAM_ID, now=now)
    expired = authority.pass_certificate(TYPE_ID, TEAM_ID, now=now - timedelta(9), days=8)
    early = authority.pass_certificate(TYPE_ID, TEAM_ID, now=now + timedelta(9))
    server = authority.server_certificate(["127.0.0.1"], now=now)
    ending = authority.next_generation("G1", now=now - timedelta(9), life=timedelta(8))
    behind = ending.pass_certificate(TYPE_ID, TEAM_ID, now=now)
    csr = new_request("Pass signing", "ops@example.com").csr_pem
    odd_key = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    good = three_files(issued, authority)
    table: list[tuple[CertificateFiles, str]] = [
        # the certificate file
        (replace(good, certificate=b"nonsense"), "neither Apple's .cer"),
        (replace(good, certificate=b""), "neither Apple's .cer"),
        (replace(good, certificate=b"-----BEGIN NONSENSE"), "not readable PEM"),
        (
            replace(good, certificate=issued.certificate_pem.replace(b"MII", b"AAA")),
            "not readable PEM",
        ),
        (replace(good, certificate=csr), "is a signing request: upload it"),
        (replace(good, certificate=issued.key_pem), "holds a key but no certificate"),
        (replace(good, certificate=authority.wwdr_pem), "with --wwdr"),
        (replace(good, certificate=server.certificate_pem), "is not a Pass Type ID certificate"),
        (
            replace(good, certificate=issued.certificate_pem + other.certificate_pem),
            "holds 2: .*Export the one alone",
        ),
        # the .p12 file
        (CertificateFiles(p12("-legacy"), password="wrong"), r"its password does not open it"),
        (CertificateFiles(p12("-legacy")), "its password is needed: .*--password-file"),
        (CertificateFiles(p12()[:900], password="secret"), "does not open it, or it is damaged"),
        (
            CertificateFiles(p12("-legacy", with_key=False), password="secret"),
            "without its private key.*mark it together with its key",
        ),
        (
            CertificateFiles(p12("-legacy", "-nocerts", with_wwdr=False), password="secret"),
            "holds a key but no certificate",
        ),
        # the key
        (replace(good, key=None), "No signing request of this brand .* --key"),
        (replace(good, key=other.key_pem), "does not belong to the Pass Type ID certificate"),
        (replace(good, key=b"-----BEGIN NONSENSE"), "key file is not readable"),
        (replace(good, key=b"nonsense"), "private key is not readable"),
        (replace(good, key=other.certificate_pem), "key file holds no private key"),
        (replace(good, key=odd_key), "neither RSA nor EC"),
        (replace(good, key=locked(issued.key_pem)), "locked with a password: .*--password-file"),
        (
            replace(good, key=locked(issued.key_pem), password="wrong"),
            "password does not open the private key",
        ),
        # the intermediate
        (replace(good, wwdr=()), 'issued by "Tessera Test .* G4".*at hand: none.*Relations - G4'),
        (replace(good, wwdr=(stranger.wwdr_pem,)), "not among those at hand: .*--wwdr"),
        (replace(good, wwdr=(authority.root_pem,)), 'at hand: "Tessera Test Root CA'),
        (replace(good, wwdr=(b"nonsense",)), "WWDR file is no certificate"),
        (three_files(behind, ending), 'G1" ended on .*Request a new certificate'),
        # the dates
        (three_files(expired, authority), "cannot take over.* expired on"),
        (three_files(early, authority), "cannot take over.* is not valid before"),
    ]

    assert imported(good)
    for files, sentence in table:
        with pytest.raises(SetupError, match=sentence):
            imported(files)


def test_a_certificate_is_judged_by_the_day_on_which_it_takes_over(
    authority: Authority,
) -> None:
    now = utc_now()
    early = authority.pass_certificate(TYPE_ID, TEAM_ID, now=now + timedelta(9), days=30)
    files = three_files(early, authority)

    assert imported(files, at=now + timedelta(10))
    with pytest.raises(SetupError, match="expired on"):
        imported(files, at=now + timedelta(40))


def test_ids_of_a_kept_credential_that_are_not_those_of_its_certificate_are_refused(
    authority: Authority, issued: Issued
) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"type_id": "pass.com.example.other"}, f"certificate is for {TYPE_ID}"),
        ({"team_id": "ZZZZZZZZZZ"}, f"certificate is for {TEAM_ID}"),
        ({"certificate_pem": b"gone"}, "Pass Type ID certificate is not readable"),
        ({"wwdr_pem": b""}, "WWDR intermediate certificate is not readable"),
    ]

    for changes, sentence in wrong:
        with pytest.raises(SetupError, match=sentence):
            identity(a_credential(authority, issued, **changes))


@pytest.mark.parametrize("is_elliptic", [False, True])
def test_rsa_is_the_rule_and_ec_is_taken(authority: Authority, is_elliptic: bool) -> None:
    issued = authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now(), is_elliptic=is_elliptic)

    credential = imported(three_files(issued, authority))

    known = facts(credential.certificate_pem, credential.wwdr_pem, is_nfc=False)
    assert known.key_kind == ("EC secp256r1" if is_elliptic else "RSA 2048")


@pytest.mark.parametrize(
    ("is_marked", "is_said", "expected"),
    [(True, False, True), (False, True, True), (False, False, False)],
)
def test_nfc_is_read_from_apples_mark_or_said_by_the_operator(
    authority: Authority, is_marked: bool, is_said: bool, expected: bool
) -> None:
    issued = authority.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now(), is_nfc=is_marked)

    credential = imported(three_files(issued, authority), is_nfc=is_said)

    assert credential.is_nfc is expected
    assert identity(credential)


def test_nothing_is_signed_outside_the_time_of_both_certificates(
    authority: Authority, issued: Issued
) -> None:
    ending = authority.next_generation("G8", now=utc_now(), life=timedelta(30))
    shorter = ending.pass_certificate(TYPE_ID, TEAM_ID, now=utc_now())
    known, cut = identity(a_credential(authority, issued)), identity(a_credential(ending, shorter))

    assert known.why_unfit(utc_now()) is None
    assert known.why_unfit(known.begins_at) is None
    assert "check this machine's clock" in (
        known.why_unfit(known.begins_at - timedelta(seconds=1)) or ""
    )
    assert f"certificate of {TYPE_ID} expired on" in (known.why_unfit(known.ends_at) or "")
    assert cut.ends_at == x509.load_pem_x509_certificate(ending.wwdr_pem).not_valid_after_utc
    assert "intermediate" in (cut.why_unfit(cut.ends_at) or "")


def test_the_chain_for_tls_is_the_certificate_then_its_intermediate(
    credential: AppleCredential,
) -> None:
    chain = x509.load_pem_x509_certificates(identity(credential).chain_pem)

    assert chain[0].issuer == chain[1].subject
