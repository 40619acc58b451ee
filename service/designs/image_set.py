"""Makes of a designer's images all the files that wallets ask for: every slot at every scale."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import NamedTuple, cast

from PIL import Image

from service.designs import images
from service.designs.names import IMAGE
from service.domain.design_rules import LANGUAGE, Code, Fault, refusal
from service.domain.errors import DesignRefused
from service.domain.image_slots import APPLE, SLOTS, Slot, file_name

GOOGLE_FOLDER = "google"
MOST_PIXELS = 32_000_000  # of all images together: bounds the work of one upload
TOLERANCE = 0.02  # of a shape: what is beyond the slot is cut off
Pictures = Mapping[int, tuple[str, Image.Image]]


class ImageSet(NamedTuple):
    """The files by the names under which a design keeps them, and what was wrong with others."""

    files: dict[str, bytes]
    faults: list[Fault]


class _Place(NamedTuple):
    """Where images belong: the folder under which they are kept, and the name of the slot."""

    folder: str
    slot: str


def read(files: Mapping[str, bytes]) -> ImageSet:
    """Return the images of a design, scaled from what the designer gave."""
    made = ImageSet({}, [])
    given: dict[_Place, dict[int, str]] = {}
    for name in sorted(files):
        if found := IMAGE.fullmatch(name):
            folder, slot, scale = found.groups()
            place = _place(folder, slot)
            if fault := _fault_of(folder, slot, scale):
                made.faults.append(Fault(name, "unknown_image", fault))
            else:
                given.setdefault(place, {})[int(scale or 1)] = name
    _check_pixels({name: files[name] for names in given.values() for name in names.values()})
    for place, names in given.items():
        try:
            made.files.update(_drawn(place, names, files))
        except DesignRefused as refused:
            made.faults.extend(_faults(refused))
    return made


def _place(folder: str | None, slot: str) -> _Place:
    if folder is None:
        return _Place("", slot)
    if folder == GOOGLE_FOLDER:
        return _Place("", f"{folder}/{slot}")
    return _Place(f"{folder}.lproj/", slot)


def _fault_of(folder: str | None, slot: str, scale: str | None) -> str | None:
    """Return why no image is called so, or None."""
    if folder == GOOGLE_FOLDER:
        if f"{folder}/{slot}" not in SLOTS or scale is not None:
            return "Google takes images/google/logo.png and images/google/hero.png"
        return None
    if folder is not None and not LANGUAGE.fullmatch(folder):
        return f"{folder} is neither a language nor {GOOGLE_FOLDER}"
    if slot in APPLE:
        return None
    near = get_close_matches(slot, APPLE, n=1)
    return f"did you mean {near[0]}?" if near else f"images are called {', '.join(APPLE)}"


def _check_pixels(files: Mapping[str, bytes]) -> None:
    total = 0
    for name, content in files.items():
        with suppress(DesignRefused):  # what is no picture is told when it is to be opened
            width, height = images.size_of(name, content)
            total += width * height
    if total > MOST_PIXELS:
        text = f"have more than {MOST_PIXELS // 1_000_000} megapixels in all"
        raise refusal([Fault("images", "too_many_pixels", text)])


def _faults(refused: DesignRefused) -> Iterator[Fault]:
    for place, told in refused.faults:
        code, _, text = told.partition(": ")
        yield Fault(place, cast(Code, code), text)


def _drawn(place: _Place, names: Mapping[int, str], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of one slot: the designer's own where they are given, else scaled ones."""
    slot = SLOTS[place.slot]
    pictures = {scale: (name, images.opened(name, files[name])) for scale, name in names.items()}
    own = _own(slot, pictures)
    made = {scale: picture for scale, (_, picture) in own.items()}
    if missing := [scale for scale in slot.scales if scale not in own]:
        source, size = _source(slot, pictures, own)
        for scale in missing:
            share = scale / max(slot.scales)
            made[scale] = _scaled(source, (round(size[0] * share), round(size[1] * share)))
    return {
        f"{place.folder}{file_name(place.slot, scale)}": images.encoded(made[scale])
        for scale in slot.scales
    }


def _own(slot: Slot, pictures: Pictures) -> dict[int, tuple[str, Image.Image]]:
    """Return the pictures that are meant for just their scale.

    One without a scale in its name is, if it is as small as that; else the others are made of it.
    """
    own = {}
    for scale, (name, picture) in pictures.items():
        if _fits(slot, picture, scale):
            own[scale] = (name, picture)
        elif scale > 1:
            width, height = slot.size(scale, picture.size)
            text = f"has {_size(picture.size)} pixels, but takes {width} x {height}"
            raise refusal([Fault(name, "wrong_size", text)])
    return own


def _fits(slot: Slot, picture: Image.Image, scale: int) -> bool:
    width, height = slot.size(scale, picture.size)
    if slot.is_filled:
        return picture.size == (width, height)
    return picture.width <= width and picture.height <= height


def _source(slot: Slot, pictures: Pictures, own: Pictures) -> tuple[Image.Image, tuple[int, int]]:
    """Return the picture to make missing scales of, and its size at the largest of them."""
    largest = max(slot.scales)
    if largest in own:
        return own[largest][1], own[largest][1].size
    name, picture = pictures[1 if 1 in pictures and 1 not in own else max(pictures)]
    width, height = slot.size(largest, picture.size)
    if picture.width < width or picture.height < height:
        text = f"has {_size(picture.size)} pixels, but at least {width} x {height} are needed"
        raise refusal([Fault(name, "image_too_small", text)])
    if abs(picture.width * height / (picture.height * width) - 1) > TOLERANCE:
        text = f"has {_size(picture.size)} pixels, but the shape of {width} x {height} is needed"
        raise refusal([Fault(name, "wrong_shape", text)])
    return picture, (width, height)


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _scaled(source: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the picture in this size; of one of a slightly other shape the middle is shown."""
    width, height = max(size[0], 1), max(size[1], 1)
    shown_width = min(source.width, source.height * width / height)
    shown_height = min(source.height, source.width * height / width)
    left, top = (source.width - shown_width) / 2, (source.height - shown_height) / 2
    return source.resize(
        (width, height),
        Image.Resampling.LANCZOS,
        box=(left, top, left + shown_width, top + shown_height),
        reducing_gap=3.0,
    )
