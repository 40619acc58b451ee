"""The places that images have on a pass: their names and sizes.

Source: docs/sources.md, a-9 (Apple, in points) and g-4 (Google, in pixels).
"""

from collections.abc import Mapping
from dataclasses import dataclass

SCALES = (1, 2, 3)


@dataclass(frozen=True)
class Slot:
    """An image's place: `width` and `height` in points, drawn at each of `scales`.

    `is_filled`: the image has just this size. Else it keeps its shape, and at each scale one of its
    sides is as long as it may be.
    """

    width: int
    height: int
    is_filled: bool = True
    scales: tuple[int, ...] = SCALES

    def size(self, scale: int, shape: tuple[int, int]) -> tuple[int, int]:
        """Return the size in pixels that an image of this shape has at a scale."""
        box = self.width * scale, self.height * scale
        if self.is_filled:
            return box
        width, height = shape
        if width * box[1] >= height * box[0]:
            return box[0], max(1, round(box[0] * height / width))
        return max(1, round(box[1] * width / height)), box[1]


# Apple's icon is required; of the others each style of pass draws some. The logo beside the text
# is not drawn on a poster, which has its own.
APPLE: Mapping[str, Slot] = {
    "icon": Slot(38, 38),
    "logo": Slot(160, 50, is_filled=False),
    "strip": Slot(375, 144),
    "thumbnail": Slot(90, 90, is_filled=False),
    "background": Slot(345, 505),
    "primaryLogo": Slot(126, 30, is_filled=False),
    "personalizationLogo": Slot(150, 40, is_filled=False),
}
# Google fetches one file of each and scales it itself.
GOOGLE: Mapping[str, Slot] = {
    "google/logo": Slot(660, 660, scales=(1,)),
    "google/hero": Slot(1032, 336, scales=(1,)),
}
SLOTS: Mapping[str, Slot] = {**APPLE, **GOOGLE}


def file_name(slot: str, scale: int) -> str:
    """Return the name of a slot's file at a scale: `strip.png`, `strip@2x.png`."""
    return f"{slot}.png" if scale == 1 else f"{slot}@{scale}x.png"
