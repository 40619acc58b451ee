"""Strips of stamps: one for every count, legible, and the same every time."""

import io
import random
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image, ImageChops

from service.designs import preparing, sheet
from service.designs.preparing import NOBODY, Prepared
from service.designs.stamps import Painter
from service.domain import designs
from service.domain.designs import Mark
from service.domain.errors import DesignRefused

from .builders import SHEET, STAMPS, files, png, saved, strings

FONT = Path(__file__).parents[2] / "templates" / "fonts" / "Inter-SemiBold-subset.otf"
WITH_TEXT = STAMPS + 'text = "text.count"\n'


def prepared(stamps: str = STAMPS, **changes: bytes) -> Prepared:
    written = (SHEET + stamps).encode()
    named = {name.replace("__", "/") + ".toml": content for name, content in changes.items()}
    return preparing.prepare(files({"design.toml": written, **named}), FONT, lambda design: ())


def refused(stamps: str, **changes: bytes) -> tuple[tuple[str, str], ...]:
    with pytest.raises(DesignRefused) as caught:
        prepared(stamps, **changes)
    return caught.value.faults


def strip(design: Prepared, count: int, name: str = "strip@3x.png") -> Image.Image:
    return Image.open(io.BytesIO(design.images[f"stamps/{count}/{name}"])).convert("RGB")


def painted(stamps: str, count: int, scale: int) -> Image.Image:
    """Draw one strip alone, which is quick."""
    source = sheet.read(files({"design.toml": (SHEET + stamps).encode()})).source
    design = designs.read(source, {}, id=NOBODY, brand_id=NOBODY, version=1)
    assert design.stamps is not None
    return Painter(design, design.stamps, FONT.read_bytes(), scale).strip(count)


def color_share(image: Image.Image, color: tuple[int, int, int]) -> float:
    counted: Any = image.getcolors(2**24)
    return sum(times for times, each in counted if each == color) / (image.width * image.height)


def test_there_is_a_strip_for_every_count_at_every_scale() -> None:
    design = prepared()

    sizes = {(n, s): strip(design, n, f"strip{s}.png").size for n in range(4) for s in ("", "@2x")}
    assert {size for (_, s), size in sizes.items() if not s} == {(375, 144)}
    assert {size for (_, s), size in sizes.items() if s} == {(750, 288)}
    assert strip(design, 3).size == (1125, 432)
    assert not [name for name in design.images if name.startswith(("stamps/4/", "strip"))]


def test_every_stamp_fills_one_more_place() -> None:
    design = prepared()

    shares = [color_share(strip(design, n), (255, 216, 158)) for n in range(4)]

    steps = [more - less for less, more in pairwise(shares)]
    assert all(step > 0.03 for step in steps)
    assert max(steps) < 1.5 * min(steps)


@pytest.mark.parametrize("of", [2, 6, 7, 10, 14, 15, 30])
def test_all_places_lie_inside_the_strip_with_room_at_its_edge(of: int) -> None:
    full = painted(STAMPS.replace("of = 3", f"of = {of}"), of, scale=1)

    ground = Image.new("RGB", (375, 144), (62, 32, 28))
    box = ImageChops.difference(full, ground).getbbox()
    assert box is not None
    left, top, right, bottom = box
    assert left >= 10
    assert top >= 10
    assert right <= 365
    assert bottom <= 134
    assert abs(left - (375 - right)) <= 2


@pytest.mark.parametrize("mark", list(Mark))
def test_every_mark_is_seen_on_a_stamp(mark: Mark) -> None:
    full = painted(STAMPS + f'mark = "{mark}"\n', 3, scale=3)

    box = (full.width // 2 - 60, full.height // 2 - 60, full.width // 2 + 60, full.height // 2 + 60)
    assert 0.05 < color_share(full.crop(box), (62, 32, 28)) < 0.6


def test_the_text_counts_and_is_below_the_places() -> None:
    design = prepared(WITH_TEXT, strings__en=strings(text__count="{n} / {of}"))

    below = [strip(design, n).crop((0, 350, 1125, 432)) for n in range(4)]
    assert len({image.tobytes() for image in below}) == 4
    assert all(color_share(image, (255, 255, 255)) > 0.001 for image in below)
    assert color_share(strip(prepared(), 2).crop((0, 350, 1125, 432)), (255, 255, 255)) == 0


def test_languages_that_say_it_in_other_words_have_strips_of_their_own() -> None:
    design = prepared(
        WITH_TEXT,
        strings__en=strings(text__count="{n} of {of}"),
        strings__ru=strings(text__count="{n} из {of}"),
        strings__de=strings(text__count="{n} of {of}"),
    )

    assert "stamps/2/ru.lproj/strip@2x.png" in design.images
    assert not [name for name in design.images if "de.lproj" in name]
    russian, english = strip(design, 2, "ru.lproj/strip@3x.png"), strip(design, 2)
    assert ImageChops.difference(russian, english).getbbox() is not None


def test_a_long_text_is_written_smaller_and_stays_inside() -> None:
    long = "Noch {of} Getränke, dann gibt es ein Getränk nach Wahl umsonst dazu"
    design = prepared(WITH_TEXT, strings__en=strings(text__count=long))

    ground = Image.new("RGB", (1125, 432), (62, 32, 28))
    box = ImageChops.difference(strip(design, 0), ground).getbbox()
    assert box is not None
    assert box[0] >= 20
    assert box[2] <= 1105


def test_a_text_is_no_format_that_could_reach_into_the_service() -> None:
    design = prepared(WITH_TEXT, strings__en=strings(text__count="{n.__class__} {0} {of!r} %s"))

    assert "stamps/1/strip.png" in design.images


def test_a_letter_that_the_font_lacks_is_told() -> None:
    ((place, text),) = refused(WITH_TEXT, strings__en=strings(text__count="{n} 点 😀"))

    assert place == "strings/en.toml"
    assert text == "no_letter: text.count: the font has no 点😀"


def test_latin_and_cyrillic_languages_are_written() -> None:
    letters = "ÄÖÜßéèñçøåæœłżšžőűțț ЁЙЪЫЭЩєіїґў №₽€ «»–—„“ 0123456789"

    assert prepared(WITH_TEXT, strings__en=strings(text__count=letters)).images


def test_too_many_strips_are_refused_because_they_would_take_long() -> None:
    many = WITH_TEXT.replace("of = 3", "of = 30")
    said = {f"strings__{lang}": strings(text__count=f"{lang} {{n}}") for lang in ("en", "ru", "de")}

    ((place, text),) = refused(many, **said)

    assert (place, text[:10]) == ("design.toml: stamps", "bad_stamps")


def test_strips_that_would_fill_the_database_are_refused() -> None:
    noise = Image.frombytes("RGB", (1125, 432), random.Random(1).randbytes(1125 * 432 * 3))
    written = (SHEET + STAMPS.replace("of = 3", "of = 20")).encode()
    own = files({"design.toml": written, "images/strip.png": saved(noise)})

    with pytest.raises(DesignRefused) as caught:
        preparing.prepare(own, FONT, lambda design: ())

    ((place, text),) = caught.value.faults
    assert (place, text[:9]) == ("images/strip.png", "too_large")


def test_stamps_are_drawn_upon_the_designs_own_strip() -> None:
    written = (SHEET + STAMPS).encode()
    own = files({"design.toml": written, "images/strip.png": png(1125, 432, (10, 120, 10))})

    design = preparing.prepare(own, FONT, lambda design: ())

    assert strip(design, 1).getpixel((1120, 428)) == (10, 120, 10)
    assert strip(design, 1).getpixel((2, 2)) == (0, 0, 0)
    assert "strip.png" not in design.images


def test_the_same_design_gives_the_same_bytes() -> None:
    first = prepared(WITH_TEXT, strings__en=strings(text__count="{n} / {of}"))
    second = prepared(WITH_TEXT, strings__en=strings(text__count="{n} / {of}"))

    assert first.images == second.images
    assert first.design(UUID(int=1), UUID(int=2), 1).stamps is not None
