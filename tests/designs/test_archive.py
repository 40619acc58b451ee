"""A zip from a stranger is refused before it is unpacked (case IN3 of the reliability plan)."""

import io
import stat
import struct
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from service.designs import archive, folder
from service.designs.names import LARGEST_FILE, LARGEST_SUM, MOST_FILES
from service.domain.errors import DesignRefused, InvalidInput

from .builders import files, zipped

GIGABYTE = 1024**3


def refused(content: bytes) -> list[tuple[str, str]]:
    """Return each fault's place and code."""
    with pytest.raises(DesignRefused) as caught:
        archive.unpacked(content)
    assert caught.value.code == "design_refused"
    return [(place, text.partition(":")[0]) for place, text in caught.value.faults]


def written(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        warnings.simplefilter("ignore")  # that a name is there twice is what a test is about
        for name, content in entries:
            packed.writestr(name, content)
    return stream.getvalue()


def entry(name: str, **attributes: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info


def patched(content: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """Return the zip with bytes changed in every record of a kind."""
    changed, at = bytearray(content), content.find(signature)
    while at >= 0:
        changed[at + offset : at + offset + len(value)] = value
        at = content.find(signature, at + 1)
    return bytes(changed)


def test_a_zip_comes_out_as_it_was_packed() -> None:
    assert archive.unpacked(zipped()) == files()
    assert archive.unpacked(zipped(method=zipfile.ZIP_STORED)) == files()


def test_folders_and_the_form_that_streams_have_are_taken() -> None:
    class Unseekable(io.RawIOBase):
        def __init__(self) -> None:
            self.content = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.content += bytes(data)
            return len(data)

    stream = Unseekable()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("images/", b"")
        packed.writestr("images/ru/", b"")
        packed.writestr("strings/", b"")
        for name, content in files().items():
            packed.writestr(name, content)

    assert archive.unpacked(stream.content) == files()


def bomb(size: int, declared: int | None = None) -> bytes:
    """Return a zip of about a thousandth of `size` that unpacks to it, whatever it declares."""
    packer, block = zlib.compressobj(9, zlib.DEFLATED, -15), bytes(1024 * 1024)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = packed * (size // len(block)) + packer.flush()
    name = b"images/icon.png"
    said = size if declared is None else declared
    common = struct.pack("<5H3I2H", 20, 0, 8, 0, 0x21, 0, len(packed), said, len(name), 0)
    local = b"PK\3\4" + common + name + packed
    line = b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<3H2I", 0, 0, 0, 0, 0) + name
    return local + line + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(line), len(local), 0)


@pytest.mark.parametrize("declared", [None, 4 * 1024 * 1024, 1000])
def test_a_bomb_is_refused_in_little_memory_whatever_size_it_declares(
    declared: int | None,
) -> None:
    content = bomb(GIGABYTE, declared)
    tracemalloc.start()

    found = refused(content)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(content) < GIGABYTE / 900
    assert found
    assert peak < 64 * 1024 * 1024


def test_a_declared_size_is_held_before_anything_is_unpacked() -> None:
    large = patched(zipped({"images/icon.png": b"x" * 100}), b"PK\1\2", 24, b"\xff\xff\xff\x0f")

    assert ("images/icon.png", "too_large") in refused(large)


def test_one_file_and_all_together_have_their_limits() -> None:
    noise = bytes(range(256)) * 40
    over = noise * (LARGEST_FILE // len(noise) + 1)

    assert ("images/icon.png", "too_large") in refused(zipped({"images/icon.png": over}))
    texts = {f"strings/{a}{b}.toml": over[:60_000] for a in "abcd" for b in "efghi"}
    assert refused(zipped(texts)) == [("strings", "too_large")]
    part = {f"images/{n}.png": bytes(LARGEST_FILE) for n in range(LARGEST_SUM // LARGEST_FILE + 1)}
    assert ("design", "too_large") in refused(zipped(part))
    assert ("strings/en.toml", "too_large") in refused(zipped({"strings/en.toml": over}))


def test_more_than_the_packed_limit_is_refused_unread() -> None:
    assert refused(bytes(archive.LARGEST_ZIP + 1)) == [("zip", "too_large")]


def test_a_file_that_unpacks_to_a_hundred_times_its_size_is_refused() -> None:
    assert ("images/icon.png", "bad_zip") in refused(zipped({"images/icon.png": bytes(2_000_000)}))


def test_a_hundred_thousand_entries_are_refused_unread() -> None:
    line = b"PK\1\2" + struct.pack("<6H3I5H2I", *[0] * 9, 1, *[0] * 6) + b"x"
    for count in (65_535, 100_000 % 65_536, 1):
        lines = line * 100_000
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(lines), 0, 0)
        many = lines + end
        tracemalloc.start()
        found = refused(many)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert found == [("zip", "too_many_files")]
        assert peak < 1024 * 1024


def test_more_files_than_a_design_has_are_refused() -> None:
    names = [f"images/n{number}.png" for number in range(MOST_FILES + 1)]

    assert refused(written(*((name, b"") for name in names))) == [("design", "too_many_files")]
    folders = [(f"images/n{number}/", b"") for number in range(archive.MOST_ENTRIES + 1)]
    assert refused(written(*folders)) == [("zip", "too_many_files")]


@pytest.mark.parametrize(
    "name",
    [
        "../design.toml",
        "images/../../icon.png",
        "/etc/passwd",
        "C:/icon.png",
        "images\\icon.png",
        "images//icon.png",
        "./design.toml",
        "images/ic\x1b[2Jon.png",
        "images/\u202eicon.png",
        "images/п.png",
        "images/" + "x" * 200 + ".png",
        ".hidden/icon.png",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    found = refused(written((entry(name), b"x")))

    assert {code for _, code in found} <= {"bad_path", "bad_zip"}
    assert all(place.isprintable() for place, _ in found)


def test_a_name_that_ends_earlier_for_some_readers_is_refused() -> None:
    content = zipped({"images/icon.pngX.toml": b"x"}).replace(b"pngX", b"png\0")

    assert {code for _, code in refused(content)} == {"bad_path"}


@pytest.mark.parametrize("name", [b"", b"\0"])
def test_an_empty_name_is_refused(name: bytes) -> None:
    local = struct.pack("<4s5H3I2H", b"PK\3\4", *[20, 0, 0, 0, 0x21, 0, 0, 0], len(name), 0) + name
    line = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, *[0] * 7, len(name), *[0] * 6) + name
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(line), len(local), 0)

    assert "bad_path" in {code for _, code in refused(local + line + end)}


def test_a_name_in_no_encoding_is_refused() -> None:
    content = zipped({"images/icon.png": b"x"}).replace(b"images/icon.png", b"images/ic\xffn.png")

    assert [code for _, code in refused(content)]
    assert refused(patched(content, b"PK\1\2", 8, b"\0\x08")) == [("zip", "bad_zip")]


@pytest.mark.parametrize(
    "name",
    ["pass.json", "images/a/b/icon.png", "strings/en/x.toml", "program.toml", "x.zip", "images/x"],
)
def test_a_file_that_no_design_has_is_refused(name: str) -> None:
    assert refused(zipped({**files(), name: b"x"})) == [(name, "unexpected_file")]


@pytest.mark.parametrize("name", ["images/logo.svg", "images/logo.WEBP", "images/ru/strip.jpeg"])
def test_a_picture_of_another_kind_is_told_what_to_do(name: str) -> None:
    with pytest.raises(DesignRefused) as caught:
        archive.unpacked(zipped({**files(), name: b"x"}))

    assert caught.value.faults == ((name, "not_png: images are PNG files: export it as one"),)


def test_a_zipped_folder_is_told_to_zip_what_is_inside() -> None:
    with pytest.raises(DesignRefused, match="cannot be published") as caught:
        archive.unpacked(zipped({f"coffee/{name}": data for name, data in files().items()}))

    assert len(caught.value.faults) == len(files())
    assert all("zip what is inside coffee" in text for _, text in caught.value.faults)


def test_a_folder_that_no_design_has_is_refused() -> None:
    assert refused(written(("fonts/", b""))) == [("fonts/", "unexpected_file")]
    assert refused(written(("images/", b"data"))) == [("images/", "unexpected_file")]


def test_a_name_that_is_there_twice_is_refused() -> None:
    twice = written(("design.toml", b"a"), ("design.toml", b"b"))

    assert refused(twice) == [("design.toml", "name_twice")]


def test_names_that_differ_by_case_only_are_refused() -> None:
    assert refused(written(("images/icon.png", b"a"), ("images/Icon.png", b"b"))) == [
        ("images/icon.png", "name_twice")
    ]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_a_link_or_device_is_refused(kind: int) -> None:
    link = entry("images/icon.png", external_attr=(kind | 0o777) << 16, create_system=3)

    assert refused(written((link, b"/etc/passwd"))) == [("images/icon.png", "bad_zip")]


def test_an_encrypted_file_is_refused() -> None:
    for flags in (0x1, 0x40, 0x2000):
        content = patched(zipped(), b"PK\1\2", 8, struct.pack("<H", flags))
        assert ("design.toml", "bad_zip") in refused(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_other_than_store_and_deflate_is_refused(method: int) -> None:
    assert ("design.toml", "bad_zip") in refused(zipped(method=method))
    assert ("design.toml", "bad_zip") in refused(patched(zipped(), b"PK\1\2", 10, b"\x09\0"))


def test_entries_that_share_their_bytes_are_refused() -> None:
    content = zipped({"images/icon.png": b"x" * 50, "images/logo.png": b"x" * 50})
    start = content.rfind(b"PK\1\2")
    shared = content[: start + 42] + bytes(4) + content[start + 46 :]
    shared = shared.replace(b"images/logo.png", b"images/icon.png", 1)

    assert {code for _, code in refused(shared)} <= {"bad_zip", "name_twice"}


def overlapping() -> bytes:
    """Return a zip of which one entry's bytes lie inside another's."""
    inner = zipped({"images/icon.png": b"x" * 10}, zipfile.ZIP_STORED)
    local = inner[: inner.find(b"PK\1\2")]
    outer = zipped({"images/logo.png": local}, zipfile.ZIP_STORED)
    place = outer.find(local)
    start, size = outer.find(b"PK\1\2", place + len(local)), 0
    line = bytearray(inner[inner.find(b"PK\1\2") : inner.find(b"PK\5\6")])
    line[42:46] = struct.pack("<I", place)
    lines = outer[start : outer.find(b"PK\5\6", start)] + bytes(line)
    size = len(lines)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 2, 2, size, start, 0)
    return outer[:start] + lines + end


def test_an_entry_inside_another_is_refused() -> None:
    with zipfile.ZipFile(io.BytesIO(overlapping())) as readable:
        assert len(readable.namelist()) == 2

    assert refused(overlapping()) == [("zip", "bad_zip")]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content + b"more",
        lambda content: b"#!/bin/sh\n" + content,
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: b"PK\5\6" + bytes(18) + b"x",
        lambda content: content[:-2] + b"\x05\0",
        lambda content: content.replace(b"PK\3\4", b"PK\3\5", 1),
        lambda content: patched(content, b"PK\1\2", 16, b"\1\2\3\4"),
        lambda content: patched(content, b"PK\1\2", 42, b"\xff\xff\xff\x7f"),
        lambda content: patched(content, b"PK\5\6", 4, b"\1\0"),
        lambda content: b"\x1f\x8b" + content,
    ],
)
def test_what_is_no_whole_zip_is_refused(damage: Callable[[bytes], bytes]) -> None:
    assert {code for _, code in refused(damage(zipped()))} == {"bad_zip"}


def test_bytes_between_the_entries_are_refused() -> None:
    content = zipped()
    start = content.find(b"PK\1\2")
    end = content[content.find(b"PK\5\6") :]
    moved = end[:16] + struct.pack("<I", start + 10) + end[20:]

    assert refused(content[:start] + bytes(10) + content[start : -len(end)] + moved) == [
        ("zip", "bad_zip")
    ]


def test_a_second_directory_for_large_files_is_refused() -> None:
    content = zipped()
    start, end = content.find(b"PK\1\2"), content[-22:]
    locator = b"PK\6\7" + bytes(16)
    size = len(content) - 22 - start + len(locator)
    moved = end[:12] + struct.pack("<2I", size, start) + end[20:]

    assert refused(content[:-22] + locator + moved) == [("zip", "bad_zip")]


def test_a_nested_zip_is_no_picture(tmp_path: Path) -> None:
    inner = {"images/icon.png": zipped()}

    assert archive.unpacked(zipped(inner, zipfile.ZIP_STORED)) == inner  # which images.opened tells
    assert refused(zipped({"more.zip": zipped()})) == [("more.zip", "unexpected_file")]


def test_a_folder_is_read_like_its_zip_hidden_files_and_kind_aside(tmp_path: Path) -> None:
    for name, content in {**files(), ".DS_Store": b"x", "program.toml": b"kind"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "a.zip").write_bytes(zipped())
    packed = tmp_path / "a.zip"

    assert folder.files_at(packed) == files()
    packed.unlink()
    assert folder.files_at(tmp_path) == files()


def test_a_folder_with_too_much_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "icon.png").write_bytes(bytes(LARGEST_FILE + 1))
    (tmp_path / "notes.txt").write_text("x")

    with pytest.raises(DesignRefused) as caught:
        folder.files_at(tmp_path)

    assert {place for place, _ in caught.value.faults} == {"images/icon.png", "notes.txt"}
    with pytest.raises(InvalidInput, match="cannot be read"):
        folder.files_at(tmp_path / "none")
