"""A picture from a stranger is refused by its header, or stripped to its pixels (case IN4)."""

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from service.designs import images
from service.domain.errors import DesignRefused

from .builders import picture, png, saved, zipped

PIXELS = picture(40, 30, (200, 120, 40, 128), "RGBA")


def refused(content: bytes) -> str:
    """Return the one fault, code first."""
    with pytest.raises(DesignRefused) as caught:
        images.opened("images/logo.png", content)
    ((place, text),) = caught.value.faults
    assert place == "images/logo.png"
    return text


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(content: bytes, added: bytes) -> bytes:
    """Return the PNG with a chunk after its header."""
    return content[:33] + added + content[33:]


def header(width: int, height: int) -> bytes:
    """Return a PNG that says it has this size, with nothing in it."""
    said = struct.pack(">II5B", width, height, 8, 6, 0, 0, 0)
    return images.SIGNATURE + chunk(b"IHDR", said) + chunk(b"IDAT", zlib.compress(b""))


def test_pixels_come_out_as_they_went_in() -> None:
    opened = images.opened("images/logo.png", saved(PIXELS))

    assert opened.mode == "RGBA"
    assert opened.tobytes() == PIXELS.tobytes()


def test_a_picture_that_is_opaque_throughout_has_no_alpha() -> None:
    opaque = picture(40, 30, (200, 120, 40, 255), "RGBA")
    opaque.putalpha(255)

    assert images.opened("images/logo.png", saved(opaque)).mode == "RGB"


@pytest.mark.parametrize("size", [(50_000, 50_000), (4097, 1), (1, 4097), (4096, 4096)])
def test_too_many_pixels_are_refused_by_the_header_alone(size: tuple[int, int]) -> None:
    content = header(*size) + chunk(b"IEND", b"")
    tracemalloc.start()

    told = refused(content)

    assert told.startswith("too_many_pixels: has ")
    assert f"{size[0]} x {size[1]}" in told
    assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    tracemalloc.stop()


def test_the_largest_picture_that_is_taken_costs_less_than_two_seconds() -> None:
    largest = saved(Image.new("RGBA", (4000, 3000), (9, 8, 7, 100)))
    begun = time.process_time()

    opened = images.opened("images/logo.png", largest)

    assert opened.size == (4000, 3000)
    assert time.process_time() - begun < 2


def test_a_picture_of_several_frames_is_refused() -> None:
    frames = [picture(40, 30, color) for color in ("red", "green", "blue")]
    animated = saved(frames[0], save_all=True, append_images=frames[1:])

    assert b"acTL" in animated
    assert refused(animated).startswith("animated_image: ")
    assert refused(with_chunk(png(9, 9), chunk(b"fcTL", bytes(26)))).startswith("animated_image")


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (saved(picture(9, 9), "JPEG"), "JPEG"),
        (saved(picture(9, 9), "GIF"), "GIF"),
        (saved(picture(9, 9), "WEBP"), "WebP"),
        (saved(picture(9, 9), "AVIF"), "AVIF"),
        (saved(picture(9, 9), "BMP"), "BMP"),
        (saved(picture(9, 9), "TIFF"), "TIFF"),
        (saved(picture(9, 9), "PDF"), "PDF"),
        (SVG, "SVG"),
        (SVG.partition(b"\n")[2], "SVG"),
        (zipped(), "a zip"),
        (b"", "no picture"),
        (b"GIF8 is how it begins", "GIF"),
        (b" \x89PNG\r\n\x1a\n", "no picture"),
    ],
)
def test_what_is_no_png_is_named_and_told_what_to_do(content: bytes, kind: str) -> None:
    assert refused(content) == f"not_png: is {kind}: export it as a PNG"


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:8],
        lambda content: content[:20],
        lambda content: content[:40],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-12],
        lambda content: content[:-1],
        lambda content: content.replace(b"IHDR", b"IHDX", 1),
        lambda content: content[:33] + content[33 + content[33:].find(b"IEND") - 4 :],
        lambda content: content[:8] + b"\xff\xff\xff\xff" + content[12:],
        lambda content: with_chunk(content, chunk(b"IDAT", b"rubbish")),
        lambda content: with_chunk(content, chunk(b"IHDR", bytes(13))),
        lambda content: images.SIGNATURE + chunk(b"IHDR", content[16:29]) + chunk(b"IEND", b""),
        lambda content: images.SIGNATURE + chunk(b"IHDR", bytes(13)) + chunk(b"IEND", b""),
        lambda content: (
            images.SIGNATURE + chunk(b"IHDR", content[16:24] + b"\x07\x09\0\0\0") + content[33:]
        ),
        lambda content: content[:33] + chunk(b"teXt", b"") * 30_000 + content[33:],
    ],
)
def test_a_damaged_or_truncated_picture_is_refused(damage: Callable[[bytes], bytes]) -> None:
    assert refused(damage(png(40, 30))).startswith("damaged_image: ")


def test_what_hides_behind_the_end_of_a_picture_is_gone() -> None:
    polyglot = png(40, 30) + zipped() + b"<script>alert(1)</script>"

    cleaned = images.encoded(images.opened("images/logo.png", polyglot))

    assert b"script" not in cleaned
    assert b"PK\3\4" not in cleaned
    assert cleaned == images.encoded(images.opened("images/logo.png", png(40, 30)))


def test_texts_places_and_times_are_gone() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "somebody at home")
    info.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>somewhere</x:xmpmeta>")
    exif = Image.Exif()
    exif[0x010E] = "somewhere"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    told = saved(picture(40, 30), pnginfo=info, exif=exif, dpi=(72, 72))

    cleaned = images.encoded(images.opened("images/logo.png", told))

    kinds = {cleaned[at + 4 : at + 8] for at in _places(cleaned)}
    assert b"somewhere" in told
    assert kinds == {b"IHDR", b"IDAT", b"IEND"}


def _places(content: bytes) -> list[int]:
    places, at = [], 8
    while at < len(content):
        places.append(at)
        at += 12 + int(struct.unpack_from(">I", content, at)[0])
    return places


def test_a_text_that_unpacks_to_a_gigabyte_is_never_unpacked() -> None:
    packer = zlib.compressobj(9)
    unit = packer.compress(bytes(1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    bomb = unit[:2] + unit[2:] * 1024 + packer.flush()
    hostile = with_chunk(png(40, 30), chunk(b"zTXt", b"Comment\0\0" + bomb))

    assert images.opened("images/logo.png", hostile).size == (40, 30)


def test_a_color_profile_that_unpacks_to_a_gigabyte_is_refused() -> None:
    packer = zlib.compressobj(9)
    packed = packer.compress(bytes(3 * images.LARGEST_PROFILE)) + packer.flush()
    hostile = with_chunk(png(40, 30), chunk(b"iCCP", b"wide\0\0" + packed))
    tracemalloc.start()

    told = refused(hostile)

    assert told == "bad_color_profile: its color profile has more than 1 MB"
    assert tracemalloc.get_traced_memory()[1] < 2.5 * images.LARGEST_PROFILE
    tracemalloc.stop()


@pytest.mark.parametrize("profile", [b"", b"no profile", bytes(128), b"x" * 5000])
def test_a_color_profile_that_is_none_is_refused(profile: bytes) -> None:
    packed = chunk(b"iCCP", b"wide\0\0" + zlib.compress(profile))

    assert refused(with_chunk(png(40, 30), packed)).startswith("bad_color_profile: ")


def test_a_damaged_color_profile_is_refused() -> None:
    packed = chunk(b"iCCP", b"wide\0\0" + b"rubbish")

    assert refused(with_chunk(png(40, 30), packed)).startswith("bad_color_profile: ")


def test_colors_of_another_space_are_put_right_and_its_profile_is_gone() -> None:
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    gray = srgb[:16] + b"GRAY" + srgb[20:]

    same = images.opened("images/logo.png", png(40, 30, icc_profile=srgb))
    left = images.opened("images/logo.png", png(40, 30, icc_profile=gray))

    assert same.tobytes() == picture(40, 30).tobytes()
    assert left.tobytes() == picture(40, 30).tobytes()
    assert b"iCCP" not in images.encoded(same)
    assert refused(png(40, 30, icc_profile=linear)).startswith("bad_color_profile: ")


def test_a_wide_color_space_is_converted() -> None:
    # Red and green primaries changed places: what was red is green for who reads the profile.
    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", srgb, 128)[0]
    tags = {bytes(srgb[132 + 12 * n : 136 + 12 * n]): 132 + 12 * n for n in range(count)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    srgb[red : red + 4], srgb[green : green + 4] = b"gXYZ", b"rXYZ"

    swapped = images.opened("images/logo.png", png(40, 30, (250, 10, 10), icc_profile=bytes(srgb)))

    red_now, green_now, _ = swapped.getpixel((39, 29))  # type: ignore[misc]  # RGB has three
    assert green_now > red_now + 100


@pytest.mark.parametrize(
    "picture_of",
    [
        lambda: Image.new("1", (40, 30), 1),
        lambda: Image.new("L", (40, 30), 200),
        lambda: Image.new("LA", (40, 30), (200, 100)),
        lambda: Image.new("P", (40, 30), 3),
        lambda: Image.new("I;16", (40, 30), 200 * 257),
    ],
)
def test_every_depth_and_palette_becomes_eight_bits_a_color(
    picture_of: Callable[[], Image.Image],
) -> None:
    opened = images.opened("images/logo.png", saved(picture_of()))

    assert opened.mode in ("RGB", "RGBA")
    assert opened.size == (40, 30)


def test_sixteen_bits_of_gray_keep_their_brightness() -> None:
    deep = saved(Image.new("I;16", (4, 4), 200 * 257))

    assert images.opened("images/logo.png", deep).getpixel((0, 0)) == (200, 200, 200)


def test_the_clear_color_of_a_palette_stays_clear() -> None:
    clear = Image.new("P", (4, 4), 0)
    content = saved(clear, transparency=0)

    opened: Any = images.opened("images/logo.png", content)

    assert opened.mode == "RGBA"
    assert opened.getpixel((0, 0))[3] == 0


def test_the_same_picture_is_written_as_the_same_bytes() -> None:
    first = images.encoded(images.opened("images/logo.png", saved(PIXELS, compress_level=0)))
    second = images.encoded(images.opened("images/logo.png", saved(PIXELS, compress_level=9)))

    assert first == second
    assert Image.open(io.BytesIO(first)).tobytes() == PIXELS.tobytes()
