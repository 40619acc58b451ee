"""Signatures hold in the eyes of openssl, asn1crypto, `cryptography` and the emulated phone."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import time_machine
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from hypothesis import given
from hypothesis import strategies as st

from service.domain.credentials import AppleCredential
from service.emulators.apns import ApnsEmulator
from service.emulators.certificates import Authority
from service.emulators.control import utc_now
from service.emulators.pass_reader import open_pass
from service.emulators.pass_signature import verify_signature
from service.wallets.apple.certificates import Identity, identity
from service.wallets.apple.cms import OCTETS, Frame, der
from service.wallets.apple.signing import Signer
from service.wallets.apple.wallet import AppleWallet
from service.wallets.interface import PushOutcome

from .builders import NOON, a_content, a_delivery, a_design
from .certified import elliptic_credential, self_signed

MANIFEST = b'{\n"pass.json": "0123"\n}'
MANIFESTS = st.binary() | st.text().map(str.encode) | st.text("\r\n", max_size=9).map(str.encode)
LAST_SHORT_TIME = datetime(2049, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
FIRST_LONG_TIME = datetime(2050, 1, 1, tzinfo=UTC)
OPTIONS = (PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities)


@pytest.fixture(scope="session")
def ours(credential: AppleCredential) -> Identity:
    return identity(credential)


@pytest.fixture(scope="session")
def elliptic(authority: Authority) -> Identity:
    return identity(elliptic_credential(authority))


def signed_by(whose: Identity, manifest: bytes, at: datetime) -> bytes:
    return Frame(whose.certificate, whose.key, whose.wwdr).signature(manifest, at)


def signed_by_library(whose: Identity, manifest: bytes, at: datetime) -> bytes:
    """Return what `cryptography` makes, which takes the time from the system's clock."""
    builder = PKCS7SignatureBuilder().set_data(manifest)
    builder = builder.add_signer(whose.certificate, whose.key, SHA256())
    with time_machine.travel(at.astimezone(UTC), tick=False):
        return builder.add_certificate(whose.wwdr).sign(Encoding.DER, OPTIONS)


def openssl_verify(folder: Path, manifest: bytes, signature: bytes, root: Path) -> bool:
    (folder / "manifest.json").write_bytes(manifest)
    (folder / "signature").write_bytes(signature)
    command = "openssl cms -verify -binary -inform DER -in signature -content manifest.json"
    command += f" -CAfile {root} -purpose any -out verified"
    return (
        subprocess.run(command.split(), cwd=folder, check=False, capture_output=True).returncode
        == 0
    )


@given(manifest=MANIFESTS)
def test_a_signature_is_byte_by_byte_that_of_the_library(ours: Identity, manifest: bytes) -> None:
    assert signed_by(ours, manifest, NOON) == signed_by_library(ours, manifest, NOON)


@pytest.mark.parametrize("at", [LAST_SHORT_TIME, FIRST_LONG_TIME])
def test_years_have_two_digits_up_to_2049_and_four_from_then_on(
    ours: Identity, at: datetime
) -> None:
    assert signed_by(ours, MANIFEST, at) == signed_by_library(ours, MANIFEST, at)


@given(seconds=st.integers(0, 4_400_000_000), east=st.integers(-1439, 1439))
def test_any_time_in_any_zone_is_written_as_the_library_writes_it(
    ours: Identity, seconds: int, east: int
) -> None:
    at = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=east)))

    assert signed_by(ours, MANIFEST, at) == signed_by_library(ours, MANIFEST, at)


@given(
    serial=st.integers(1, 2**159 - 1) | st.sampled_from([1, 127, 128, 255, 256, 2**158]),
    names=st.lists(st.text("aZ9Щ漢 ,=", min_size=1, max_size=64), min_size=1, max_size=9),
)
def test_any_serial_number_and_name_is_written_as_the_library_writes_it(
    ours: Identity, serial: int, names: list[str]
) -> None:
    odd = replace(ours, certificate=self_signed(ours.key, serial, names))

    assert signed_by(odd, MANIFEST, NOON) == signed_by_library(odd, MANIFEST, NOON)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536, 1 << 24])
def test_lengths_are_written_as_asn1crypto_writes_them(size: int) -> None:
    content = bytes(size)

    assert der(OCTETS, content) == core.OctetString(content).dump()


@given(manifest=MANIFESTS)
def test_the_emulated_phone_takes_a_signature_of_either_kind_of_key(
    ours: Identity, elliptic: Identity, authority: Authority, manifest: bytes
) -> None:
    now = utc_now().replace(microsecond=0)

    for whose in (ours, elliptic):
        seen = verify_signature(signed_by(whose, manifest, now), manifest, authority.root_pem)
        assert (seen.signer, seen.signed_at) == (whose.certificate, now)


@given(manifest=MANIFESTS)
def test_an_elliptic_signature_is_that_of_the_library_but_for_its_random_value(
    elliptic: Identity, manifest: bytes
) -> None:
    mine, theirs = (
        cms.ContentInfo.load(sign(elliptic, manifest, NOON), strict=True)["content"].native
        for sign in (signed_by, signed_by_library)
    )

    for signed in (mine, theirs):
        signed["signer_infos"][0].pop("signature")
    assert mine == theirs


@pytest.mark.parametrize("manifest", [MANIFEST, b"", b"\n", b"a\r\nb\n", bytes(range(256))])
@pytest.mark.parametrize("key", ["ours", "elliptic"])
def test_openssl_accepts_a_signature_and_refuses_a_changed_manifest(
    key: str, manifest: bytes, request: pytest.FixtureRequest, root_path: Path, tmp_path: Path
) -> None:
    signature = signed_by(request.getfixturevalue(key), manifest, utc_now())

    assert openssl_verify(tmp_path, manifest, signature, root_path)
    assert not openssl_verify(tmp_path, manifest + b" ", signature, root_path)


def test_a_signature_is_detached_sha256_dated_and_carries_both_certificates(
    ours: Identity,
) -> None:
    signed = cms.ContentInfo.load(signed_by(ours, MANIFEST, NOON), strict=True)["content"]

    (signer,) = signed["signer_infos"]
    attributes = {entry["type"].native: entry["values"].native for entry in signer["signed_attrs"]}
    carried = {x509.load_der_x509_certificate(each.dump()) for each in signed["certificates"]}
    assert signed["encap_content_info"]["content"].native is None
    assert signer["digest_algorithm"]["algorithm"].native == "sha256"
    assert set(attributes) == {"content_type", "message_digest", "signing_time"}
    assert attributes["signing_time"] == [NOON]
    assert carried == {ours.certificate, ours.wwdr}


def test_the_clock_is_read_once_for_a_signature(ours: Identity) -> None:
    times = iter([NOON, NOON + timedelta(seconds=1)])
    signer = Signer(ours, lambda: next(times))

    first, second = signer.sign(MANIFEST), signer.sign(MANIFEST)

    assert first == signed_by(ours, MANIFEST, NOON)
    assert second == signed_by(ours, MANIFEST, NOON + timedelta(seconds=1))


def test_a_phone_opens_a_pass_that_an_elliptic_key_signed(authority: Authority) -> None:
    wallet = AppleWallet(elliptic_credential(authority), "https://127.0.0.1:1", None, utc_now)

    opened = open_pass(wallet.offer(a_content(), a_design()).file, authority.root_pem)

    assert opened.content["serialNumber"] == "s-0001"
    wallet.close()


def test_an_elliptic_key_opens_the_connection_to_apns_too(
    authority: Authority, apns: ApnsEmulator, root_path: Path
) -> None:
    wallet = AppleWallet(elliptic_credential(authority), apns.push_url, str(root_path), utc_now)

    (result,) = wallet.push([a_delivery()])

    assert result.outcome is PushOutcome.ACCEPTED
    wallet.close()
