"""Opening a pass: a good one is taken, each kind of damage is refused with its own code."""

import contextlib
import io
import random
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from service.emulators.certificates import PASS_SIGNING_USAGE, Authority, Issued
from service.emulators.pass_reader import OpenedPass, PassRefused, open_pass
from service.emulators.pass_rendering import render_fields, render_pass

from .passes import (
    PASS_TYPE_ID,
    TEAM_ID,
    TOKEN,
    a_content,
    a_pass,
    manifest_of,
    sign,
    signed_files,
    zipped,
)

Files = dict[str, bytes]
UPDATES = {"webServiceURL": "https://shop.example/apple", "authenticationToken": TOKEN}


@pytest.fixture
def files(authority: Authority, issued: Issued) -> Files:
    return signed_files(authority, issued)


def code_of_refusal(pkpass: bytes, authority: Authority) -> str:
    with pytest.raises(PassRefused) as refused:
        open_pass(pkpass, authority.root_pem)
    assert len(str(refused.value)) > 10
    return refused.value.code


def opened_with(authority: Authority, issued: Issued, **changes: object) -> OpenedPass:
    return open_pass(a_pass(authority, issued, a_content(**changes)), authority.root_pem)


def a_store_card(*fields: dict[str, object]) -> dict[str, object]:
    return {"storeCard": {"primaryFields": list(fields)}}


def test_a_well_made_pass_is_taken(authority: Authority, issued: Issued) -> None:
    opened = opened_with(authority, issued, **UPDATES)

    assert (opened.serial, opened.pass_type_id, opened.style) == ("S-1", PASS_TYPE_ID, "storeCard")
    assert opened.web_service_url == "https://shop.example/apple"
    assert abs(opened.signed_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_pass_never_shows_its_token_in_a_repr(authority: Authority, issued: Issued) -> None:
    assert TOKEN not in repr(opened_with(authority, issued, **UPDATES))


def replaced(name: str, body: bytes) -> Callable[[Files], Files]:
    return lambda files: {**files, name: body}


def without(name: str) -> Callable[[Files], Files]:
    return lambda files: {key: body for key, body in files.items() if key != name}


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (replaced("pass.json", b"{}"), "hash_mismatch"),
        (replaced("extra.png", b"x"), "file_not_listed"),
        (replaced(".DS_Store", b"x"), "file_not_listed"),
        (without("icon.png"), "file_missing"),
        (without("manifest.json"), "manifest_missing"),
        (replaced("manifest.json", b"no"), "manifest_malformed"),
        (replaced("manifest.json", b"[]"), "manifest_malformed"),
        (without("signature"), "signature_missing"),
        (replaced("signature", b""), "signature_malformed"),
        (replaced("signature", b"\x30\x03\x02\x01\x01"), "signature_malformed"),
        (replaced("../evil", b"x"), "unsafe_path"),
        (lambda files: {f"card/{name}": body for name, body in files.items()}, "nested_folder"),
    ],
)
def test_a_damaged_bundle_is_refused(
    authority: Authority, files: Files, damage: Callable[[Files], Files], code: str
) -> None:
    assert code_of_refusal(zipped(damage(files)), authority) == code


@pytest.mark.parametrize("pkpass", [b"", b"<html>", b"PK\x03\x04 and no more"])
def test_what_is_no_zip_is_refused(authority: Authority, pkpass: bytes) -> None:
    assert code_of_refusal(pkpass, authority) == "not_a_zip"


def test_a_file_without_a_name_is_refused(authority: Authority, files: Files) -> None:
    nameless = zipped({**files, "xx": b""}).replace(b"xx", b"\0x")

    assert code_of_refusal(nameless, authority) == "file_not_listed"


def test_two_files_of_one_name_are_refused(authority: Authority, files: Files) -> None:
    buffer = io.BytesIO(zipped(files))
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("pass.json", b"{}")

    assert code_of_refusal(buffer.getvalue(), authority) == "duplicate_file"


def test_a_pass_that_unpacks_to_too_much_is_refused(authority: Authority, files: Files) -> None:
    bomb = zipped({**files, "logo.png": bytes(21_000_000)})

    assert code_of_refusal(bomb, authority) == "too_large"


def test_a_truncated_file_is_refused(authority: Authority, files: Files) -> None:
    assert code_of_refusal(zipped(files)[:-30], authority) == "not_a_zip"


def test_a_flipped_byte_anywhere_in_the_signature_is_refused(
    authority: Authority, files: Files
) -> None:
    signature = files["signature"]

    for position in range(0, len(signature), 37):
        flipped = bytearray(signature)
        flipped[position] ^= 0x5A
        try:
            open_pass(zipped({**files, "signature": bytes(flipped)}), authority.root_pem)
        except PassRefused:
            continue
        # Only unsigned wrapping, such as the algorithm's parameters, may survive a flip.
        assert position < len(signature) - 256, f"a flip at {position} went unnoticed"


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_whatever_is_wrong_with_a_file_the_answer_is_a_refusal(
    authority: Authority, files: Files
) -> None:
    chance = random.Random(7)

    for _ in range(600):
        signature = with_flips(files["signature"], chance)
        for pkpass in (
            with_flips(zipped(files), chance),
            zipped({**files, "signature": signature}),
        ):
            with contextlib.suppress(PassRefused):
                open_pass(pkpass, authority.root_pem)


def with_flips(content: bytes, chance: random.Random) -> bytes:
    flipped = bytearray(content)
    for _ in range(chance.choice([1, 1, 3])):
        flipped[chance.randrange(len(flipped))] = chance.randrange(256)
    return bytes(flipped)


def test_a_wrong_signature_value_is_refused(authority: Authority, files: Files) -> None:
    signature = files["signature"][:-1] + bytes([files["signature"][-1] ^ 1])

    assert (
        code_of_refusal(zipped({**files, "signature": signature}), authority) == "signature_invalid"
    )


def test_a_pass_without_icon_or_content_is_refused(authority: Authority, issued: Issued) -> None:
    for name, code in (("icon.png", "icon_missing"), ("pass.json", "pass_json_missing")):
        files = {key: b"{}" for key in ("icon.png", "pass.json") if key != name}
        manifest = manifest_of(files)
        signature = sign(manifest, authority, issued)

        pkpass = zipped({**files, "manifest.json": manifest, "signature": signature})

        assert code_of_refusal(pkpass, authority) == code


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xef\xbb\xbf{}", b'{"a": NaN}', b"\xff"])
def test_a_pass_json_that_is_no_json_object_is_refused(
    authority: Authority, issued: Issued, body: bytes
) -> None:
    files = {"pass.json": body, "icon.png": b"icon"}
    manifest = manifest_of(files)
    signature = sign(manifest, authority, issued)

    pkpass = zipped({**files, "manifest.json": manifest, "signature": signature})

    assert code_of_refusal(pkpass, authority) == "pass_json_malformed"


def test_a_signature_over_another_manifest_is_refused(
    authority: Authority, issued: Issued, files: Files
) -> None:
    signature = sign(files["manifest.json"] + b"\n", authority, issued)

    assert (
        code_of_refusal(zipped({**files, "signature": signature}), authority) == "digest_mismatch"
    )


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([PKCS7Options.Binary], "signature_not_detached"),
        ([PKCS7Options.DetachedSignature, PKCS7Options.NoAttributes], "signed_attribute_missing"),
    ],
)
def test_a_signature_made_with_the_wrong_options_is_refused(
    authority: Authority, issued: Issued, files: Files, options: list[PKCS7Options], code: str
) -> None:
    signature = sign(files["manifest.json"], authority, issued, options=options)

    assert code_of_refusal(zipped({**files, "signature": signature}), authority) == code


def test_a_signature_without_the_intermediate_is_refused(
    authority: Authority, issued: Issued, files: Files
) -> None:
    signature = sign(files["manifest.json"], authority, issued, with_wwdr=False)

    assert code_of_refusal(zipped({**files, "signature": signature}), authority) == "wwdr_missing"


def test_a_chain_to_an_unknown_root_is_refused(authority: Authority) -> None:
    now = datetime.now(UTC)
    stranger = Authority.create(now)

    pkpass = a_pass(stranger, stranger.pass_certificate(PASS_TYPE_ID, TEAM_ID, now=now))

    assert code_of_refusal(pkpass, authority) == "chain_untrusted"
    assert open_pass(pkpass, authority.root_pem + stranger.root_pem).serial == "S-1"


def test_a_certificate_expired_when_it_signed_is_refused(authority: Authority) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    expired = authority.pass_certificate(PASS_TYPE_ID, TEAM_ID, now=long_ago, days=10)

    assert code_of_refusal(a_pass(authority, expired), authority) == "certificate_not_valid"


@pytest.mark.parametrize(
    ("pass_type_id", "team_id", "code"),
    [
        ("pass.other", TEAM_ID, "pass_type_mismatch"),
        (PASS_TYPE_ID, "OTHERTEAM1", "team_mismatch"),
    ],
)
def test_identifiers_other_than_the_certificates_are_refused(
    authority: Authority, pass_type_id: str, team_id: str, code: str
) -> None:
    other = authority.pass_certificate(pass_type_id, team_id, now=datetime.now(UTC))

    assert code_of_refusal(a_pass(authority, other), authority) == code


def resigned_with_openssl(
    folder: Path, authority: Authority, issued: Issued, files: Files, *options: str
) -> bytes:
    (folder / "leaf.pem").write_bytes(issued.certificate_pem + issued.key_pem)
    (folder / "wwdr.pem").write_bytes(authority.wwdr_pem)
    (folder / "manifest.json").write_bytes(files["manifest.json"])
    command = ["openssl", "cms", "-sign", "-binary", "-outform", "DER", *options]
    names = ["-signer", "leaf.pem", "-certfile", "wwdr.pem", "-in", "manifest.json"]
    subprocess.run([*command, *names, "-out", "sig"], cwd=folder, check=True)
    return zipped({**files, "signature": (folder / "sig").read_bytes()})


@pytest.mark.parametrize("options", [["-md", "sha256"], ["-md", "sha1"], ["-keyid"]])
def test_a_signature_by_openssl_is_taken(
    tmp_path: Path, authority: Authority, issued: Issued, files: Files, options: list[str]
) -> None:
    pkpass = resigned_with_openssl(tmp_path, authority, issued, files, *options)

    assert open_pass(pkpass, authority.root_pem).serial == "S-1"


def test_a_digest_that_wallet_does_not_know_is_refused(
    tmp_path: Path, authority: Authority, issued: Issued, files: Files
) -> None:
    pkpass = resigned_with_openssl(tmp_path, authority, issued, files, "-md", "sha512")

    assert code_of_refusal(pkpass, authority) == "digest_unsupported"


def leaf_of_ec_key(
    authority: Authority, folder: Path, usage: x509.ExtendedKeyUsage | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    authority.save(folder)
    wwdr = x509.load_pem_x509_certificate(authority.wwdr_pem)
    loaded = Authority.load(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    template = x509.load_pem_x509_certificate(
        loaded.pass_certificate(PASS_TYPE_ID, TEAM_ID, now=datetime.now(UTC)).certificate_pem
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(template.subject)
        .issuer_name(wwdr.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(template.not_valid_before_utc)
        .not_valid_after(template.not_valid_after_utc)
    )
    if usage is not None:
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(loaded._wwdr.key, SHA256()), key


@pytest.mark.parametrize(
    ("usage", "code"),
    [
        (x509.ExtendedKeyUsage([PASS_SIGNING_USAGE]), None),
        (
            x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.2")]),
            "certificate_purpose",
        ),
        (None, "certificate_purpose"),
    ],
)
def test_an_elliptic_curve_key_is_taken_but_only_with_the_purpose_of_signing_passes(
    tmp_path: Path,
    authority: Authority,
    files: Files,
    usage: x509.ExtendedKeyUsage | None,
    code: str | None,
) -> None:
    leaf, key = leaf_of_ec_key(authority, tmp_path, usage)
    options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities]
    signature = (
        PKCS7SignatureBuilder()
        .set_data(files["manifest.json"])
        .add_signer(leaf, key, SHA256())
        .add_certificate(x509.load_pem_x509_certificate(authority.wwdr_pem))
        .sign(Encoding.DER, options)
    )

    pkpass = zipped({**files, "signature": signature})

    if code is None:
        assert open_pass(pkpass, authority.root_pem).serial == "S-1"
    else:
        assert code_of_refusal(pkpass, authority) == code


A_BARCODE = {"format": "PKBarcodeFormatQR", "message": "1", "messageEncoding": "iso-8859-1"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"formatVersion": 2}, "format_version"),
        ({"formatVersion": True}, "format_version"),
        ({"description": None}, "key_missing"),
        ({"serialNumber": None}, "key_missing"),
        ({"serialNumber": 7}, "wrong_type"),
        ({"organizationName": ""}, "wrong_type"),
        ({"storeCard": None}, "style"),
        ({"coupon": {}}, "style"),
        ({"storeCard": []}, "wrong_type"),
        ({"storeCard": {"backFields": {}}}, "wrong_type"),
        ({"voided": "true"}, "wrong_type"),
        ({"maxDistance": "100"}, "wrong_type"),
        ({"locations": [{"latitude": "1", "longitude": 2}]}, "wrong_type"),
        ({"locations": [{"latitude": 1, "longitude": 2}] * 11}, "too_many_locations"),
        ({"expirationDate": "tomorrow"}, "date_invalid"),
        ({"expirationDate": "2026-01-01T10:00"}, "date_invalid"),
        ({"expirationDate": "2026-13-01T10:00Z"}, "date_invalid"),
        ({"barcodes": [{**A_BARCODE, "format": "QR"}]}, "barcode_invalid"),
        ({"barcodes": [{**A_BARCODE, "message": ""}]}, "barcode_invalid"),
        ({"barcodes": [{**A_BARCODE, "messageEncoding": "klingon"}]}, "barcode_invalid"),
        ({"barcodes": [{**A_BARCODE, "message": "счёт"}]}, "barcode_invalid"),
        ({"barcode": {"message": "1"}}, "barcode_invalid"),
        ({**UPDATES, "authenticationToken": "short"}, "token_too_short"),
        ({**UPDATES, "authenticationToken": None}, "token_too_short"),
        ({**UPDATES, "webServiceURL": "http://shop.example/apple"}, "web_service_url"),
        ({**UPDATES, "webServiceURL": "shop.example"}, "web_service_url"),
        (a_store_card({"value": 1}), "field_invalid"),
        (a_store_card({"key": "a"}), "field_invalid"),
        (a_store_card({"key": "a", "value": True}), "field_invalid"),
        (a_store_card({"key": "a", "value": 1, "label": 2}), "field_invalid"),
        (a_store_card({"key": "a", "value": "1", "currencyCode": "EUR"}), "field_invalid"),
        (
            a_store_card({"key": "a", "value": "x", "dateStyle": "PKDateStyleShort"}),
            "field_invalid",
        ),
        (a_store_card({"key": "a", "value": 1}, {"key": "a", "value": 2}), "duplicate_field_key"),
    ],
)
def test_a_pass_json_against_the_rules_is_refused(
    authority: Authority, issued: Issued, changes: dict[str, object], code: str
) -> None:
    pkpass = a_pass(authority, issued, a_content(**changes))

    assert code_of_refusal(pkpass, authority) == code


@pytest.mark.parametrize(
    "changes",
    [
        {**UPDATES, "webServiceURL": "http://127.0.0.1:8080/apple"},
        {**UPDATES, "webServiceURL": "http://localhost/apple"},
        {"posterGeneric": {"primaryFields": [{"key": "points", "value": 1}]}},
        {"something": "new"},
        {"expirationDate": "2030-01-01T10:00:30+02:00"},
    ],
)
def test_what_wallet_tolerates_is_taken(
    authority: Authority, issued: Issued, changes: dict[str, object]
) -> None:
    assert opened_with(authority, issued, **changes).serial == "S-1"


def test_texts_are_shown_in_the_phones_language(authority: Authority, issued: Issued) -> None:
    extra = {
        "en.lproj/pass.strings": b'/* labels */ "POINTS" = "Points \\"now\\"";\n// end',
        "ru.lproj/pass.strings": '"POINTS" = "Баллы";\n"Be kind" = "Будьте\\nдобры";'.encode(
            "utf-16"
        ),
    }
    opened = open_pass(a_pass(authority, issued, extra=extra), authority.root_pem)

    shown = {language: render_fields(opened, language) for language in ("en", "ru-RU", "de")}

    assert shown["en"]["points"].label == 'Points "now"'
    assert shown["ru-RU"]["points"].label == "Баллы"
    assert shown["ru-RU"]["terms"].value == "Будьте\nдобры"
    assert shown["de"]["points"].label == 'Points "now"'


@pytest.mark.parametrize("body", [b'"a" = "b"', b"hello", "ü".encode("latin-1"), b'"a" "b";'])
def test_malformed_strings_are_refused(authority: Authority, issued: Issued, body: bytes) -> None:
    pkpass = a_pass(authority, issued, extra={"en.lproj/pass.strings": body})

    assert code_of_refusal(pkpass, authority) == "strings_malformed"


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ({"value": 1234}, "1234"),
        ({"value": 1234.5, "numberStyle": "PKNumberStyleDecimal"}, "1,234.5"),
        ({"value": 1200, "numberStyle": "PKNumberStyleDecimal"}, "1,200"),
        ({"value": 0.15, "numberStyle": "PKNumberStylePercent"}, "15%"),
        ({"value": 1234.5, "currencyCode": "EUR"}, "€1,234.50"),
        ({"value": -3, "currencyCode": "RUB"}, "-RUB 3.00"),
        ({"value": 1234, "currencyCode": "JPY"}, "¥1,234"),
        ({"value": "2026-03-01T23:30-02:00", "dateStyle": "PKDateStyleShort"}, "2026-03-02"),
        (
            {
                "value": "2026-03-01T23:30-02:00",
                "dateStyle": "PKDateStyleShort",
                "timeStyle": "PKDateStyleShort",
                "ignoresTimeZone": True,
            },
            "2026-03-01 23:30",
        ),
    ],
)
def test_values_are_formatted_by_their_style(
    authority: Authority, issued: Issued, field: dict[str, object], shown: str
) -> None:
    opened = opened_with(authority, issued, **a_store_card({"key": "a", **field}))

    assert render_fields(opened, "en")["a"].value == shown


def test_a_rendered_pass_shows_its_barcode_and_state_but_no_secret(
    authority: Authority, issued: Issued
) -> None:
    shown = render_pass(opened_with(authority, issued, voided=True, **UPDATES), "en")

    assert shown["barcode"] == {
        "format": "PKBarcodeFormatQR",
        "message": "4006381",
        "altText": None,
    }
    assert (shown["voided"], shown["organization"]) == (True, "Corner Shop")
    assert TOKEN not in str(shown)
