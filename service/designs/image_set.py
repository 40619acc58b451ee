"""Makes of a designer's images all the files that wallets ask for: every slot at every scale."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple, cast

from PIL import Image

from service.designs import images
from service.designs.names import IMAGE
from service.domain.design_rules import LANGUAGE, Code, Fault, refusal
from service.domain.errors import DesignRefused
from service.domain.image_slots import APPLE, SLOTS, Slot, file_name

GOOGLE_FOLDER = "google"
TOLERANCE = 0.02  # of a shape: what is beyond the slot is cut off
Size = tuple[int, int]
Pictures = Mapping[int, tuple[str, Size]]


class _Place(NamedTuple):
    """Where images belong: the folder under which they are kept, and the name of the slot."""

    folder: str
    slot: str


class _Plan(NamedTuple):
    """How the files of a slot come about: `own` files (by scale) are taken as they are.

    The other scales are made of `source`, which at the largest of them has `size`.
    """

    own: Mapping[int, str]
    source: str
    size: Size


class Sketch(NamedTuple):
    """What will be made of a designer's images, and what is wrong with them by name and header.

    Nothing has been decoded yet, so a sketch costs next to nothing.
    """

    plans: dict[_Place, _Plan]
    faults: list[Fault]

    @property
    def names(self) -> list[str]:
        """Return under which names a design will keep the files."""
        return [
            _kept_as(place, scale) for place in self.plans for scale in SLOTS[place.slot].scales
        ]


def sketched(files: Mapping[str, bytes]) -> Sketch:
    """Return what will be made of the images among a design's files."""
    sketch = Sketch({}, [])
    given: dict[_Place, dict[int, str]] = {}
    for name in sorted(files):
        if found := IMAGE.fullmatch(name):
            folder, slot, scale = found.groups()
            if fault := _fault_of(folder, slot, scale):
                sketch.faults.append(Fault(name, "unknown_image", fault))
            else:
                given.setdefault(_place(folder, slot), {})[int(scale or 1)] = name
    total = 0
    for place, names in given.items():
        try:
            pictures = {
                scale: (name, images.measured(name, files[name])) for scale, name in names.items()
            }
            total += sum(width * height for _, (width, height) in pictures.values())
            sketch.plans[place] = _planned(SLOTS[place.slot], pictures)
        except DesignRefused as refused:
            sketch.faults.extend(_faults(refused))
    if total > images.MOST_PIXELS:
        text = f"have more than {images.MOST_PIXELS // 1_000_000} megapixels in all"
        sketch.faults.append(Fault("images", "too_many_pixels", text))
    return sketch


def drawn(sketch: Sketch, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the images of a design by the names under which it keeps them.

    Raises:
        DesignRefused: pictures are damaged or have a bad color profile; tells all of them.
    """
    made: dict[str, bytes] = {}
    found: list[Fault] = []
    for place, plan in sketch.plans.items():
        try:
            made.update(_drawn(place, plan, files))
        except DesignRefused as refused:
            found.extend(_faults(refused))
    if found:
        raise refusal(found)
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


def _faults(refused: DesignRefused) -> Iterator[Fault]:
    for place, told in refused.faults:
        code, _, text = told.partition(": ")
        yield Fault(place, cast(Code, code), text)


def _kept_as(place: _Place, scale: int) -> str:
    return f"{place.folder}{file_name(place.slot, scale)}"


def _drawn(place: _Place, plan: _Plan, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of one slot: the designer's own where they are given, else scaled ones."""
    scales = SLOTS[place.slot].scales
    needed = {*plan.own.values(), *([plan.source] if len(plan.own) < len(scales) else [])}
    pictures = {name: images.opened(name, files[name]) for name in sorted(needed)}
    made = {}
    for scale in scales:
        if scale in plan.own:
            picture = pictures[plan.own[scale]]
        else:
            share = scale / max(scales)
            size = round(plan.size[0] * share), round(plan.size[1] * share)
            picture = _scaled(pictures[plan.source], size)
        made[_kept_as(place, scale)] = images.encoded(picture)
    return made


def _planned(slot: Slot, pictures: Pictures) -> _Plan:
    own = _own(slot, pictures)
    names = {scale: name for scale, (name, _) in own.items()}
    if all(scale in own for scale in slot.scales):
        return _Plan(names, *own[max(slot.scales)])
    return _Plan(names, *_source(slot, pictures, own))


def _own(slot: Slot, pictures: Pictures) -> Pictures:
    """Return the pictures that are meant for just their scale.

    One without a scale in its name is, if it is as small as that; else the others are made of it.
    """
    own = {}
    for scale, (name, size) in pictures.items():
        if _fits(slot, size, scale):
            own[scale] = (name, size)
        elif scale > 1:
            width, height = slot.size(scale, size)
            text = f"has {_size(size)} pixels, but takes {width} x {height}"
            raise refusal([Fault(name, "wrong_size", text)])
    return own


def _fits(slot: Slot, size: Size, scale: int) -> bool:
    width, height = slot.size(scale, size)
    return size == (width, height) if slot.is_filled else size[0] <= width and size[1] <= height


def _source(slot: Slot, pictures: Pictures, own: Pictures) -> tuple[str, Size]:
    """Return the picture to make missing scales of, and its size at the largest of them."""
    largest = max(slot.scales)
    if largest in own:
        return own[largest]
    name, given = pictures[1 if 1 in pictures and 1 not in own else max(pictures)]
    width, height = slot.size(largest, given)
    if given[0] < width or given[1] < height:
        text = f"has {_size(given)} pixels, but at least {width} x {height} are needed"
        raise refusal([Fault(name, "image_too_small", text)])
    if abs(given[0] * height / (given[1] * width) - 1) > TOLERANCE:
        text = f"has {_size(given)} pixels, but the shape of {width} x {height} is needed"
        raise refusal([Fault(name, "wrong_shape", text)])
    return name, (width, height)


def _size(size: Size) -> str:
    return f"{size[0]} x {size[1]}"


def _scaled(source: Image.Image, size: Size) -> Image.Image:
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
