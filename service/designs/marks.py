"""The signs on stamps, as masks: drawn large and reduced, which smooths their edges."""

import math
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw

from service.domain.designs import Mark

OVERSIZE = 8
FULL = 255
Draw = ImageDraw.ImageDraw


def disc(diameter: int) -> Image.Image:
    """Return the mask of a full circle."""
    return _mask(diameter, lambda draw, side: draw.ellipse((0, 0, side - 1, side - 1), fill=FULL))


def ring(diameter: int, width: float) -> Image.Image:
    """Return the mask of a circle's line, `width` pixels wide."""
    line = max(1, round(width * OVERSIZE))
    return _mask(
        diameter,
        lambda draw, side: draw.ellipse((0, 0, side - 1, side - 1), outline=FULL, width=line),
    )


def mark(kind: Mark, diameter: int) -> Image.Image:
    """Return the mask of a sign that stands in a circle of this diameter."""
    return _mask(diameter, MARKS[kind])


def _mask(diameter: int, draw: Callable[[Draw, float], None]) -> Image.Image:
    side = diameter * OVERSIZE
    large = Image.new("L", (side, side), 0)
    draw(ImageDraw.Draw(large), side)
    return large.resize((diameter, diameter), Image.Resampling.LANCZOS)


def _star(draw: Draw, side: float) -> None:
    middle, corners = side / 2, []
    for step in range(10):
        reach = side * (0.33 if step % 2 == 0 else 0.15)
        angle = math.pi * step / 5 - math.pi / 2
        corners.append((middle + reach * math.cos(angle), middle + reach * math.sin(angle)))
    draw.polygon(corners, fill=FULL)


def _check(draw: Draw, side: float) -> None:
    points = [(side * x, side * y) for x, y in ((0.29, 0.53), (0.44, 0.67), (0.72, 0.36))]
    width = side * 0.095
    draw.line(points, fill=FULL, width=round(width), joint="curve")
    for x, y in (points[0], points[-1]):
        _dot(draw, x, y, width / 2)


def _heart(draw: Draw, side: float) -> None:
    turns = [math.tau * step / 120 for step in range(120)]
    points = [
        (
            side * (0.5 + 0.0185 * 16 * math.sin(t) ** 3),
            side
            * (
                0.485
                - 0.0185
                * (13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t))
            ),
        )
        for t in turns
    ]
    draw.polygon(points, fill=FULL)


def _cup(draw: Draw, side: float) -> None:
    """Draw a cup with a handle and two wisps of steam."""
    body = (side * 0.27, side * 0.43, side * 0.63, side * 0.73)
    draw.rounded_rectangle(body, radius=side * 0.13, fill=FULL, corners=(False, False, True, True))
    line = round(side * 0.055)
    handle = (side * 0.55, side * 0.45, side * 0.76, side * 0.63)
    draw.arc(handle, start=-135, end=135, fill=FULL, width=line)
    for x in (0.38, 0.52):
        for step in range(49):
            sway = x + 0.024 * math.sin(math.tau * step / 48)
            _dot(draw, side * sway, side * (0.235 + 0.125 * step / 48), side * 0.024)


def _dot(draw: Draw, x: float, y: float, radius: float) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=FULL)


MARKS: Mapping[Mark, Callable[[Draw, float], None]] = {
    Mark.CHECK: _check,
    Mark.CUP: _cup,
    Mark.HEART: _heart,
    Mark.STAR: _star,
}
