"""A packed pass opens with ordinary tools, and every hash in it is right."""

import hashlib
import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from service.domain.errors import InvalidInput
from service.wallets.apple.bundle import PreparedDesign, strings_file

from .builders import a_design, strings_of, unpacked


def unsigned(manifest: bytes) -> bytes:
    return b"signature of " + hashlib.sha256(manifest).digest()


def built(prepared: PreparedDesign, pass_json: bytes = b"{}") -> bytes:
    return prepared.packed(prepared.signed(pass_json, unsigned))


@pytest.mark.parametrize("name", ["points", "cashback"])
def test_every_file_is_in_the_manifest_with_its_hash(name: str) -> None:
    files = unpacked(built(PreparedDesign(a_design(name)), b'{"a": 1}'))

    manifest = json.loads(files.pop("manifest.json"))
    files.pop("signature")
    assert manifest == {name: hashlib.sha1(content).hexdigest() for name, content in files.items()}


def test_the_signature_is_that_of_the_packed_manifest() -> None:
    files = unpacked(built(PreparedDesign(a_design())))

    assert files["signature"] == unsigned(files["manifest.json"])


def test_unzip_finds_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.pkpass"
    path.write_bytes(built(PreparedDesign(a_design()), os.urandom(3000)))

    tested = subprocess.run(["unzip", "-t", str(path)], check=False, capture_output=True, text=True)

    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "No errors detected" in tested.stdout


def test_images_and_pass_come_out_as_they_went_in() -> None:
    design = a_design()

    files = unpacked(built(PreparedDesign(design), b'{"b": 2}'))

    own = {name: png for name, png in design.images.items() if not name.startswith("google/")}
    assert {name: content for name, content in files.items() if name.endswith(".png")} == own
    assert files["pass.json"] == b'{"b": 2}'


def test_the_same_pass_is_packed_into_the_same_bytes_in_a_fixed_order(tmp_path: Path) -> None:
    design = a_design()

    first = built(PreparedDesign(design))
    second = built(PreparedDesign(design))

    path = tmp_path / "a.pkpass"
    path.write_bytes(first)
    with zipfile.ZipFile(path) as bundle:
        dates = {info.date_time for info in bundle.infolist()}
        names = bundle.namelist()
    assert first == second
    assert dates == {(1980, 1, 1, 0, 0, 0)}
    assert names[:-3] == sorted(names[:-3])
    assert names[-3:] == ["pass.json", "manifest.json", "signature"]


def test_what_is_signed_for_one_pass_is_small_and_packs_into_the_same_bytes_again() -> None:
    prepared = PreparedDesign(a_design())

    first, second = (prepared.signed(text, unsigned) for text in (b"{}", b'{"a": 1}'))

    assert sum(map(len, first)) < 2_000
    assert prepared.packed(first) == built(prepared)
    assert unpacked(prepared.packed(second))["pass.json"] == b'{"a": 1}'


def test_texts_are_compressed_and_the_whole_is_small() -> None:
    pkpass = built(PreparedDesign(a_design()))

    assert len(pkpass) < 160_000


def test_russian_strings_are_utf_16_with_a_byte_order_mark() -> None:
    design = a_design()

    files = unpacked(built(PreparedDesign(design)))

    russian = files["ru.lproj/pass.strings"]
    assert russian.startswith(b"\xff\xfe")
    assert strings_of(russian) == design.strings["ru"]
    assert strings_of(files["en.lproj/pass.strings"]) == design.strings["en"]


def test_quotes_backslashes_and_line_ends_survive_in_strings() -> None:
    strings = {"text.terms": 'Say "hello" \\ twice\r\nthen\tgo\nhome'}

    read = strings_of(strings_file(strings))

    assert read == {"text.terms": 'Say "hello" \\ twice\nthen\tgo\nhome'}


@pytest.mark.parametrize("name", ["../icon.png", "pass.json", "manifest.json", "a/b/icon.png"])
def test_an_image_with_a_name_no_pass_may_hold_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        PreparedDesign(a_design(images={"icon.png": b"", name: b""}))

    assert caught.value.faults == ((f"images.{name}", "unknown name"),)


def test_a_language_with_a_slash_is_refused() -> None:
    with pytest.raises(InvalidInput):
        PreparedDesign(a_design(strings={"en/..": {}}))
