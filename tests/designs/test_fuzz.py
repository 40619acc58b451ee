"""Whatever a stranger sends: the answer is a design or a refusal, never a fault of ours."""

import io
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.designs import archive, images, preparing
from service.domain.errors import InvalidInput

from .builders import SHEET, STAMPS, files, picture, png, saved, strings, zipped

FONT = Path(__file__).parents[2] / "templates" / "fonts" / "Inter-SemiBold-subset.otf"
QUICK = settings(
    deadline=None,
    max_examples=150,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
WHOLE = zipped()
PICTURES = (
    png(114, 114),
    saved(picture(20, 20, (1, 2, 3, 90), "RGBA")),
    saved(picture(20, 20).quantize(16), transparency=3),
    png(20, 20, interlace=1),
)
NAMES = (
    *files(),
    *("images/strip.png", "images/ru/strip@2x.png", "images/google/logo.png", "strings/ru.toml"),
)


@st.composite
def mutated(draw: st.DrawFn, content: bytes) -> bytes:
    """Return the bytes with some of them changed, left out, doubled or put in."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(changed) - 1, 0)))
        length = draw(st.sampled_from([0, 1, 2, 4, 30]))
        put = draw(st.one_of(st.binary(max_size=8), st.just(bytes(changed[at : at + 40]))))
        changed[at : at + length] = put
    return bytes(changed)


def tried(content: dict[str, bytes]) -> None:
    with suppress(InvalidInput):
        preparing.prepare(content, FONT, lambda design: ())


@QUICK
@given(st.one_of(st.binary(max_size=400), mutated(WHOLE)))
def test_any_zip_is_taken_apart_or_refused(content: bytes) -> None:
    with suppress(InvalidInput):
        found = archive.unpacked(content)
        assert sum(map(len, found.values())) < 2 * len(WHOLE) + 10_000


@QUICK
@given(st.lists(st.tuples(st.text(max_size=30), st.binary(max_size=30)), max_size=6))
def test_any_names_in_a_zip_are_taken_or_refused(entries: list[tuple[str, bytes]]) -> None:
    stream = io.BytesIO()
    with (
        suppress(UnicodeEncodeError, UserWarning, IndexError),
        zipfile.ZipFile(stream, "w") as packed,
    ):
        for name, content in entries:
            packed.writestr(name or "x", content)

    with suppress(InvalidInput):
        assert set(archive.unpacked(stream.getvalue())) <= {name for name, _ in entries}


@QUICK
@given(st.sampled_from(PICTURES).flatmap(mutated))
def test_any_picture_is_opened_or_refused(content: bytes) -> None:
    with suppress(InvalidInput):
        opened = images.opened("images/icon.png", content)
        assert opened.mode in ("RGB", "RGBA")
        assert opened.width * opened.height <= images.MOST_PIXELS


@QUICK
@given(
    st.binary(min_size=13, max_size=13),
    st.lists(st.tuples(st.sampled_from([*images.KEPT, b"iCCP", b"tEXt"]), st.binary(max_size=60))),
)
def test_any_chunks_with_good_sums_are_opened_or_refused(
    header: bytes, chunks: list[tuple[bytes, bytes]]
) -> None:
    small = struct.pack(">II", header[0] + 1, header[1] + 1) + header[8:]
    parts = [(b"IHDR", small), *chunks, (b"IDAT", zlib.compress(header)), (b"IEND", b"")]
    content = b"".join(
        struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )

    with suppress(InvalidInput):
        images.opened("images/icon.png", images.SIGNATURE + content)


VALUES: st.SearchStrategy[Any] = st.one_of(
    st.integers(-5, 40),
    st.booleans(),
    st.floats(),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.sampled_from(["rgb(1, 2, 3)", "balance:points", "text:text.terms", "%@", "en", "cup"]),
)
KEYS = ("name", "colors", "label", "fields", "header", "back", "key", "shows", "apple", "stamps")
TABLES = st.recursive(
    VALUES,
    lambda inside: st.one_of(
        st.lists(inside, max_size=3),
        st.dictionaries(st.sampled_from([*KEYS, "of", "text", "mark"]), inside, max_size=5),
    ),
    max_leaves=12,
)


def toml(value: Any) -> str:
    """Write a value inline; an independent writer, only what tests need."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {toml(part)}' for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(part) for part in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(letter):08x}" for letter in value) + '"'
    return str(value).lower()


@QUICK
@given(st.dictionaries(st.sampled_from(KEYS), TABLES, max_size=6))
def test_any_sheet_is_read_or_refused(said: dict[str, Any]) -> None:
    written = "\n".join(f'"{key}" = {toml(value)}' for key, value in said.items())

    tried(files({"design.toml": written.encode()}))


@QUICK
@given(mutated((SHEET + STAMPS).encode()), mutated(strings()))
def test_any_mutated_texts_are_read_or_refused(sheet: bytes, texts: bytes) -> None:
    tried(files({"design.toml": sheet, "strings/en.toml": texts}))


@QUICK
@given(
    st.dictionaries(st.sampled_from(NAMES), st.one_of(st.binary(max_size=60), st.just(png(9, 9))))
)
def test_any_files_are_prepared_or_refused(changes: dict[str, bytes]) -> None:
    tried(files(changes))
