"""From one source every wallet gets the sizes that it asks for; a designer's own are taken."""

import io
from typing import Any

import pytest
from PIL import Image

from service.designs import image_set
from service.domain.errors import DesignRefused
from service.domain.image_slots import APPLE, GOOGLE

from .builders import damaged, picture, png, saved


def drawn(files: dict[str, bytes]) -> dict[str, bytes]:
    sketch = image_set.sketched(files)
    assert sketch.faults == []
    made = image_set.drawn(sketch, files)
    assert sorted(made) == sorted(sketch.names)
    return made


def sizes(files: dict[str, bytes]) -> dict[str, tuple[int, int]]:
    return {name: Image.open(io.BytesIO(png)).size for name, png in drawn(files).items()}


def faults(files: dict[str, bytes]) -> list[tuple[str, str, str]]:
    return [tuple(fault) for fault in image_set.sketched(files).faults]


@pytest.mark.parametrize(
    ("name", "source", "made"),
    [
        ("icon", (114, 114), [(38, 38), (76, 76), (114, 114)]),
        ("icon", (1024, 1024), [(38, 38), (76, 76), (114, 114)]),
        ("strip", (1125, 432), [(375, 144), (750, 288), (1125, 432)]),
        ("strip", (2250, 870), [(375, 144), (750, 288), (1125, 432)]),
        ("logo", (480, 150), [(160, 50), (320, 100), (480, 150)]),
        ("logo", (150, 150), [(50, 50), (100, 100), (150, 150)]),
        ("logo", (2000, 500), [(160, 40), (320, 80), (480, 120)]),
        ("background", (1035, 1515), [(345, 505), (690, 1010), (1035, 1515)]),
        ("primaryLogo", (1260, 300), [(126, 30), (252, 60), (378, 90)]),
        ("thumbnail", (300, 270), [(90, 81), (180, 162), (270, 243)]),
    ],
)
def test_one_source_gives_every_scale(
    name: str, source: tuple[int, int], made: list[tuple[int, int]]
) -> None:
    names = [f"{name}.png", f"{name}@2x.png", f"{name}@3x.png"]

    assert sizes({f"images/{name}.png": png(*source)}) == dict(zip(names, made, strict=True))


def test_google_gets_one_file_of_each() -> None:
    files = {
        "images/google/logo.png": png(1000, 1000),
        "images/google/hero.png": png(1032, 336),
    }

    assert sizes(files) == {"google/logo.png": (660, 660), "google/hero.png": (1032, 336)}


def test_images_of_a_language_are_kept_in_its_folder() -> None:
    made = sizes({"images/pt-BR/strip.png": png(1125, 432)})

    assert set(made) == {f"pt-BR.lproj/strip{scale}.png" for scale in ("", "@2x", "@3x")}


def test_a_designers_own_scales_are_taken_as_they_are() -> None:
    own = {
        "images/strip.png": picture(375, 144, "red"),
        "images/strip@2x.png": picture(750, 288, "green"),
        "images/strip@3x.png": picture(1125, 432, "blue"),
    }

    made = drawn({name: saved(image) for name, image in own.items()})

    for name, image in own.items():
        kept = Image.open(io.BytesIO(made[name.removeprefix("images/")]))
        assert kept.tobytes() == image.tobytes()


def test_a_scale_of_ones_own_stands_beside_a_source_for_the_others() -> None:
    files = {"images/icon.png": png(228, 228, "red"), "images/icon@2x.png": png(76, 76, "green")}

    made = drawn(files)

    corners: dict[str, Any] = {}
    for name, content in made.items():
        image = Image.open(io.BytesIO(content))
        corners[name] = image.size, image.getpixel((image.width - 1, image.height - 1))
    assert corners == {
        "icon.png": ((38, 38), (255, 0, 0)),
        "icon@2x.png": ((76, 76), (0, 128, 0)),
        "icon@3x.png": ((114, 114), (255, 0, 0)),
    }


def test_the_largest_of_ones_own_gives_the_smaller_ones() -> None:
    assert sizes({"images/logo@3x.png": png(240, 90)}) == {
        "logo.png": (80, 30),
        "logo@2x.png": (160, 60),
        "logo@3x.png": (240, 90),
    }


@pytest.mark.parametrize(
    ("files", "place", "needed"),
    [
        ({"images/strip.png": (1124, 432)}, "images/strip.png", "1125 x 432"),
        ({"images/strip.png": (375, 144)}, "images/strip.png", "1125 x 432"),
        ({"images/strip@2x.png": (750, 288)}, "images/strip@2x.png", "1125 x 432"),
        ({"images/icon.png": (38, 38)}, "images/icon.png", "114 x 114"),
        ({"images/logo.png": (100, 50)}, "images/logo.png", "300 x 150"),
        ({"images/google/logo.png": (659, 659)}, "images/google/logo.png", "660 x 660"),
    ],
)
def test_a_source_that_is_too_small_is_told_the_size_that_is_needed(
    files: dict[str, tuple[int, int]], place: str, needed: str
) -> None:
    ((where, code, text),) = faults({name: png(*size) for name, size in files.items()})

    assert (where, code) == (place, "image_too_small")
    assert text.endswith(f"but at least {needed} are needed")


@pytest.mark.parametrize("size", [(1125, 500), (1500, 432), (1125, 442)])
def test_a_source_of_another_shape_is_refused(size: tuple[int, int]) -> None:
    ((where, code, text),) = faults({"images/strip.png": png(*size)})

    assert (where, code) == ("images/strip.png", "wrong_shape")
    assert "the shape of 1125 x 432" in text


@pytest.mark.parametrize(
    ("name", "size", "wanted"),
    [
        ("images/strip@3x.png", (1124, 432), "1125 x 432"),
        ("images/icon@2x.png", (58, 58), "76 x 76"),
        ("images/logo@2x.png", (340, 90), "320 x 85"),
    ],
)
def test_a_scale_of_ones_own_in_another_size_is_refused(
    name: str, size: tuple[int, int], wanted: str
) -> None:
    base = name.partition("@")[0]

    ((where, code, text),) = faults({f"{base}.png": png(1440, 552), name: png(*size)})[-1:]

    assert (where, code) == (name, "wrong_size")
    assert text == f"has {size[0]} x {size[1]} pixels, but takes {wanted}"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("images/strips.png", "did you mean strip?"),
        ("images/primarylogo.png", "did you mean primaryLogo?"),
        ("images/x.png", "images are called icon, logo, strip"),
        ("images/google/icon.png", "Google takes"),
        ("images/google/logo@2x.png", "Google takes"),
        ("images/gogle1/logo.png", "gogle1 is neither a language nor google"),
    ],
)
def test_an_image_that_nobody_shows_is_refused(name: str, told: str) -> None:
    ((where, code, text),) = faults({name: png(9, 9)})

    assert (where, code) == (name, "unknown_image")
    assert text.startswith(told)


def test_all_bad_images_are_told_at_once() -> None:
    bad = {"images/icon.png": b"x", "images/strip.png": png(9, 9), "images/x.png": png(9, 9)}

    assert {where for where, _, _ in faults(bad)} == set(bad)


def test_all_images_together_have_a_limit_which_bounds_the_work() -> None:
    large = saved(Image.new("L", (2010, 2010)))

    few = faults({f"images/{slot}.png": large for slot in ("icon", "google/logo")})
    ((where, code, text),) = faults(
        {f"images/{slot}.png": large for slot in ("icon", "google/logo", "ru/icon")}
    )

    assert few == []
    assert (where, code, text) == (
        "images",
        "too_many_pixels",
        "have more than 12 megapixels in all",
    )


def test_all_pictures_that_cannot_be_decoded_are_told_at_once() -> None:
    bad = damaged(png(1125, 432))
    files = {"images/strip.png": bad, "images/ru/strip.png": bad}

    with pytest.raises(DesignRefused) as caught:
        image_set.drawn(image_set.sketched(files), files)

    assert sorted(where for where, _ in caught.value.faults) == sorted(files)


def test_the_edge_of_a_clear_image_gets_no_dark_rim() -> None:
    white = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    white.paste((255, 255, 255, 255), (0, 0, 150, 300))

    made = drawn({"images/logo.png": saved(white)})

    small = Image.open(io.BytesIO(made["logo.png"])).convert("RGBA")
    seen = [pixel for pixel in small.get_flattened_data() if pixel[3] > 0]
    assert all(min(pixel[:3]) > 250 for pixel in seen)


def test_the_same_source_gives_the_same_bytes() -> None:
    files = {"images/strip.png": png(1200, 461), "images/icon.png": png(512, 512)}

    assert drawn(files) == drawn(dict(reversed(files.items())))


def test_the_slots_are_those_that_apple_and_google_name() -> None:
    assert {name: (slot.width, slot.height) for name, slot in APPLE.items()} == {
        "icon": (38, 38),
        "logo": (160, 50),
        "strip": (375, 144),
        "thumbnail": (90, 90),
        "background": (345, 505),
        "primaryLogo": (126, 30),
        "personalizationLogo": (150, 40),
    }
    assert {name: slot.scales for name, slot in GOOGLE.items()} == {
        "google/logo": (1,),
        "google/hero": (1,),
    }
