"""Draws the images of the shipped designs: `python templates/passes/draw_images.py`.

Needs Pillow. Apple's sizes are in points: icon 38x38, logo at most 160x50, strip 375x144
(apple/PassBuilder, PassPackage.swift, checked 2026-11-22). Google's are in pixels: a square logo of
660, which is masked to a circle, and a hero image of 1032x336 (Wallet brand guidelines, checked
2026-11-24). Everything is drawn four times as large as needed and reduced, which smooths the edges.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent
SCALES = {"": 1, "@2x": 2, "@3x": 3}
OVERSIZE = 4
WHITE = (255, 255, 255)
STRIP, LOGO, ICON = (375, 144), (50, 50), (38, 38)
GOOGLE_LOGO, GOOGLE_HERO = (660, 660), (1032, 336)

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


LOOKS = {
    "points": Look((22, 26, 66), (88, 66, 190), (255, 199, 92), star),
    "cashback": Look((5, 62, 56), (24, 143, 110), (190, 242, 206), turn),
}


def main() -> None:
    """Write every image of every design."""
    for name, look in LOOKS.items():
        for suffix, scale in SCALES.items():
            save(icon(look, scale), FOLDER / name / f"icon{suffix}.png")
            save(logo(look, scale), FOLDER / name / f"logo{suffix}.png")
            save(strip(look, scale, STRIP), FOLDER / name / f"strip{suffix}.png")
        (FOLDER / name / "google").mkdir(exist_ok=True)
        save(google_logo(look), FOLDER / name / "google" / "logo.png")
        save(strip(look, 1, GOOGLE_HERO), FOLDER / name / "google" / "hero.png")


def save(image: Image.Image, path: Path) -> None:
    """Write a PNG as small as Pillow makes it."""
    image.save(path, optimize=True)


def icon(look: Look, scale: int) -> Image.Image:
    """Draw the icon of notifications: full-bleed, because iOS rounds the corners itself."""
    side = ICON[0] * scale * OVERSIZE
    image = gradient((side, side), look)
    look.mark(ImageDraw.Draw(image), (side / 2, side * 0.51), side * 0.34, look.accent)
    return reduced(image, scale, ICON)


def logo(look: Look, scale: int) -> Image.Image:
    """Draw the mark on a clear ground; the program's name stands beside it as text."""
    side = LOGO[0] * scale * OVERSIZE
    mask = Image.new("L", (side, side), 0)
    look.mark(ImageDraw.Draw(mask), (side / 2, side * 0.51), side * 0.36, (255,))
    image = Image.new("RGBA", (LOGO[0] * scale, LOGO[1] * scale), (*look.accent, 0))
    image.putalpha(reduced(mask, scale, LOGO))
    return image


def google_logo(look: Look) -> Image.Image:
    """Draw the mark on a full ground; the 15 % next to the edge are left to Google's circle."""
    side = GOOGLE_LOGO[0] * OVERSIZE
    image = gradient((side, side), look)
    look.mark(ImageDraw.Draw(image), (side / 2, side * 0.51), side * 0.27, look.accent)
    return reduced(image, 1, GOOGLE_LOGO)


def strip(look: Look, scale: int, points: tuple[int, int]) -> Image.Image:
    """Draw the picture across the card: rings that spread from a large mark."""
    width, height = points[0] * scale * OVERSIZE, points[1] * scale * OVERSIZE
    center = (width * 0.80, height * 0.52)
    image = with_rings(gradient((width, height), look), center)
    look.mark(ImageDraw.Draw(image), center, height * 0.29, look.accent)
    return reduced(image, scale, points)


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


def reduced(image: Image.Image, scale: int, points: tuple[int, int]) -> Image.Image:
    """Return the image in its final size."""
    return image.resize((points[0] * scale, points[1] * scale), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
