"""Passes of other libraries: no false alarm on the good ones, every broken one is flagged."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms  # ships no types

from service.wallets.apple.lint.finding import Finding, Severity
from service.wallets.apple.lint.lint import lint_file

PEERS = Path(__file__).parent / "peers"
NOW = datetime(2026, 11, 25, tzinfo=UTC)  # the certificates of the fixtures are valid then
ROOT = (PEERS / "root.pem").read_bytes()

# What a phone really refuses in a card made by the book of its library.
REFUSED = {
    # The library signs attached; Apple documents a detached signature (docs/sources.md, a-3).
    "edutap.wallet-apple": {"signature-attached"},
    # Apple's reference allows one of both keys in a field (docs/sources.md, a-6); phones refuse
    # both together on the front. Its currency field always has both.
    "applepassgenerator-reloaded-as-it-is": {"number-and-currency"},
}
# Right as advice: both set an alignment on every field, and one knows no `barcodes`.
ADVICE = {
    "py-pkpass": {"field-alignment"},
    "wallet-py3k": {"field-alignment", "barcode-old-alone"},
}
BROKEN = {
    "action-unknown": {"action-type"},
    "alignment-unknown": {"field-style-unknown"},
    "app-launch-without-store": {"app-launch-alone"},
    "barcode-format-misspelt": {"barcode-format"},
    "barcode-not-latin": {"barcode-encoding"},
    "beacon-without-uuid": {"beacon-unreadable"},
    "call-without-tel": {"action-target"},
    "change-message-without-place": {"change-message-place"},
    "codabar-without-start": {"barcode-codabar"},
    "code39-small-letters": {"barcode-code39"},
    "color-of-four-digits": {"color-unreadable"},
    "currency-word": {"currency-code"},
    "date-style-alone": {"date-style-alone"},
    "date-style-on-text": {"date-value"},
    "ean13-check-digit": {"barcode-ean13"},
    "eleven-locations": {"locations-too-many"},
    "expired": {"already-expired"},
    "five-fields-in-a-row": {"fields-not-drawn"},
    "format-version-2": {"format-version"},
    "grouped-store-card": {"key-elsewhere"},
    "http-web-service": {"web-service-http"},
    "icon-capital": {"icon-missing", "image-name"},
    "image-in-one-language": {"image-one-language"},
    "image-no-image": {"image-unreadable"},
    "interval-of-days": {"relevant-interval"},
    "itf-odd": {"barcode-itf"},
    "language-lacks-a-key": {"strings-key-shown"},
    "latitude-91": {"location-range"},
    "markup": {"attributed-value-tag"},
    "new-barcodes-only": {"barcode-new-only"},
    "nfc-key": {"nfc-key", "certificate-no-nfc"},
    "no-description": {"required-key-missing"},
    "no-icon": {"icon-missing"},
    "no-organization": {"required-key-missing"},
    "number-and-currency": {"number-and-currency"},
    "number-style-on-text": {"number-value"},
    "other-pass-type": {"certificate-pass-type"},
    "poster-alone": {"poster-alone", "poster-background", "poster-logo"},
    "poster-without-images": {"poster-background", "poster-logo"},
    "relevant-date": {"relevant-date-ignored"},
    "serial-with-slash": {"serial-form"},
    "three-actions": {"actions-too-many"},
    "two-styles": {"style-twice"},
    "voided-with-barcode": {"barcode-voided"},
    "web-service-v1": {"web-service-version"},
}


def findings_in(folder: str, name: str) -> list[Finding]:
    return lint_file((PEERS / folder / f"{name}.pkpass").read_bytes(), NOW, ROOT)[""]


def names_in(folder: str) -> list[str]:
    return sorted(path.stem for path in (PEERS / folder).glob("*.pkpass"))


@pytest.mark.parametrize("name", names_in("good"))
def test_a_good_pass_of_another_library_raises_no_false_alarm(name: str) -> None:
    found = findings_in("good", name)

    alarms = {each.code for each in found if each.severity is not Severity.ADVICE}
    advice = {each.code for each in found if each.severity is Severity.ADVICE}
    assert alarms == REFUSED.get(name, set())
    assert advice == ADVICE.get(name, set())


@pytest.mark.parametrize("name", names_in("broken"))
def test_what_passkit_generator_lets_through_is_flagged(name: str) -> None:
    assert {each.code for each in findings_in("broken", name)} == BROKEN[name]


def test_sha_1_as_the_digest_of_a_signature_is_no_finding() -> None:
    with zipfile.ZipFile(PEERS / "good" / "passkit-generator.pkpass") as archive:
        info = cms.ContentInfo.load(archive.read("signature"))

    (signer,) = info["content"]["signer_infos"]
    assert signer["digest_algorithm"]["algorithm"].native == "sha1"
    assert findings_in("good", "passkit-generator") == []


def test_every_library_and_every_kind_is_there() -> None:
    assert len(names_in("good")) >= 8
    assert set(names_in("broken")) == set(BROKEN)
    assert REFUSED.keys() | ADVICE.keys() <= set(names_in("good"))


def test_no_private_key_is_kept_with_the_fixtures() -> None:
    kept = [path for path in PEERS.rglob("*") if path.is_file()]

    assert not any(b"PRIVATE KEY" in path.read_bytes() for path in kept)
    assert sum(path.stat().st_size for path in kept if path.suffix == ".pkpass") < 300_000
