"""Draws the strips of a card with stamps: one for every count, at every scale."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from service.designs import images, marks
from service.designs.names import LARGEST_SUM
from service.domain.design_rules import SHEET, Fault, refusal, strings_file
from service.domain.designs import COLOR, STAMPS, Design, Stamps
from service.domain.image_slots import APPLE, file_name

STRIP = APPLE["strip"]
MOST_STRIPS = 66  # counts times languages: bounds the work of one upload
MARGIN = 12  # points, on every side
TEXT_SIZE, TEXT_ROOM = 14, 22  # points; a line that is too long is written smaller
SMALLEST_TEXT = 8
LONGEST_TEXT = 100  # characters; each of the strips measures it many times
LARGEST, SHARE = 64, 0.86  # a stamp's diameter in points, and as a part of its cell
MOST_IN_ONE_ROW, MOST_IN_TWO = 6, 14
RING = 1.5  # points
FAINT, STRONG = 0.45, 0.95  # how a free place is drawn; the last is the reward
CALMER = "the strips drawn upon it have more than 20 MB in all: take a calmer picture"
NO_SIGN = "\uffff"
Color = tuple[int, ...]


def check(design: Design, stamps: Stamps, font: Path) -> None:
    """Check what takes long to be drawn, or cannot be.

    Raises:
        DesignRefused: the font lacks a sign of the text, or the text is too long for a line, or the
            strips would be too many.
    """
    texts = _texts(design, stamps)
    if (stamps.of + 1) * len(texts) > MOST_STRIPS:
        text = f"{stamps.of} stamps in {len(texts)} wordings are too many: at most {MOST_STRIPS}"
        raise refusal([Fault(f"{SHEET}: stamps", "bad_stamps", f"{text} strips are drawn")])
    places = {_strings_file(design, folder): text for folder, text in texts.items()}
    for place, text in places.items():
        if len(text) > LONGEST_TEXT:
            long = f"{stamps.text} has more than {LONGEST_TEXT} characters, but stands on one line"
            raise refusal([Fault(place, "bad_stamps", long)])
    _check_letters(stamps, places, font.read_bytes())


def drawn(design: Design, stamps: Stamps, font: Path) -> dict[str, bytes]:
    """Return the strips of a design that `check` has passed: `stamps/7/strip@2x.png`.

    They are drawn upon the design's own strip, else upon its background color. A language that
    says it in other words than the default one has strips of its own: `stamps/7/ru.lproj/...`.

    Raises:
        DesignRefused: the strips are too large.
    """
    texts = _texts(design, stamps)
    letters = font.read_bytes()
    found, total = {}, 0
    # The largest first: they tell soonest whether there is too much.
    for scale in reversed(STRIP.scales):
        painter = Painter(design, stamps, letters, scale)
        for filled, (folder, text) in product(range(stamps.of + 1), texts.items()):
            name = f"{STAMPS}{filled}/{folder}{file_name('strip', scale)}"
            found[name] = images.encoded(painter.with_text(painter.strip(filled), text, filled))
            total += len(found[name])
            if total > LARGEST_SUM:
                raise refusal([Fault("images/strip.png", "too_large", CALMER)])
    return found


def _texts(design: Design, stamps: Stamps) -> dict[str, str]:
    """Return what is written on the strips, by folder; languages that say the same share theirs."""
    if stamps.text is None:
        return {"": ""}
    said = {language: texts.get(stamps.text, "") for language, texts in design.strings.items()}
    shared = said[design.default_language]
    others = {f"{name}.lproj/": text for name, text in said.items() if text != shared}
    return {"": shared, **others}


def _strings_file(design: Design, folder: str) -> str:
    return strings_file(folder.removesuffix(".lproj/") or design.default_language)


def _check_letters(stamps: Stamps, texts: dict[str, str], letters: bytes) -> None:
    font = ImageFont.truetype(BytesIO(letters), 20, layout_engine=ImageFont.Layout.BASIC)
    unknown = bytes(font.getmask(NO_SIGN))
    for place, text in texts.items():
        lacking = {each for each in text if each != NO_SIGN and _is(font, each, unknown)}
        if lacking:
            signs = "".join(sorted(lacking))
            raise refusal([Fault(place, "no_letter", f"{stamps.text}: the font has no {signs}")])


def _is(font: ImageFont.FreeTypeFont, letter: str, mask: bytes) -> bool:
    return bytes(font.getmask(letter)) == mask


@dataclass(frozen=True)
class Painter:
    """Draws the strips of one scale; what all of them share is drawn once."""

    design: Design
    stamps: Stamps
    letters: bytes
    scale: int

    def strip(self, filled: int) -> Image.Image:
        """Return the strip with that many places filled."""
        strip = self._ground.copy()
        for number, corner in enumerate(self._corners):
            is_reward = number == self.stamps.of - 1
            sprite = self._reward if is_reward else self._free
            if number < filled:
                sprite = self._filled
            strip.paste(sprite, corner, sprite)
        return strip

    def with_text(self, strip: Image.Image, text: str, filled: int) -> Image.Image:
        """Return the strip with a line below the places."""
        line = text.replace("{n}", str(filled)).replace("{of}", str(self.stamps.of))
        if not line:
            return strip
        written, width = strip.copy(), strip.width - 2 * MARGIN * self.scale
        sizes = range(TEXT_SIZE * self.scale, SMALLEST_TEXT * self.scale, -1)
        fonts = (self._font(size) for size in sizes)
        smallest = self._font(SMALLEST_TEXT * self.scale)
        font = next((each for each in fonts if each.getlength(line) <= width), smallest)
        middle = (strip.width / 2, strip.height - (MARGIN + TEXT_SIZE / 2 - 2) * self.scale)
        color = _color(self.design.foreground)
        ImageDraw.Draw(written).text(middle, line, fill=color, font=font, anchor="mm")
        return written

    def _font(self, size: int) -> ImageFont.FreeTypeFont:
        layout = ImageFont.Layout.BASIC  # the same everywhere, whatever else is installed
        return ImageFont.truetype(BytesIO(self.letters), size, layout_engine=layout)

    @cached_property
    def _ground(self) -> Image.Image:
        own = self.design.images.get(file_name("strip", self.scale))
        color = _color(self.design.background)
        size = STRIP.width * self.scale, STRIP.height * self.scale
        ground = Image.new("RGB", size, color)
        if own is not None:
            picture = images.opened("images/strip.png", own).convert("RGBA")
            ground.paste(picture, (0, 0), picture)
        return ground

    @cached_property
    def _rows(self) -> int:
        of = self.stamps.of
        return 1 if of <= MOST_IN_ONE_ROW else 2 if of <= MOST_IN_TWO else 3

    @cached_property
    def _columns(self) -> int:
        return math.ceil(self.stamps.of / self._rows)

    @property
    def _text_room(self) -> int:
        return TEXT_ROOM if self.stamps.text else 0

    @cached_property
    def _cell(self) -> float:
        """Return the side of a place with the room around it, in points."""
        height = STRIP.height - 2 * MARGIN - self._text_room
        side = min((STRIP.width - 2 * MARGIN) / self._columns, height / self._rows)
        return min(side, LARGEST / SHARE)

    @cached_property
    def _diameter(self) -> int:
        return round(self._cell * SHARE * self.scale)

    @property
    def _corners(self) -> Iterator[tuple[int, int]]:
        """Yield where each place begins, row by row; the last row may be shorter."""
        cell = self._cell * self.scale
        top = ((STRIP.height - self._text_room) * self.scale - cell * self._rows) / 2
        left = STRIP.width * self.scale - cell * self._columns
        inset = (cell - self._diameter) / 2
        for number in range(self.stamps.of):
            row, column = divmod(number, self._columns)
            yield round(left / 2 + column * cell + inset), round(top + row * cell + inset)

    @cached_property
    def _filled(self) -> Image.Image:
        """Return a stamp: a disc with the sign cut out in the card's background."""
        sign = _tinted(self._sign, _color(self.design.background), 1)
        stamp = _tinted(marks.disc(self._diameter), _color(self.stamps.filled), 1)
        return Image.alpha_composite(stamp, sign)

    @cached_property
    def _free(self) -> Image.Image:
        return self._outlined(_color(self.stamps.empty), FAINT)

    @cached_property
    def _reward(self) -> Image.Image:
        return self._outlined(_color(self.stamps.filled), STRONG)

    def _outlined(self, color: Color, strength: float) -> Image.Image:
        ring = marks.ring(self._diameter, RING * self.scale)
        return Image.alpha_composite(
            _tinted(ring, color, min(1, strength + 0.25)), _tinted(self._sign, color, strength)
        )

    @cached_property
    def _sign(self) -> Image.Image:
        return marks.mark(self.stamps.mark, self._diameter)


def _tinted(mask: Image.Image, color: Color, strength: float) -> Image.Image:
    """Return a mask as a picture of one color."""
    picture = Image.new("RGBA", mask.size, (*color, 0))
    picture.putalpha(mask.point(lambda value: round(value * strength)))
    return picture


def _color(text: str) -> Color:
    found = COLOR.fullmatch(text)
    assert found is not None, "the rules of designs are checked before anything is drawn"
    return tuple(int(part) for part in found.groups())
