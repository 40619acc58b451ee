"""Draws the images of the shipped designs: `python templates/passes/draw_images.py`.

One file of each, as large as a phone wants it; the smaller ones are made when a design is imported.
Everything is drawn four times as large as needed and reduced, which smooths the edges.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from service.designs import marks
from service.domain import designs
from service.domain.image_slots import SLOTS

FOLDER = Path(__file__).parent
OVERSIZE = 4
WHITE = (255, 255, 255)

Color = tuple[int, int, int]
Point = tuple[float, float]
Mark = Callable[[ImageDraw.ImageDraw, Point, float, tuple[int, ...]], None]


@dataclass(frozen=True)
class Look:
    """Colors of a design: the strip runs from `dark` to `light`, marks are drawn in `accent`."""

    dark: Color
    light: Color
    accent: Color
    mark: Mark


def star(
    draw: ImageDraw.ImageDraw,
    center: Point,
    radius: float,
    fill: tuple[int, ...],
) -> None:
    """Draw a five-pointed star: the sign of points."""
    corners = []
    for step in range(10):
        reach = radius if step % 2 == 0 else radius * 0.46
        angle = math.pi * step / 5 - math.pi / 2
        corners.append((center[0] + reach * math.cos(angle), center[1] + reach * math.sin(angle)))
    draw.polygon(corners, fill=fill)


def turn(
    draw: ImageDraw.ImageDraw,
    center: Point,
    radius: float,
    fill: tuple[int, ...],
) -> None:
    """Draw an arrow that comes back around a percent sign: the sign of cashback."""
    x, y = center
    width = radius * 0.21
    box = (x - radius, y - radius, x + radius, y + radius)
    draw.arc(box, start=-20, end=270, fill=fill, width=round(width))
    tip = y - radius + width / 2
    draw.polygon(
        [(x, tip - width * 1.25), (x + width * 2.3, tip), (x, tip + width * 1.25)], fill=fill
    )
    percent(draw, center, radius * 0.46, fill)


def percent(draw: ImageDraw.ImageDraw, center: Point, radius: float, fill: tuple[int, ...]) -> None:
    """Draw a percent sign."""
    (x, y), reach, dot = center, radius * 0.8, radius * 0.38
    width = radius * 0.26
    draw.line((x - reach * 0.7, y + reach, x + reach * 0.7, y - reach), fill, round(width))
    for side in (-1, 1):
        at = (x + side * radius * 0.62, y + side * radius * 0.5)
        box = (at[0] - dot, at[1] - dot, at[0] + dot, at[1] + dot)
        draw.ellipse(box, fill=fill)


def cup(draw: ImageDraw.ImageDraw, center: Point, radius: float, fill: tuple[int, ...]) -> None:
    """Draw a cup: the sign of stamps for coffee."""
    side = round(radius * 2.9)
    mask = marks.mark(designs.Mark.CUP, side)
    draw.bitmap((center[0] - side / 2, center[1] - side / 2), mask, fill=fill)


LOOKS = {
    "points": Look((22, 26, 66), (88, 66, 190), (255, 199, 92), star),
    "cashback": Look((5, 62, 56), (24, 143, 110), (190, 242, 206), turn),
    "stamps": Look((62, 32, 28), (126, 66, 46), (255, 216, 158), cup),
}
PLAIN = frozenset({"stamps"})  # their strips are drawn upon


def main() -> None:
    """Write every image of every design."""
    for name, look in LOOKS.items():
        folder = FOLDER / name / "images"
        (folder / "google").mkdir(parents=True, exist_ok=True)
        save(icon(look, size_of("icon")), folder / "icon.png")
        save(logo(look, size_of("logo")[1]), folder / "logo.png")
        save(strip(look, size_of("strip"), is_plain=name in PLAIN), folder / "strip.png")
        save(google_logo(look, size_of("google/logo")), folder / "google" / "logo.png")
        save(strip(look, size_of("google/hero")), folder / "google" / "hero.png")


def size_of(slot: str) -> tuple[int, int]:
    """Return the size of a slot at its largest scale, in pixels."""
    place = SLOTS[slot]
    return place.width * max(place.scales), place.height * max(place.scales)


def save(image: Image.Image, path: Path) -> None:
    """Write a PNG as small as Pillow makes it."""
    image.save(path, optimize=True)


def icon(look: Look, size: tuple[int, int]) -> Image.Image:
    """Draw the icon of notifications: full-bleed, because iOS rounds the corners itself."""
    side = size[0] * OVERSIZE
    image = gradient((side, side), look)
    look.mark(ImageDraw.Draw(image), (side / 2, side * 0.51), side * 0.34, look.accent)
    return reduced(image, size)


def logo(look: Look, length: int) -> Image.Image:
    """Draw the mark on a clear ground; the program's name stands beside it as text."""
    side, size = length * OVERSIZE, (length, length)
    mask = Image.new("L", (side, side), 0)
    look.mark(ImageDraw.Draw(mask), (side / 2, side * 0.51), side * 0.36, (255,))
    image = Image.new("RGBA", size, (*look.accent, 0))
    image.putalpha(reduced(mask, size))
    return image


def google_logo(look: Look, size: tuple[int, int]) -> Image.Image:
    """Draw the mark on a full ground; the 15 % next to the edge are left to Google's circle."""
    side = size[0] * OVERSIZE
    image = gradient((side, side), look)
    look.mark(ImageDraw.Draw(image), (side / 2, side * 0.51), side * 0.27, look.accent)
    return reduced(image, size)


def strip(look: Look, size: tuple[int, int], *, is_plain: bool = False) -> Image.Image:
    """Draw the picture across the card: rings that spread from a large mark, unless it is plain."""
    width, height = size[0] * OVERSIZE, size[1] * OVERSIZE
    image = gradient((width, height), look)
    if not is_plain:
        center = (width * 0.80, height * 0.52)
        image = with_rings(image, center)
        look.mark(ImageDraw.Draw(image), center, height * 0.29, look.accent)
    return reduced(image, size)


def gradient(size: tuple[int, int], look: Look) -> Image.Image:
    """Return a ground that runs from dark on the left to light on the right."""
    mask = Image.linear_gradient("L").rotate(90).resize(size, Image.Resampling.BILINEAR)
    light, dark = Image.new("RGB", size, look.light), Image.new("RGB", size, look.dark)
    return Image.composite(light, dark, mask)


def with_rings(image: Image.Image, center: Point) -> Image.Image:
    """Return the image with discs of faint white around `center`, one upon the other."""
    x, y = center
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    for share, strength in ((1.95, 8), (1.45, 16), (1.0, 26), (0.66, 40), (0.44, 58)):
        radius = image.height * share
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=strength)
    return Image.composite(Image.new("RGB", image.size, WHITE), image, mask)


def reduced(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the image in its final size."""
    return image.resize(size, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
