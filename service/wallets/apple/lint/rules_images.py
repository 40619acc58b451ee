"""Rules of the images: which there must be, how they are called, and which are drawn."""

import re
from collections.abc import Iterator, Mapping

from service.wallets.apple.lint.finding import Hit
from service.wallets.apple.lint.image_file import BASES, NAME, Image
from service.wallets.apple.lint.json_file import list_of
from service.wallets.apple.lint.registry import RuleSet, Stage
from service.wallets.apple.lint.subject import POSTER, Subject

SET = RuleSet(Stage.FILES)
# The largest size in points that Apple names for any style.
LARGEST: Mapping[str, tuple[int, int]] = {
    "icon": (38, 38),
    "logo": (160, 50),
    "strip": (375, 144),
    "thumbnail": (90, 90),
    "background": (345, 505),
    "primaryLogo": (126, 30),
    "secondaryLogo": (135, 12),
    "artwork": (358, 448),
    "footer": (286, 15),
    "personalizationLogo": (150, 40),
}
EVERY_STYLE = {"icon", "logo", "personalizationLogo"}
DRAWN: Mapping[str, set[str]] = {
    "storeCard": {"strip"},
    "coupon": {"strip"},
    "generic": {"thumbnail"},
    "eventTicket": {
        *("strip", "thumbnail", "background"),
        *("primaryLogo", "secondaryLogo", "artwork"),
    },
    "boardingPass": {"footer", "primaryLogo"},
    POSTER: {"background", "primaryLogo"},
}
ALMOST = re.compile(
    rf"((?:[^/]+\.lproj/)?)({'|'.join(BASES)})(?:[@_-]?([123])x)?\.(?:png|jpe?g|gif|webp)",
    re.IGNORECASE,
)
ASPECT_TOLERANCE = 0.05


@SET.rule
def icon_missing(subject: Subject) -> Iterator[Hit]:
    if not any(image.base == "icon" and not image.language for image in subject.images):
        yield Hit("icon.png")


@SET.rule
def icon_sharp(subject: Subject) -> Iterator[Hit]:
    scales = {each.scale for each in subject.images if each.base == "icon" and not each.language}
    for scale, pixels in ((2, 76), (3, 114)):
        if scales and scale not in scales:
            yield Hit(f"icon@{scale}x.png", pixels)


@SET.rule
def image_unreadable(subject: Subject) -> Iterator[Hit]:
    yield from (Hit(image.name) for image in subject.images if not image.format)


@SET.rule
def image_format(subject: Subject) -> Iterator[Hit]:
    for image in subject.images:
        if image.format and image.format != "PNG":
            yield Hit(image.name, image.format)


@SET.rule
def image_name(subject: Subject) -> Iterator[Hit]:
    names = {base.lower(): base for base in BASES}
    for name in subject.files:
        almost = ALMOST.fullmatch(name)
        if almost is not None and not NAME.fullmatch(name):
            folder, base, scale = almost[1], names[almost[2].lower()], almost[3] or "1"
            yield Hit(name, "", f"{folder}{base}{'' if scale == '1' else f'@{scale}x'}.png")


@SET.rule
def image_size(subject: Subject) -> Iterator[Hit]:
    for image in subject.images:
        width, height = (points * image.scale for points in LARGEST[image.base])
        if image.width > width or image.height > height:
            yield Hit(image.name, f"{image.width} x {image.height}", f"{width} x {height}")


@SET.rule
def image_aspect(subject: Subject) -> Iterator[Hit]:
    first: dict[tuple[str, str], Image] = {}
    for image in sorted(subject.images, key=lambda each: each.scale):
        if image.width and image.height:
            other = first.setdefault((image.language, image.base), image)
            if abs(_shape(image) / _shape(other) - 1) > ASPECT_TOLERANCE:
                yield Hit(image.name, _pixels(image), f"{other.name} ({_pixels(other)})")


def _shape(image: Image) -> float:
    return image.width / image.height


def _pixels(image: Image) -> str:
    return f"{image.width} x {image.height}"


@SET.rule
def image_elsewhere(subject: Subject) -> Iterator[Hit]:
    styles = [style for style in DRAWN if style in subject.content]
    drawn = EVERY_STYLE.union(*(_drawn(subject, style) for style in styles))
    for image in subject.images:
        if styles and image.base not in drawn:
            yield Hit(image.name, " with ".join(styles))


def _drawn(subject: Subject, style: str) -> set[str]:
    """Return what a style draws: a strip leaves a classic event ticket no other large image."""
    is_classic = not list_of(subject.content, "preferredStyleSchemes")
    has_strip = any(image.base == "strip" for image in subject.images)
    if style == "eventTicket" and is_classic and has_strip:
        return {"strip"}
    return DRAWN[style]


@SET.rule
def image_one_language(subject: Subject) -> Iterator[Hit]:
    at_root = {image.base for image in subject.images if not image.language}
    for image in subject.images:
        if image.language and image.base not in at_root:
            yield Hit(image.name, "", image.name.partition("/")[2])
