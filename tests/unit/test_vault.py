"""Sealed fields open only where they were sealed, and only with their key."""

import base64
from pathlib import Path

import pytest
from hypothesis import given, strategies

from service.domain.errors import SetupError
from service.storage.opening.vault import Vault, create_master_key, load_vault

VAULT = Vault(b"k" * 32)
OTHER = Vault(b"o" * 32)


@given(text=strategies.text(strategies.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_opens_again(text: str) -> None:
    sealed = VAULT.seal(text, "members", "name", 1)

    assert VAULT.open(sealed, "members", "name", 1) == text


def test_the_same_text_never_seals_to_the_same_bytes() -> None:
    assert VAULT.seal("secret", "a", 1) != VAULT.seal("secret", "a", 1)


@pytest.mark.parametrize(
    "place", [("members", "email", 1), ("members", "name", 2), ("other", "name", 1), ("members",)]
)
def test_a_field_moved_to_another_place_does_not_open(place: tuple[object, ...]) -> None:
    sealed = VAULT.seal("secret", "members", "name", 1)

    with pytest.raises(SetupError):
        VAULT.open(sealed, *place)


def test_another_master_key_opens_nothing() -> None:
    sealed = VAULT.seal("secret", "place")

    with pytest.raises(SetupError):
        OTHER.open(sealed, "place")


@pytest.mark.parametrize("kept", [0, 1, 11, 12, 20, -1])
def test_a_field_that_was_cut_off_does_not_open(kept: int) -> None:
    sealed = VAULT.seal("secret", "place")

    with pytest.raises(SetupError):
        VAULT.open(sealed[:kept], "place")


def test_a_field_with_a_flipped_bit_does_not_open() -> None:
    sealed = bytearray(VAULT.seal("secret", "place"))
    sealed[-1] ^= 1

    with pytest.raises(SetupError):
        VAULT.open(bytes(sealed), "place")


def test_a_hash_depends_on_key_purpose_and_value_and_on_nothing_else() -> None:
    digests = {
        VAULT.digest("phone", "1"),
        VAULT.digest("phone", "2"),
        VAULT.digest("email", "1"),
        OTHER.digest("phone", "1"),
    }

    assert len(digests) == 4
    assert VAULT.digest("phone", "1") in digests


def test_a_member_is_read_only_with_the_key_of_that_member() -> None:
    first = VAULT.member_box(VAULT.new_member_key("members", 1), "members", 1)
    second = VAULT.member_box(VAULT.new_member_key("members", 1), "members", 1)
    sealed = first.seal("Anna", "members", "name", 1)

    assert first.open(sealed, "members", "name", 1) == "Anna"
    with pytest.raises(SetupError):
        second.open(sealed, "members", "name", 1)


def test_a_master_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "var" / "master.key"

    create_master_key(file)
    first = file.read_bytes()
    create_master_key(file)

    assert file.read_bytes() == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_vault(file).digest("p", "v") == load_vault(file).digest("p", "v")


def a_key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    file = folder / "master.key"
    file.write_bytes(content)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not base64!",
        base64.b64encode(b"k" * 31),
        base64.b64encode(b"k" * 33),
        "ключ".encode(),
        b"\xff\xfe\x00",
    ],
)
def test_a_file_that_is_no_key_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    file = a_key_file(tmp_path, content)

    with pytest.raises(SetupError, match=r"master\.key"):
        load_vault(file)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    file = a_key_file(tmp_path, base64.b64encode(b"k" * 32), mode)

    with pytest.raises(SetupError, match="chmod 600"):
        load_vault(file)


def test_a_missing_key_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="tessera migrate"):
        load_vault(tmp_path / "none.key")
